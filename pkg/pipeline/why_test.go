package pipeline

import (
	"strings"
	"testing"
)

// why explains a node of the graph of a target.
func (r *rig) why(node string, target *Node) Explanation {
	r.t.Helper()
	all, err := Why(r.graph(target), r.opt, node)
	if err != nil {
		r.t.Fatal(err)
	}
	return all[0]
}

func TestWhyShowsOldAgainstNew(t *testing.T) {
	r := newRig(t)
	r.run(r.chain(nil))
	r.setCode("sum", code("2"))
	e := r.why("d", r.chain(func(name string, p *sumParams) {
		if name == "d" {
			p.Loss.Capacity = 0.25
		}
	}))
	if e.State != WouldRun || e.Reason != "params changed: loss.capacity 0 -> 0.25; code changed: stages/sum/sum.go" {
		t.Errorf("%s: %s", e.State, e.Reason)
	}
	text := e.Details()
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
	e = r.why("b", r.chain(changed))
	if e.State != MayRun || !strings.Contains(e.Details(), "? input    in0") || !strings.Contains(e.Details(), "(will be remade)  from a number") {
		t.Errorf("got\n%s", e)
	}
	r.run(r.chain(changed))
	e = r.why("b", r.chain(nil))
	if e.State != Cached || e.Reason != "made before; input in0 from a changed (values)" {
		t.Errorf("got\n%s", e)
	}
	if _, err := Why(r.graph(r.chain(nil)), r.opt, "nobody"); err == nil {
		t.Error("explained a node that does not exist")
	}
}

// Whatever lies between, the parameter that changed is named, with what it was and is, and nothing
// that did not change.
func TestWhyGoesToTheRoot(t *testing.T) {
	r := newRig(t)
	first, _ := r.run(r.chain(nil))
	changed := func(name string, p *sumParams) {
		if name == "a" {
			p.Add = 2
		}
	}
	want := func(node string, target *Node, want string) {
		t.Helper()
		if got := r.why(node, target).String(); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
	want("e", r.chain(nil), "e  cached: unchanged\n")
	want("e", r.chain(changed), "e  may run: input in0 will be remade\n"+
		"because of a > b > c > e\n* params   add  1 -> 2\n")
	want("a", r.chain(changed), "a  run: params changed: add 1 -> 2\n* params   add  1 -> 2\n")

	// The same once the node before it has been made: its values are others, and so is what they
	// were made of.
	target := r.chain(changed)
	r.run(target.Inputs["in0"].Node)
	want("e", target, "e  run: input in0 from c changed (values)\n"+
		"because of a > b > c > e\n* params   add  1 -> 2\n")

	r.damage(first, "d")
	object := string(first.Of("d").Outputs[0].Object[:12])
	want("e", r.chain(nil), "e  may run: input in1 will be remade\n"+
		"because of d > e\n* object "+object+" (number) is corrupt\n")

	// Inputs that come and go, and files.
	n := r.sum("n", sumParams{}, first.Of("a").Node)
	r.run(n)
	n = r.sum("n", sumParams{})
	if got := r.why("n", n).String(); !strings.HasPrefix(got, "n  run: input in0 removed\n- input    in0  ") || !strings.HasSuffix(got, "  from a number\n") {
		t.Errorf("got\n%s", got)
	}
	r.run(n)
	n = r.sum("n", sumParams{}, r.chain(nil).Inputs["in1"].Node)
	if got := r.why("n", n).String(); !strings.Contains(got, "because of d > n\n") && !strings.Contains(got, "\n? input    in0  (will be made)  from d number\n") {
		t.Errorf("got\n%s", got)
	}
	more := code("1")
	more.Digest = "code 3"
	more.Files = map[string]string{"stages/sum/sum.go": "file 1", "stages/sum/new.go": "file"}
	r.setCode("sum", more)
	want("a", r.chain(nil), "a  run: code changed: stages/sum/new.go (new), stages/sum/row.go (gone)\n"+
		"+ code     stages/sum/new.go  file\n- code     stages/sum/row.go  file\n")
}

// Two halves that people are shown differ, however late the values do.
func TestTheHalvesOfAChangeDiffer(t *testing.T) {
	long := strings.Repeat("0.25, ", 40)
	for _, c := range [][2]string{
		{"[" + long + "1]", "[" + long + "2]"}, {"[" + long + "1]", "[" + long + "1, 1]"}, {"[1, " + long + "1]", "[2, " + long + "1]"},
		{"1", "2"}, {"", "1"}, {long, long + "5"}, {long[:58] + "ab", long[:58] + "cb"}, {"é" + long, "é" + long + "é"},
	} {
		a, b := apart(c[0], c[1])
		if a == b || len([]rune(a)) > 62 || len([]rune(b)) > 62 {
			t.Errorf("%q and %q are shown as %q and %q", c[0], c[1], a, b)
		}
	}
	p := Part{Part: "code", Name: "x.go", Old: strings.Repeat("a", 63) + "1", New: strings.Repeat("a", 63) + "2", Changed: true}
	if line := p.line(); line != "* code     x.go  …aaaaaaaaaaaa1 -> …aaaaaaaaaaaa2\n" {
		t.Errorf("%q", line)
	}
}
