package recording_test

import (
	"fmt"

	"sicgrid/pkg/recording"
)

// An animal runs from the left half of a box to the right one in four seconds; one frame is lost. A
// cell fires three times on the left.
func Example() {
	track := recording.Track{
		Times: []float64{0, 1, 2, 4},
		X:     []float64{-0.4, -0.2, 0.2, 0.4},
		Y:     []float64{0, 0, 0, 0},
	}
	samples, err := recording.NewSamples(track, recording.Arena{Width: 1, Height: 1, NX: 2, NY: 1}, recording.Rules{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := recording.NewSession(samples)
	left := s.AddSpikes([]float64{0.2, 0.3, 1.1, 3.1}, 0)
	fmt.Printf("%g s, %d spike left out, rates %v\n", samples.Duration(), left, s.Trains[0].Map().Values)
	// Output: 4 s, 1 spike left out, rates [1.5 0]
}
