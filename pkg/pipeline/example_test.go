package pipeline_test

import (
	"context"
	"fmt"
	"os"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
)

type number struct {
	Value int64 `col:"value"`
}

type addition struct {
	Add int64 `json:"add"`
}

// run is a stage: it emits the sum of a parameter and, if it has one, of its input.
func run(_ context.Context, p addition, t *pipeline.Task) error {
	sum := p.Add
	if t.Record("in") != nil {
		rows, _, err := pipeline.Read[number](t, "in")
		if err != nil {
			return err
		}
		sum += rows[0].Value
	}
	return pipeline.Emit(t, "number", []number{{sum}}, nil)
}

func add(name string, p addition, inputs map[string]pipeline.Ref) *pipeline.Node {
	return &pipeline.Node{Name: name, Stage: "add", Params: p, Inputs: inputs, Outputs: []string{"number"}, Run: pipeline.Bind(p, run)}
}

// Two nodes are run, and are cached the second time. Of a changed parameter only what depends on it
// is run again.
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
	opt := pipeline.Options{Store: s, DAG: "example", Numerics: "integers", Code: map[string]codedigest.Stage{"add": {Digest: "1"}}}
	for _, last := range []int64{2, 2, 3} {
		first := add("first", addition{40}, nil)
		graph, err := pipeline.NewGraph(add("second", addition{last}, map[string]pipeline.Ref{"in": first.Ref("number")}))
		if err != nil {
			fmt.Println(err)
			return
		}
		report, err := pipeline.Run(context.Background(), graph, opt)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, n := range report.Nodes {
			fmt.Printf("%s: %s, %s\n", n.Node.Name, n.State, n.Reason)
		}
	}
	// Output:
	// first: ran, first time
	// second: ran, first time
	// first: cached, unchanged
	// second: cached, unchanged
	// first: cached, unchanged
	// second: ran, params changed: add 2 -> 3
}
