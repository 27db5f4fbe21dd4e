package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"sicgrid/pkg/store"
)

// A result is published object first, its record last; whoever computes the same key finds it.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	object, size, err := s.Put(func(w io.Writer) error {
		_, err := io.WriteString(w, "41.5")
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	sum := sha256.Sum256([]byte("the recipe of the result"))
	key := hex.EncodeToString(sum[:])
	err = s.PutAction(&store.Action{Format: 1, Key: key, Numerics: "amd64-avx2", Outputs: []store.Output{{Name: "score", Object: object, Bytes: size}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := s.Lookup(key, "amd64-avx2", true)
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := s.Get(found.Outputs[0].Object)
	fmt.Println(found.Outputs[0].Name, string(data), err)
	// Output: score 41.5 <nil>
}
