package remote_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"sicgrid/pkg/store"
	"sicgrid/pkg/store/remote"
)

// A folder takes what a store has and gives it to another; here there is nothing yet.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	r, err := remote.Make(ctx, "file://"+filepath.ToSlash(filepath.Join(dir, "shared")))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	t, err := r.Pull(ctx, s, nil, nil)
	fmt.Printf("%d results, %d problems, %v\n", t.Records, len(t.Problems), err)
	// Output: 0 results, 0 problems, <nil>
}
