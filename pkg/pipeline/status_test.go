package pipeline

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
)

func (r *rig) wantStatus(want map[string]string, target *Node) {
	r.t.Helper()
	all, err := Status(r.graph(target), r.opt)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, s := range all {
		got := string(s.State) + ": " + s.Reason
		if w, ok := want[s.Node.Name]; ok && got != w {
			r.t.Errorf("%s: %q, want %q", s.Node.Name, got, w)
		} else if !ok && s.State != Cached {
			r.t.Errorf("%s: %q, want cached", s.Node.Name, got)
		}
	}
}

func TestStatusSaysWhatWouldRunAndWhy(t *testing.T) {
	r := newRig(t)
	r.wantStatus(map[string]string{
		"a": "run: first time", "b": "run: first time", "c": "run: first time", "d": "run: first time", "e": "run: first time",
	}, r.chain(nil))
	if _, actions := r.contents(); actions != 0 {
		t.Error("status ran something")
	}
	first, _ := r.run(r.chain(nil))
	r.wantStatus(nil, r.chain(nil))

	change := func(name string, p *sumParams) {
		if name == "a" || name == "e" {
			p.Add = 2
		}
	}
	r.wantStatus(map[string]string{
		"a": "run: params changed: add 1 -> 2",
		"b": "may run: input in0 will be remade",
		"c": "may run: input in0 will be remade",
		"e": "run: params changed: add 1 -> 2",
	}, r.chain(change))

	r.opt.Force = []string{"d"}
	r.wantStatus(map[string]string{"d": "run: forced", "e": "may run: input in1 will be remade"}, r.chain(nil))
	r.opt.Force = nil

	r.damage(first, "c")
	object := string(first.Of("c").Outputs[0].Object[:12])
	r.wantStatus(map[string]string{
		"c": "run: object " + object + " (number) is corrupt",
		"e": "may run: input in0 will be remade",
	}, r.chain(nil))
}

func TestWhyShowsOldAgainstNew(t *testing.T) {
	r := newRig(t)
	r.run(r.chain(nil))
	r.setCode("sum", code("2"))
	e, err := Why(r.graph(r.chain(func(name string, p *sumParams) {
		if name == "d" {
			p.Loss.Capacity = 0.25
		}
	})), "d", r.opt)
	if err != nil {
		t.Fatal(err)
	}
	if e.State != WouldRun || e.Reason != "params changed: loss.capacity 0 -> 0.25; code changed: stages/sum/sum.go" {
		t.Errorf("%s: %s", e.State, e.Reason)
	}
	text := e.String()
	for _, want := range []string{
		"* params   loss.capacity  0 -> 0.25\n",
		"* code     stages/sum/sum.go  file 1 -> file 2\n",
		"  code     stages/sum/row.go  file\n",
		"  params   add  5\n",
		"  seed     0\n",
		"  module   example.org/mod  v1.0.0\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no line %q in\n%s", want, text)
		}
	}
	if e.LastKey == e.Key || !strings.Contains(text, short(e.LastKey)+" -> "+short(e.Key)) {
		t.Errorf("the keys are not set against each other in\n%s", text)
	}

	r.setCode("sum", code("1"))
	changed := func(name string, p *sumParams) {
		if name == "a" {
			p.Add = 2
		}
	}
	e, err = Why(r.graph(r.chain(changed)), "b", r.opt)
	if err != nil {
		t.Fatal(err)
	}
	if e.State != MayRun || !strings.Contains(e.String(), "? input    in0") || !strings.Contains(e.String(), "(will be remade)  from a number") {
		t.Errorf("got\n%s", e)
	}
	r.run(r.chain(changed))
	e, err = Why(r.graph(r.chain(nil)), "b", r.opt)
	if err != nil {
		t.Fatal(err)
	}
	if e.State != Cached || e.Reason != "made before; input in0 from a changed (values)" {
		t.Errorf("got\n%s", e)
	}
	if _, err := Why(r.graph(r.chain(nil)), "nobody", r.opt); err == nil {
		t.Error("explained a node that does not exist")
	}
}

func TestNamesOfOneGraphDoNotTouchAnothers(t *testing.T) {
	r := newRig(t)
	r.run(r.chain(nil))
	r.opt.DAG = "paper"
	r.wantReason(r.wantRan("", r.chain(nil)), "a", Cached, "made before")
	r.wantReason(r.wantRan("d", r.sum("d", sumParams{Add: 77})), "d", Ran, "params changed: add 5 -> 77")
	r.opt.DAG = "test"
	r.wantReason(r.wantRan("", r.chain(nil)), "d", Cached, "unchanged")
}

func TestVerifyNamesEveryDefectAndRepairMendsThem(t *testing.T) {
	r := newRig(t)
	first, _ := r.run(r.chain(nil))
	g := r.graph(r.chain(nil))
	for _, scope := range []*Graph{g, nil} {
		v, err := Verify(context.Background(), scope, r.opt, VerifyOptions{})
		if err != nil || len(v.Findings) != 0 || v.Actions != 5 {
			t.Errorf("a sound store: %+v, %v", v, err)
		}
	}
	r.damage(first, "c")
	object := string(first.Of("c").Outputs[0].Object[:12])
	for _, scope := range []*Graph{g, nil} {
		v, err := Verify(context.Background(), scope, r.opt, VerifyOptions{})
		if err != nil || len(v.Findings) == 0 {
			t.Fatalf("%+v, %v", v, err)
		}
		for _, f := range v.Findings {
			if !strings.Contains(f.What, "object "+object) || !strings.Contains(f.What, "is corrupt") {
				t.Errorf("finding %q does not name object %s", f.What, object)
			}
			if scope != nil && f.Node != "c" {
				t.Errorf("finding names node %q", f.Node)
			}
		}
		if scope == nil {
			if n, err := Repair(context.Background(), r.opt.Store, v.Findings); err != nil || n != 2 { // object and record
				t.Errorf("removed %d, %v", n, err)
			}
		}
	}
	r.wantRan("c", r.chain(nil))
	if v, err := Verify(context.Background(), nil, r.opt, VerifyOptions{}); err != nil || len(v.Findings) != 0 {
		t.Errorf("after the repair: %+v, %v", v, err)
	}
}

