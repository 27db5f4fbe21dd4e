package pipeline

import (
	"encoding/json"
	"reflect"
	"testing"

	"sicgrid/pkg/pipeline/codedigest"
)

func (r *rig) locked(target *Node) Locked {
	r.t.Helper()
	report, _ := r.run(target)
	l, err := Lock(report, r.opt)
	if err != nil {
		r.t.Fatal(err)
	}
	data, err := json.Marshal(l)
	if err != nil {
		r.t.Fatal(err)
	}
	var back Locked
	if err := json.Unmarshal(data, &back); err != nil { // as it comes out of its file
		r.t.Fatal(err)
	}
	return back
}

func TestALockSaysWhatDiffersAndWhy(t *testing.T) {
	r := newRig(t)
	was := r.locked(r.chain(nil))
	for what, c := range map[string]struct {
		change func(name string, p *sumParams)
		code   codedigest.Stage
		want   []string
	}{
		"nothing":                             {nil, code("1"), nil},
		"a code change that changes no value": {nil, code("2"), nil},
		"a parameter": {func(name string, p *sumParams) {
			if name == "d" {
				p.Add = 6
			}
		}, code("1"), []string{"d gives other number: params changed: add 5 -> 6", "e gives other number: input in1 from d changed (values)"}},
	} {
		other := newRig(t)
		other.setCode("sum", c.code)
		target := other.chain(c.change)
		now := other.locked(target)
		if got := was.Differences(other.graph(target), now); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
	// A stage that does not repeat itself.
	target := r.chain(nil)
	dice := r.locked(target)
	node := dice.Nodes["c"]
	node.Outputs = append([]LockedOutput(nil), node.Outputs...)
	node.Outputs[0].Logical = "other"
	dice.Nodes["c"] = node
	if got, want := was.Differences(r.graph(target), dice), "c gives other number: its key is the same, so the toolchain, the machine or chance decides its values"; len(got) != 1 || got[0] != want {
		t.Errorf("%q, want %q", got, want)
	}
	// A node that the lock does not know.
	delete(was.Nodes, "a")
	if got := was.Differences(r.graph(target), r.locked(target)); len(got) != 1 || got[0] != "a is not in the lock" {
		t.Errorf("%q", got)
	}
	r.opt.Numerics = "elsewhere"
	report, _ := r.run(r.chain(nil))
	if _, err := Lock(report, r.opt); err == nil {
		t.Error("results of other numerics were locked")
	}
}
