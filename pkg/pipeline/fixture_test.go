package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
)

// number is the one row of the one output of every stage here.
type number struct {
	Value int64 `col:"value"`
}

// sumParams are the parameters of the stage "sum": (inputs + Add) mod Mod.
type sumParams struct {
	Add  int64 `json:"add"`
	Mod  int64 `json:"mod"` // 0: none
	Loss struct {
		Capacity float64 `json:"capacity"`
	} `json:"loss"`
}

// rig is a store with options, and a count of which nodes ran.
type rig struct {
	t   testing.TB
	opt Options

	mu  sync.Mutex
	ran []string
}

func newRig(t testing.TB) *rig {
	t.Helper()
	return newRigIn(t, t.TempDir())
}

func newRigIn(t testing.TB, dir string) *rig {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, opt: Options{
		Store: s, DAG: "test", Numerics: "here", Jobs: 2,
		Code: map[string]codedigest.Stage{"sum": code("1"), "other": code("1")},
	}}
}

// code is a code digest of one file and one module.
func code(version string) codedigest.Stage {
	return codedigest.Stage{
		Digest:  "code " + version,
		Files:   map[string]string{"stages/sum/sum.go": "file " + version, "stages/sum/row.go": "file"},
		Modules: map[string]string{"example.org/mod": "v1.0.0"},
	}
}

func (r *rig) note(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ran = append(r.ran, name)
}

// sum makes a node that adds up its inputs.
func (r *rig) sum(name string, p sumParams, inputs ...*Node) *Node {
	n := &Node{Name: name, Stage: "sum", Params: p, Inputs: map[string]Ref{}, Outputs: []string{"number"}}
	for i, in := range inputs {
		n.Inputs[fmt.Sprintf("in%d", i)] = in.Ref("number")
	}
	n.Run = Bind(p, func(ctx context.Context, p sumParams, t *Task) error {
		r.note(name)
		total := p.Add
		for role := range n.Inputs {
			rows, _, err := Read[number](t, role)
			if err != nil {
				return err
			}
			total += rows[0].Value
		}
		if p.Mod != 0 {
			total %= p.Mod
		}
		return Emit(t, "number", []number{{total}}, nil)
	})
	return n
}

func (r *rig) graph(targets ...*Node) *Graph {
	r.t.Helper()
	g, err := NewGraph(targets...)
	if err != nil {
		r.t.Fatal(err)
	}
	return g
}

// run runs the targets and returns the report and the sorted names of the nodes that ran.
func (r *rig) run(targets ...*Node) (Report, []string) {
	r.t.Helper()
	r.ran = nil
	report, err := Run(context.Background(), r.graph(targets...), r.opt)
	if err != nil {
		r.t.Fatalf("run: %v", err)
	}
	slices.Sort(r.ran)
	return report, r.ran
}

// wantRan checks which nodes ran: "a b".
func (r *rig) wantRan(want string, targets ...*Node) Report {
	r.t.Helper()
	report, ran := r.run(targets...)
	if got := strings.Join(ran, " "); got != want {
		r.t.Errorf("ran %q, want %q", got, want)
	}
	return report
}

func (r *rig) wantReason(report Report, node string, state State, reason string) {
	r.t.Helper()
	if n := report.Of(node); n.State != state || n.Reason != reason {
		r.t.Errorf("%s: %s (%s), want %s (%s)", node, n.State, n.Reason, state, reason)
	}
}

// value reads the number that a node made.
func (r *rig) value(report Report, node string) int64 {
	r.t.Helper()
	data, err := r.opt.Store.Get(report.Of(node).Outputs[0].Object)
	if err != nil {
		r.t.Fatal(err)
	}
	rec, err := artifact.Read(data)
	if err != nil {
		r.t.Fatal(err)
	}
	rows, err := artifact.Rows[number](rec)
	if err != nil {
		r.t.Fatal(err)
	}
	return rows[0].Value
}

// logical lists the logical digests of every output: "node/output digest".
func logical(report Report) []string {
	var list []string
	for _, n := range report.Nodes {
		for _, o := range n.Outputs {
			list = append(list, n.Node.Name+"/"+o.Name+" "+o.Logical+" "+string(o.Object))
		}
	}
	return list
}

// contents counts the objects and action records in the store.
func (r *rig) contents() (objects, actions int) {
	r.t.Helper()
	err := r.opt.Store.Walk(
		func(store.Digest, string, error) error { objects++; return nil },
		func(*store.Action, string, error) error { actions++; return nil })
	if err != nil {
		r.t.Fatal(err)
	}
	return objects, actions
}

// damage flips a byte in the middle of the object of a node's output.
func (r *rig) damage(report Report, node string) {
	r.t.Helper()
	path := r.opt.Store.ObjectPath(report.Of(node).Outputs[0].Object)
	data, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, data, 0o444)); err != nil {
		r.t.Fatal(err)
	}
}

// setCode gives one stage another code digest.
func (r *rig) setCode(stage string, c codedigest.Stage) {
	r.opt.Code = maps.Clone(r.opt.Code)
	r.opt.Code[stage] = c
}