func TestRerunFindsAStageThatDoesNotRepeatItself(t *testing.T) {
	r := newRig(t)
	dice := int64(0)
	a := r.sum("a", sumParams{Add: 1})
	b := r.sum("b", sumParams{}, a)
	b.Params = "dice"
	b.Run = func(_ context.Context, t *Task) error {
		dice++
		return Emit(t, "number", []number{{dice}}, nil)
	}
	c := r.sum("c", sumParams{Add: 5})
	r.run(b)
	before, _ := r.contents()
	results, err := Rerun(context.Background(), r.graph(b, c), r.opt, nil)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Recomputed{}
	for _, res := range results {
		byName[res.Node.Name] = res
	}
	if !byName["a"].Same {
		t.Errorf("a: %+v", byName["a"])
	}
	if res := byName["b"]; res.Same || len(res.Differ) != 1 || !strings.HasSuffix(res.Differ[0], "1 of 1 values differ, most by 1 (value, row 0: 1 and 2), relatively by 0.5 (value, row 0: 1 and 2)") {
		t.Errorf("b: %+v", res)
	}
	if res := byName["b"]; !res.Fault() {
		t.Error("a stage that does not repeat itself is no fault")
	}
	if byName["c"].Skipped != "not in the store" {
		t.Errorf("c: %+v", byName["c"])
	}
	if after, _ := r.contents(); after != before {
		t.Error("rerun wrote to the store")
	}
}

// A result from before a sentence about its column was bettered is still what its stage gives.
func TestRerunForgivesABetterSentence(t *testing.T) {
	type told struct {
		Value int64 `col:"value" doc:"of no consequence"`
	}
	r := newRig(t)
	n := r.sum("n", sumParams{})
	n.Params = "sentence"
	n.Run = func(_ context.Context, t *Task) error { return Emit(t, "number", []number{{3}}, nil) }
	r.run(n)
	n.Run = func(_ context.Context, t *Task) error { return Emit(t, "number", []told{{3}}, nil) }
	results, err := Rerun(context.Background(), r.graph(n), r.opt, nil)
	if err != nil || len(results) != 1 || !results[0].Same || results[0].Fault() {
		t.Errorf("%+v, %v", results, err)
	}
}

// Across numerics every bit may differ: measures and verdicts are compared, and a result without
// any is left alone.
func TestRerunAcrossNumericsComparesMeasures(t *testing.T) {
	r := newRig(t)
	value, off := int64(100), int64(0)
	n := r.sum("n", sumParams{})
	n.Params = "measured"
	n.Run = func(_ context.Context, t *Task) error { return Emit(t, "number", []number{{value + off}}, nil) }
	r.run(n)
	r.opt.Numerics = "elsewhere"
	rerun := func() Recomputed {
		t.Helper()
		results, err := Rerun(context.Background(), r.graph(n), r.opt, nil)
		if err != nil || len(results) != 1 || results[0].Err != nil {
			t.Fatalf("%+v, %v", results, err)
		}
		return results[0]
	}
	if res := rerun(); res.Skipped != "made by other numerics here, and has no measures to compare" || res.Fault() {
		t.Errorf("without measures: %+v", res)
	}
	n.Measures = func(outputs map[string]arrow.Record) ([]Measure, error) {
		rows, err := artifact.Rows[number](outputs["number"])
		list := []Measure{{"mean", float64(rows[0].Value), 5}, {"above 98", float64(min(1, rows[0].Value/99)), 0}, {"undefined", math.NaN(), 1}}
		if rows[0].Value == 103 {
			list = append(list, Measure{"a module", 1, 0})
		}
		return list, err
	}
	for _, c := range []struct {
		off   int64
		fault bool
		want  string
	}{
		{0, false, "[mean 100 and 100 (within 5) above 98 1 and 1 (the same verdict) undefined NaN and NaN (within 1)]"},
		{4, false, "[mean 100 and 104 (within 5) above 98 1 and 1 (the same verdict) undefined NaN and NaN (within 1)]"},
		{6, true, "[mean 100 and 106 (not within 5) above 98 1 and 1 (the same verdict) undefined NaN and NaN (within 1)]"},
		{-4, true, "[mean 100 and 96 (within 5) above 98 1 and 0 (another verdict) undefined NaN and NaN (within 1)]"},
		{3, true, "[mean 100 and 103 (within 5) above 98 1 and 1 (the same verdict) undefined NaN and NaN (within 1) a module NaN and 1 (another verdict)]"},
	} {
		off = c.off
		res := rerun()
		if got := fmt.Sprint(res.Measures); res.Fault() != c.fault || got != c.want || len(res.Differ) > 0 || res.Numerics != "here" {
			t.Errorf("off by %d: fault %v, %s\nwant %s", off, res.Fault(), got, c.want)
		}
	}
}
