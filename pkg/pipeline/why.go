package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
)

// Part is one part of a key, as it was at the node's last run and as it is now.
type Part struct {
	Part    string `json:"part"`           // "format", "stage", "params", "seed", "code", "module", "input"
	Name    string `json:"name,omitempty"` // parameter, file, module or role
	Old     string `json:"old,omitempty"`  // "" if there was none
	New     string `json:"new,omitempty"`  // "" if there is none, or it is not known yet
	From    string `json:"from,omitempty"` // of an input: node and output, or "those before -> those now"
	Changed bool   `json:"changed"`
	Bytes   bool   `json:"other_bytes,omitempty"` // an input of the same values in another file
	Unknown bool   `json:"unknown,omitempty"`     // an input that will be made anew
}

// Cause is a node at which something begins that makes another node run, or makes it another
// result.
type Cause struct {
	Node   string   `json:"node"`
	State  State    `json:"state"`
	Reason string   `json:"reason"`          // in words
	Parts  []Part   `json:"parts,omitempty"` // of its key that changed; none where something else is the reason, such as damage
	By     []string `json:"by,omitempty"`    // the nodes from it to the one that is explained, both left out
}

// Explanation says what decides a node's key, what of it changed since the node's last run, and
// where that begins.
type Explanation struct {
	Node     string  `json:"node"`
	State    State   `json:"state"`
	Reason   string  `json:"reason"`
	LastKey  string  `json:"last_key,omitempty"`
	Key      string  `json:"key,omitempty"` // "" if an input will be made anew
	Numerics string  `json:"numerics"`
	Causes   []Cause `json:"causes"` // in the order of the graph
	Parts    []Part  `json:"parts"`
}

// Why explains the nodes of these names, in their order.
func Why(g *Graph, opt Options, names ...string) ([]Explanation, error) {
	opt.Force = nil
	if err := opt.check(g); err != nil {
		return nil, err
	}
	var nodes []*Node
	for _, name := range names {
		n := g.Node(name)
		if n == nil {
			return nil, fmt.Errorf("pipeline: no node %q in this graph", name)
		}
		nodes = append(nodes, n)
	}
	plan, err := planGraph(g, &opt)
	if err != nil {
		return nil, err
	}
	x := explainer{opt: &opt, plan: map[*Node]planned{}, order: map[string]int{}}
	for i, p := range plan {
		x.plan[p.Node], x.order[p.Node.Name] = p, i
	}
	var all []Explanation
	for _, n := range nodes {
		p := x.plan[n]
		e := Explanation{
			Node: n.Name, State: p.State, Reason: p.Reason, LastKey: p.step.lastKey,
			Key: p.Key, Numerics: p.Numerics, Causes: []Cause{}, Parts: listParts(n, p.step.last(), p.step.parts, p.step.unknown),
		}
		x.causes(&e, n, p.step.last(), nil, map[*Node]bool{})
		slices.SortStableFunc(e.Causes, func(a, b Cause) int { return x.order[a.Node] - x.order[b.Node] })
		all = append(all, e)
	}
	return all, nil
}

// explainer goes from nodes back to where their changes begin.
type explainer struct {
	opt   *Options
	plan  map[*Node]planned
	order map[string]int
	made  map[string][]origin // of outputs of the store, by their logical digest; nil = not looked at yet
}

// origin is what an output was made of, and the node that made it.
type origin struct {
	node  string
	parts *parts
}

