package pipeline

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestGraphRefusesWhatCannotRun(t *testing.T) {
	run := func(context.Context, *Task) error { return nil }
	node := func(name string, inputs map[string]Ref) *Node {
		return &Node{Name: name, Stage: "s", Outputs: []string{"o"}, Run: run, Inputs: inputs}
	}
	a := node("a", nil)
	loop := node("loop", nil)
	through := node("through", map[string]Ref{"in": loop.Ref("o")})
	loop.Inputs = map[string]Ref{"in": through.Ref("o")}
	for _, c := range []struct {
		name, want string
		targets    []*Node
	}{
		{"two names", "two nodes are called a", []*Node{a, node("a", nil)}},
		{"cycle", "cycle: loop reads through reads loop", []*Node{loop}},
		{"missing output", `input "in": node a makes no output "x" (it makes o)`, []*Node{node("b", map[string]Ref{"in": a.Ref("x")})}},
		{"no node", `input "in" refers to no node`, []*Node{node("b", map[string]Ref{"in": {}})}},
		{"no name", "has no name", []*Node{node("", nil)}},
		{"no stage", "node b has no stage", []*Node{{Name: "b", Outputs: []string{"o"}, Run: run}}},
		{"no outputs", "node b has no outputs", []*Node{{Name: "b", Stage: "s", Run: run}}},
		{"no run", "node b has no Run function", []*Node{{Name: "b", Stage: "s", Outputs: []string{"o"}}}},
		{"twice an output", `two outputs called "o"`, []*Node{{Name: "b", Stage: "s", Outputs: []string{"o", "o"}, Run: run}}},
		{"nil", "a target is nil", []*Node{nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := NewGraph(c.targets...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestNodesComeAfterTheirInputsInAStableOrder(t *testing.T) {
	r := newRig(t)
	var orders []string
	for range 20 {
		a := r.sum("a", sumParams{})
		b := r.sum("b", sumParams{}, a)
		c := r.sum("c", sumParams{}, a)
		d := r.sum("d", sumParams{}, c, b)
		g := r.graph(d, b)
		at := map[*Node]int{}
		var names []string
		for i, n := range g.Nodes() {
			at[n] = i
			names = append(names, n.Name)
			for role, ref := range n.Inputs {
				if at[ref.Node] >= i {
					t.Errorf("%s stands before its input %s", n.Name, role)
				}
			}
		}
		orders = append(orders, strings.Join(names, " "))
	}
	if slices.Sort(orders); len(slices.Compact(orders)) != 1 {
		t.Errorf("orders differ: %q", orders)
	}
}

func TestDrawingsNameEveryNodeAndEdge(t *testing.T) {
	r := newRig(t)
	a := r.sum("walks/<2m>", sumParams{})
	b := r.sum(`b"q`, sumParams{}, a)
	g := r.graph(r.sum("c", sumParams{}, a, b))

	if m := Mermaid(g); strings.Count(m, "-->") != 3 || strings.Count(m, "[\"") != 3 || !strings.Contains(m, `["b#quot;q"]`) {
		t.Errorf("mermaid:\n%s", m)
	}
	if d := DOT(g); strings.Count(d, "->") != 3 || !strings.Contains(d, `"walks/<2m>" -> "b\"q" [label="number"]`) {
		t.Errorf("dot:\n%s", d)
	}
	var texts []string
	paths := 0
	dec := xml.NewDecoder(strings.NewReader(SVG(g)))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("svg is not well-formed: %v", err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "path" {
			paths++
		} else if ok && e.Name.Local == "text" {
			tok, _ := dec.Token()
			texts = append(texts, string(tok.(xml.CharData)))
		}
	}
	if paths != 3 || !slices.Equal(texts, []string{"walks/<2m>", `b"q`, "c"}) {
		t.Errorf("svg has %d lines and boxes %q", paths, texts)
	}
}
