package walk_test

import (
	"fmt"

	"sicgrid/pkg/walk"
)

// A walk of a minute at ten steps a second in a box of 2 m never leaves it.
func ExampleMotion_Draw() {
	w, err := walk.DefaultMotion().Draw(1, 2, 0, 600)
	if err != nil {
		fmt.Println(err)
		return
	}
	farthest := float32(0)
	for _, coordinate := range w.Position {
		farthest = max(farthest, coordinate, -coordinate)
	}
	fmt.Println(len(w.Position)/2, "positions, all inside:", farthest < 1)
	// Output: 600 positions, all inside: true
}
