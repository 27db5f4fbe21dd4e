package safetensors_test

import (
	"fmt"
	"os"
	"path/filepath"

	"sicgrid/pkg/safetensors"
)

func Example() {
	data, err := safetensors.Encode([]safetensors.Values{{Name: "g0", Shape: []int{3}, Values: []float32{0.5, 1, 2}}}, map[string]string{"units": "3"})
	if err != nil {
		panic(err)
	}
	path := filepath.Join(os.TempDir(), "example.safetensors")
	defer os.Remove(path)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		panic(err)
	}
	f, err := safetensors.Open(path)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	values, err := f.Float32(f.Tensors[0])
	fmt.Println(f.Tensors[0].Name, f.Tensors[0].Shape, values, f.Metadata["units"], err)
	// Output: g0 [3] [0.5 1 2] 3 <nil>
}