// causes adds to an explanation where the difference begins between what a node was made of before,
// which is nil where that is not known, and what it is made of now. by are the nodes from it to the
// one that is explained, nearest first.
func (x *explainer) causes(e *Explanation, n *Node, before *parts, by []string, seen map[*Node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	p := x.plan[n]
	cause := Cause{Node: n.Name, State: p.State, Reason: p.Reason, By: by}
	if before == nil {
		if !p.Current() {
			e.Causes = append(e.Causes, cause)
		}
		return
	}
	inner := by
	if n.Name != e.Node {
		inner = append([]string{n.Name}, by...)
	}
	followed := false
	for _, part := range listParts(n, before, p.step.parts, p.step.unknown) {
		ref, isInput := n.Inputs[part.Name]
		isInput = isInput && part.Part == "input"
		switch {
		case isInput && part.Unknown && part.Old != "":
			followed = true
			x.causes(e, ref.Node, x.plan[ref.Node].step.last(), inner, seen)
		case isInput && part.Changed && part.Old != "" && before.From[part.Name] == p.step.parts.From[part.Name]:
			followed = true
			x.causesOfValues(e, ref.Node, part.Old, inner, seen)
		case part.Changed, part.Unknown:
			cause.Parts = append(cause.Parts, part)
		}
	}
	if len(cause.Parts) > 0 || !followed && !p.Current() {
		e.Causes = append(e.Causes, cause)
	}
}

// causesOfValues is causes of a node whose output had other values.
func (x *explainer) causesOfValues(e *Explanation, n *Node, old string, by []string, seen map[*Node]bool) {
	if seen[n] {
		return
	}
	now := x.plan[n].step
	var before *parts
	fewest := 0
	for _, o := range x.madeOf(old) { // equal values may have been made of this and that
		differences := len(changes(o.parts, now.parts, now.unknown))
		if o.parts.Stage != n.Stage || differences == 0 {
			continue
		}
		if o.node != n.Name {
			differences += 1 << 20
		}
		if before == nil || differences < fewest {
			before, fewest = o.parts, differences
		}
	}
	if before != nil {
		x.causes(e, n, before, by, seen)
		return
	}
	seen[n] = true
	e.Causes = append(e.Causes, Cause{Node: n.Name, State: x.plan[n].State, By: by,
		Reason: "gave other values before; what they were made of is no longer in the store, or was the same under other numerics"})
}

// madeOf are the origins of the outputs of this logical digest.
func (x *explainer) madeOf(logical string) []origin {
	if x.made == nil {
		x.made = map[string][]origin{}
		_ = x.opt.Store.Walk(nil, func(a *store.Action, _ string, err error) error {
			if err != nil {
				return nil // for verify to name
			}
			var by struct {
				Node string `json:"node"`
			}
			_ = json.Unmarshal(a.Provenance, &by) // without one it is any node's
			if p := parseParts(a.Parts); p != nil {
				for _, o := range a.Outputs {
					x.made[o.Logical] = append(x.made[o.Logical], origin{by.Node, p})
				}
			}
			return nil
		})
	}
	return x.made[logical]
}

// listParts puts the parts of a node's key side by side: those of before, nil if it has never run,
// and those of now.
func listParts(n *Node, before, now *parts, unknown map[string]bool) []Part {
	known := before != nil
	if !known {
		before = &parts{}
	}
	var list []Part
	add := func(part string, old, new map[string]string) {
		names := maps.Clone(old)
		if names == nil {
			names = map[string]string{}
		}
		maps.Copy(names, new)
		for _, k := range slices.Sorted(maps.Keys(names)) {
			p := Part{Part: part, Name: k, Old: old[k], New: new[k], Changed: known && old[k] != new[k]}
			if part == "input" {
				p.From = now.From[k]
				switch from := before.From[k]; {
				case p.From == "":
					p.From = from
				case from != "" && from != p.From:
					p.From = from + " -> " + p.From
				}
				p.Unknown = unknown[k]
				p.Changed = p.Changed && !p.Unknown
				then, is := before.Objects[k], now.Objects[k]
				p.Bytes = !p.Unknown && !p.Changed && then != "" && is != "" && then != is
			}
			list = append(list, p)
		}
	}
	one := func(v string) map[string]string { return map[string]string{"": v} }
	old := func(v string) map[string]string {
		if !known {
			return nil
		}
		return one(v)
	}
	add("format", old(strconv.Itoa(before.Format)), one(strconv.Itoa(now.Format)))
	add("stage", old(before.Stage), one(now.Stage))
	add("params", flatten(before.Params), flatten(now.Params))
	add("seed", old(strconv.FormatUint(before.Seed, 10)), one(strconv.FormatUint(now.Seed, 10)))
	if maps.Equal(before.Files, now.Files) && maps.Equal(before.Modules, now.Modules) && known && before.Code != now.Code {
		add("code", one(before.Code), one(now.Code))
	} else {
		add("code", before.Files, now.Files)
		add("module", before.Modules, now.Modules)
	}
	inputs := map[string]string{}
	for role := range n.Inputs {
		inputs[role] = now.Inputs[role]
	}
	add("input", before.Inputs, inputs)
	return list
}

// String says where each cause is and what changed there, one part a line.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s: %s\n", printable.Line(e.Node), e.State, printable.Line(e.Reason))
	for _, c := range e.Causes {
		if c.Node != e.Node {
			fmt.Fprintf(&b, "%s\n", printable.Line(strings.Join(append(append([]string{"because of " + c.Node}, c.By...), e.Node), " > ")))
		}
		if len(c.Parts) == 0 && c.Node != e.Node {
			fmt.Fprintf(&b, "* %s\n", printable.Line(c.Reason))
		}
		for _, p := range c.Parts {
			b.WriteString(p.line())
		}
	}
	return b.String()
}

