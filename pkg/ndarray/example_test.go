package ndarray_test

import (
	"fmt"
	"os"
	"path/filepath"

	"sicgrid/pkg/ndarray"
)

// Two ratemaps of one row of three bins go to NumPy and come back.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "maps.npy")
	maps := ndarray.Npy([]int{2, 1, 3}, []float32{0, 1, 0, 2, 0.5, 2})
	if err := os.WriteFile(path, maps, 0o600); err != nil {
		fmt.Println(err)
		return
	}
	a, err := ndarray.ReadNpy(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.ShapeText(), a.Values)
	// Output: [2, 1, 3] [0 1 0 2 0.5 2]
}
