package params_test

import (
	"cmp"
	"fmt"
	"os"

	"sicgrid/pkg/params"
)

// Loss declares its parameters beside its fields.
type Loss struct {
	SigmaX    float64 `json:"sigma_x" unit:"m" range:"> 0" default:"0.05" doc:"spatial length scale (Table 1)"`
	Reduction string  `json:"reduction" range:"mean|sum" default:"mean" doc:"of a sum over pairs"`
}

type Profile struct {
	Seed uint64 `json:"seed" default:"1" doc:"of all random numbers"`
	Loss Loss   `json:"loss" doc:"its terms and their scales"`
}

// The tags give the annotated file of all parameters, the table of what they mean, and the fault of
// a value.
func Example() {
	defaults, err := params.Defaults(Profile{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := defaults.WriteYAML(os.Stdout, Profile{}); err != nil {
		fmt.Println(err)
	}
	for _, p := range params.List(Profile{}) {
		fmt.Printf("%s (%s) %s\n", p.Key, p.Type, cmp.Or(p.Range, "-"))
	}

	small, err := params.Parse("small.yaml", []byte("loss: {sigma_x: -0.4}"))
	if err != nil {
		fmt.Println(err)
		return
	}
	var p Profile
	fmt.Println(defaults.Merge(small).Decode(&p))
	// Output:
	// seed: 1                      # of all random numbers
	//
	// loss:                        # its terms and their scales
	//   sigma_x: 0.05              # m, spatial length scale (Table 1); greater than 0
	//   reduction: mean            # of a sum over pairs; one of mean, sum
	// seed (whole number) -
	// loss (mapping) -
	// loss.sigma_x (number) greater than 0
	// loss.reduction (word) one of mean, sum
	// small.yaml:1: loss.sigma_x: found -0.4, must be greater than 0
}
