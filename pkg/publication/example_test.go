package publication_test

import (
	"fmt"
	"strings"

	"sicgrid/pkg/publication"
	"sicgrid/pkg/store"
)

// The files of a publication of one result say nothing of when it was made.
func Example() {
	a := &store.Action{
		Format: 1, Key: strings.Repeat("ab", 32), Numerics: "integers",
		Provenance: []byte(`{"commit":"c0ffee","started":"2026-01-01T00:00:00Z","wall_seconds":3}`),
		Outputs:    []store.Output{{Name: "sum", Object: store.Digest(strings.Repeat("cd", 32)), Logical: strings.Repeat("ef", 32), Bytes: 7, Rows: 1}},
	}
	p := &publication.Publication{Title: "A sum", Results: []publication.Result{{Name: "add", Action: a}}, Licence: []byte("MIT\n"), Citation: []byte("cff-version: 1.2.0\n")}
	files, err := p.Files()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range files {
		fmt.Println(strings.NewReplacer(a.Key, "KEY", string(a.Outputs[0].Object), "OBJECT").Replace(f.Name), strings.Contains(string(f.Data), "2026"))
	}
	// Output:
	// CITATION.cff false
	// LICENSE false
	// README.md false
	// SHA256SUMS false
	// results/actions/KEY.f1dd6683235e1aa7.json false
	// results/format false
	// results/objects/OBJECT false
}
