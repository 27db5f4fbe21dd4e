package codedigest_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"sicgrid/pkg/pipeline/codedigest"
)

// A comment leaves the digest of a stage's code as it is; a constant does not.
func Example() {
	root, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	digest := func(source string) string {
		for name, text := range map[string]string{"go.mod": "module sample\n\ngo 1.26\n", "train/train.go": source} {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				log.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				log.Fatal(err)
			}
		}
		digests, err := codedigest.Compute(root, map[string]string{"train": "train"}, nil)
		if err != nil {
			log.Fatal(err)
		}
		return digests.Stages["train"].Digest
	}
	before := digest("package train\n\nconst Steps = 10\n")
	fmt.Println(before == digest("package train\n\n// Steps of a training.\nconst Steps = 10\n"))
	fmt.Println(before == digest("package train\n\nconst Steps = 20\n"))
	// Output:
	// true
	// false
}
