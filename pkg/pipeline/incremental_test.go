package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sicgrid/pkg/pipeline/codedigest"
)

// chain is a -> b -> c with d beside, all read by e.
func (r *rig) chain(change func(name string, p *sumParams)) *Node {
	p := func(name string) sumParams {
		p := sumParams{Add: 1}
		switch name {
		case "b":
			p = sumParams{Add: 10, Mod: 2}
		case "d":
			p.Add = 5 // with a's parameters it would have a's key
		}
		if change != nil {
			change(name, &p)
		}
		return p
	}
	a := r.sum("a", p("a"))
	b := r.sum("b", p("b"), a)
	c := r.sum("c", p("c"), b)
	d := r.sum("d", p("d"))
	return r.sum("e", p("e"), c, d)
}

func TestASecondRunRunsNothing(t *testing.T) {
	r := newRig(t)
	first := r.wantRan("a b c d e", r.chain(nil))
	r.wantReason(first, "a", Ran, "first time")
	second := r.wantRan("", r.chain(nil))
	r.wantReason(second, "a", Cached, "unchanged")
	if !slices.Equal(logical(first), logical(second)) {
		t.Error("the second run names other outputs")
	}
	if v := r.value(second, "e"); v != 8 { // ((1+10) mod 2 + 1) + 5 + 1
		t.Errorf("e is %d", v)
	}
}

func TestAParameterRunsOnlyWhatIsDownstream(t *testing.T) {
	r := newRig(t)
	r.run(r.chain(nil))
	report := r.wantRan("c e", r.chain(func(name string, p *sumParams) {
		if name == "c" {
			p.Loss.Capacity, p.Add = 0.5, 2
		}
	}))
	r.wantReason(report, "c", Ran, "params changed: add 1 -> 2, loss.capacity 0 -> 0.5")
	r.wantReason(report, "e", Ran, "input in0 from c changed (values)")
	r.wantReason(report, "d", Cached, "unchanged")
}

func TestEqualValuesStopTheRun(t *testing.T) {
	r := newRig(t)
	r.run(r.chain(nil))
	// b takes the value modulo 2: two more in a change nothing after it.
	more := func(name string, p *sumParams) {
		if name == "a" {
			p.Add = 3
		}
	}
	r.wantRan("a b", r.chain(more))
	report := r.wantRan("", r.chain(nil))
	r.wantReason(report, "a", Cached, "made before; params changed: add 3 -> 1")
}

func TestASeedIsPartOfTheKey(t *testing.T) {
	r := newRig(t)
	n := r.sum("a", sumParams{})
	r.run(n)
	n.Seed = 7
	r.wantReason(r.wantRan("a", n), "a", Ran, "seed changed: 0 -> 7")
}

func TestPartialParameters(t *testing.T) {
	// Two variants of a stage and a whole set of parameters of which each node is handed only its
	// part: what it is not handed cannot touch it.
	r := newRig(t)
	wire := func(capacity float64) *Node {
		full, ablated := sumParams{Add: 1}, sumParams{Add: 2}
		full.Loss.Capacity = capacity
		return r.sum("plot", sumParams{}, r.sum("train/full", full), r.sum("train/no-capacity", ablated))
	}
	r.run(wire(0.5))
	r.wantRan("train/full", wire(0.25)) // and the plot stops at equal values
}

func TestForce(t *testing.T) {
	r := newRig(t)
	r.run(r.chain(nil))
	r.opt.Force = []string{"c"}
	r.wantReason(r.wantRan("c", r.chain(nil)), "c", Ran, "forced")
	r.opt.Force = []string{"sum"} // a stage
	r.wantRan("a b c d e", r.chain(nil))
	r.opt.Force = []string{"nobody"}
	if _, err := Run(t.Context(), r.graph(r.chain(nil)), r.opt); err == nil {
		t.Error("forced a node that does not exist")
	}
}

