package pipeline

import "context"

// FormatVersion enters every key. It is raised when the meaning of stored artifacts changes
// although no stage's code digest does: the encoding, the logical digest or the recipe itself.
const FormatVersion = 2

// Node is one computation of a graph. Nodes are made by hand, linked by Inputs, and must not be
// changed once a graph holds them.
type Node struct {
	Name    string         // unique in the graph and shown to people: "train/full"
	Stage   string         // names the code digest: "train"
	Params  any            // exactly what Run is handed; its canonical JSON enters the key
	Seed    uint64         // enters the key; 0 where the stage draws nothing
	Inputs  map[string]Ref // role -> output of another node
	Outputs []string       // in the order in which the action record lists them
	// Numerics names what decides the last bit of this node's results; "" is the run's default.
	Numerics string
	// Code names the code digest, "" being the stage's own: one stage may run on several devices,
	// each with its own code.
	Code string
	// OtherCode names the digests of the same stage on other devices. A result of theirs is taken
	// where there is none of this node's own and that is allowed.
	OtherCode []string
	// Measures are what Rerun compares with a result of other numerics, in which every bit may
	// differ; nil where there is nothing to measure.
	Measures Measures
	Run      func(ctx context.Context, t *Task) error
}

func (n *Node) code() string {
	if n.Code != "" {
		return n.Code
	}
	return n.Stage
}

// Ref is one output of one node.
type Ref struct {
	Node   *Node
	Output string
}

// Ref returns a reference to the node's output of this name.
func (n *Node) Ref(output string) Ref { return Ref{Node: n, Output: output} }

// Bind joins a stage's parameters with its Run function.
func Bind[P any](p P, run func(context.Context, P, *Task) error) func(context.Context, *Task) error {
	return func(ctx context.Context, t *Task) error { return run(ctx, p, t) }
}