// Details lists all parts, what changed before what did not.
func (e Explanation) Details() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s: %s\n", printable.Line(e.Node), e.State, printable.Line(e.Reason))
	key := func(k string) string {
		if k == "" {
			return "(not known yet)"
		}
		return short(k)
	}
	switch {
	case e.LastKey == "" || e.LastKey == e.Key:
		fmt.Fprintf(&b, "  %-8s %s\n", "key", key(e.Key))
	default:
		fmt.Fprintf(&b, "* %-8s %s -> %s\n", "key", short(e.LastKey), key(e.Key))
	}
	fmt.Fprintf(&b, "  %-8s %s\n", "numerics", printable.Line(e.Numerics))
	for _, first := range []bool{true, false} {
		for _, p := range e.Parts {
			if (p.Changed || p.Unknown) == first {
				b.WriteString(p.line())
			}
		}
	}
	return b.String()
}

// line is a part in words, with a mark: * changed, + added, - removed, ? to be made anew, ~ the
// same values in other bytes.
func (p Part) line() string {
	name := p.Name
	if name != "" {
		name += "  "
	}
	old, new := p.texts()
	mark, value := " ", new
	switch {
	case p.Unknown && p.Old != "":
		mark, value = "?", old+" -> (will be remade)"
	case p.Unknown:
		mark, value = "?", "(will be made)"
	case p.Bytes:
		mark, value = "~", new+" (the same values in other bytes)"
	case p.Changed && p.Old == "":
		mark = "+"
	case p.Changed && p.New == "":
		mark, value = "-", old
	case p.Changed:
		mark, value = "*", old+" -> "+new
	}
	if p.From != "" {
		value += "  from " + p.From
	}
	return strings.TrimRight(printable.Line(fmt.Sprintf("%s %-8s %s%s", mark, p.Part, name, value)), " ") + "\n"
}

// texts are the two values as people are shown them, which differ where the values do.
func (p Part) texts() (old, new string) {
	if p.Part == "code" || p.Part == "input" {
		if old, new = short(p.Old), short(p.New); p.Old == p.New || old != new {
			return old, new
		}
	}
	return apart(p.Old, p.New)
}

// apart are two texts, shortened so that where they first differ is still to be seen.
func apart(a, b string) (string, string) {
	const most, context = 60, 12
	x, y := []rune(a), []rune(b)
	same := 0
	for same < min(len(x), len(y)) && x[same] == y[same] {
		same++
	}
	from := 0
	if max(len(x), len(y)) > most && same > most/2 {
		from = same - context
	}
	cut := func(r []rune) string {
		text := string(r[from:])
		if from > 0 {
			text = "…" + text
		}
		return shorten(text)
	}
	return cut(x), cut(y)
}