func TestOnlyTheChangedCodeRuns(t *testing.T) {
	r := newRig(t)
	wire := func() *Node {
		a := r.sum("a", sumParams{Add: 1})
		b := r.sum("b", sumParams{Add: 1}, a)
		b.Stage = "other"
		return b
	}
	r.run(wire())
	r.setCode("other", code("2"))
	r.wantReason(r.wantRan("b", wire()), "b", Ran, "code changed: stages/sum/sum.go")
	changed := code("2")
	changed.Digest, changed.Modules = "code 3", map[string]string{"example.org/mod": "v1.1.0"}
	r.setCode("other", changed)
	r.wantReason(r.wantRan("b", wire()), "b", Ran, "module example.org/mod v1.0.0 -> v1.1.0")
	r.setCode("other", code("1"))
	r.wantRan("", wire())
}

func TestStagesWithoutCodeDigestDoNotRun(t *testing.T) {
	r := newRig(t)
	r.opt.Code = map[string]codedigest.Stage{}
	if _, err := Run(t.Context(), r.graph(r.sum("a", sumParams{})), r.opt); err == nil {
		t.Error("ran a stage whose code is unknown")
	}
}

func TestADeclaredOutputMoreIsMade(t *testing.T) {
	r := newRig(t)
	a := r.sum("a", sumParams{})
	r.run(a)
	a.Outputs = append(a.Outputs, "square")
	_, err := Run(t.Context(), r.graph(a), r.opt)
	if err == nil || err.Error() != "a: the stage ended without emitting square" {
		t.Errorf("error %v: the record of other outputs was taken", err)
	}
}

func TestOtherNumerics(t *testing.T) {
	r := newRig(t)
	r.opt.Numerics = "gpu"
	r.run(r.chain(nil))
	r.opt.Numerics = "here"
	r.wantReason(r.wantRan("", r.chain(nil)), "a", Cached, "cached from other numerics gpu")
	r.opt.Exact = true
	r.wantReason(r.wantRan("a b c d e", r.chain(nil)), "a", Ran, "no result of numerics here")
	r.opt.Exact = false
	r.wantReason(r.wantRan("", r.chain(nil)), "a", Cached, "unchanged")
	// A node's own numerics go before the run's.
	n := r.sum("own", sumParams{Add: 99})
	n.Numerics = "printed"
	report := r.wantRan("own", n)
	if report.Of("own").Numerics != "printed" {
		t.Errorf("numerics %q", report.Of("own").Numerics)
	}
}

// A result that the same stage made by the code of another device is taken where there is none of
// the node's own, unless that is forbidden; damaged, it is made anew under the node's own key.
func TestOtherCode(t *testing.T) {
	r := newRig(t)
	on := func(own, other string) *Node {
		n := r.sum("a", sumParams{Add: 7})
		n.Code, n.OtherCode, n.Numerics = own, []string{other}, own
		return n
	}
	r.setCode("sum-gpu", code("gpu"))
	made := r.wantRan("a", on("sum-gpu", "sum"))
	found := r.wantRan("", on("sum", "sum-gpu"))
	r.wantReason(found, "a", Cached, "cached from other numerics sum-gpu")
	if found.Of("a").Key != made.Of("a").Key {
		t.Error("a result is named by a key under which it is not stored")
	}
	status, err := Status(r.graph(on("sum", "sum-gpu")), r.opt)
	if err != nil || status[0].State != Cached {
		t.Errorf("status %+v, %v", status, err)
	}

	r.damage(made, "a")
	mended := r.wantRan("a", on("sum", "sum-gpu"))
	if mended.Of("a").Key == made.Of("a").Key || mended.Of("a").Numerics != "sum" {
		t.Error("made anew under the other device's key")
	}

	fresh := newRig(t)
	r.opt.Store = fresh.opt.Store
	r.run(on("sum-gpu", "sum"))
	r.opt.Exact = true
	r.wantReason(r.wantRan("a", on("sum", "sum-gpu")), "a", Ran, "first time on this device")
	r.opt.Exact, r.opt.Force = false, []string{"a"}
	forced := r.wantRan("a", on("sum", "sum-gpu"))
	if forced.Of("a").Numerics != "sum" || forced.Of("a").Key == made.Of("a").Key {
		t.Error("a forced run was stored under the other device's key")
	}
}

