package jsontext_test

import (
	"fmt"
	"os"

	"sicgrid/pkg/jsontext"
)

func Example() {
	err := jsontext.Write(os.Stdout, map[string]any{"range": "> 0 & < 1", "sets": []string{"seed=2"}})
	fmt.Println(err)
	// Output:
	// {
	//   "range": "> 0 & < 1",
	//   "sets": [
	//     "seed=2"
	//   ]
	// }
	// <nil>
}