// A stage that was cut short on one device can be taken up on another, if asked to.
func TestScratchElsewhere(t *testing.T) {
	r := newRig(t)
	r.setCode("sum-gpu", code("gpu"))
	var seen []string
	on := func(own, other string, cut bool) *Node {
		n := &Node{Name: "a", Stage: "sum", Params: sumParams{}, Outputs: []string{"number"}, Code: own, OtherCode: []string{other}, Numerics: own}
		n.Run = func(ctx context.Context, t *Task) error {
			dir, err := t.Scratch()
			if err != nil {
				return err
			}
			if cut {
				os.WriteFile(filepath.Join(dir, "checkpoint"), []byte("half"), 0o644)
				return errors.New("cut")
			}
			seen = nil
			dirs, err := t.Elsewhere()
			for _, d := range dirs {
				data, _ := os.ReadFile(filepath.Join(d, "checkpoint"))
				seen = append(seen, filepath.Base(d)+" "+string(data))
			}
			return errors.Join(err, Emit(t, "number", []number{{1}}, nil))
		}
		return n
	}
	if _, err := Run(t.Context(), r.graph(on("sum-gpu", "sum", true)), r.opt); err == nil {
		t.Fatal("not cut")
	}
	r.opt.Adopt = true
	r.wantRan("", on("sum", "sum-gpu", false)) // a node of our own making, which notes nothing
	if want := []string{"on-sum-gpu half"}; !slices.Equal(seen, want) {
		t.Errorf("found %q, want %q", seen, want)
	}
	r.opt.Adopt, r.opt.Force = false, []string{"a"}
	r.wantRan("", on("sum", "sum-gpu", false))
	if seen != nil {
		t.Errorf("found %q without being asked", seen)
	}
}

// A change of one node's parameters runs nothing but that node and what is downstream of it, and
// gives what a fresh store gives.
func TestIncrementalEqualsFresh(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.IntRange(1, 4).Draw(rt, "nodes")
		reads := make([][]bool, count)
		params := make([]sumParams, count)
		for i := range reads {
			reads[i] = rapid.SliceOfN(rapid.Bool(), i, i).Draw(rt, "reads")
			params[i] = sumParams{Add: rapid.Int64Range(0, 3).Draw(rt, "add"), Mod: rapid.Int64Range(0, 2).Draw(rt, "mod")}
		}
		wire := func(r *rig) []*Node {
			var nodes []*Node
			for i := range count {
				var inputs []*Node
				for j, yes := range reads[i] {
					if yes {
						inputs = append(inputs, nodes[j])
					}
				}
				nodes = append(nodes, r.sum(fmt.Sprint("n", i), params[i], inputs...))
			}
			return nodes
		}
		r := newRig(t)
		r.run(wire(r)...)

		changed := rapid.IntRange(0, count-1).Draw(rt, "changed")
		params[changed].Add++
		downstream := make([]bool, count)
		downstream[changed] = true
		for i := range count {
			for j, yes := range reads[i] {
				downstream[i] = downstream[i] || yes && downstream[j]
			}
		}
		again, ran := r.run(wire(r)...)
		for i := range count {
			if slices.Contains(ran, fmt.Sprint("n", i)) && !downstream[i] {
				rt.Errorf("n%d ran though n%d is not upstream of it", i, changed)
			}
		}
		fresh := newRig(t)
		other, _ := fresh.run(wire(fresh)...)
		if !slices.Equal(logical(again), logical(other)) {
			rt.Errorf("incremental %q, fresh %q", logical(again), logical(other))
		}
	})
}
