package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sicgrid/pkg/pipeline"
)

// Stage is a node of the graph as the page lists it.
type Stage struct {
	Name, ID   string
	Seed       uint64
	Made       Made
	Outputs    []Output
	Inputs     []Link
	Parameters string
	Command    string

	result *Result // which is refused once what it made turns out to be wrong
}

// State is what its result is worth.
func (s *Stage) State() State { return s.result.State }

// Reason says why.
func (s *Stage) Reason() string { return s.result.Reason }

// Output is one table of a stage.
type Output struct {
	Name, Object, Logical string
	Rows                  int64
	Size                  string
	Command               string
}

// stageID is where a stage stands in the page.
func stageID(name string) string { return "stage-" + strings.ReplaceAll(name, "/", ".") }

func (p *Page) stage(one *Result) *Stage {
	s := &Stage{Name: one.Node, ID: stageID(one.Node), Made: madeOf(one), result: one,
		Parameters: one.parameters(), Command: "bin/sicgrid run " + one.Node + p.source.Flags}
	for _, o := range one.Outputs {
		s.Outputs = append(s.Outputs, Output{Name: o.Name, Object: string(o.Object), Logical: o.Logical, Rows: o.Rows, Size: bytesText(o.Bytes),
			Command: "bin/sicgrid export " + one.Node + ":" + o.Name + p.source.Flags + " --out " + o.Name + ".parquet"})
	}
	if one.node == nil {
		return s
	}
	s.Seed = one.node.Seed
	var from []string
	for _, role := range slices.Sorted(maps.Keys(one.node.Inputs)) {
		if name := one.node.Inputs[role].Node.Name; !slices.Contains(from, name) {
			from = append(from, name)
		}
	}
	for _, name := range from {
		s.Inputs = append(s.Inputs, Link{name, "#" + stageID(name)})
	}
	return s
}

// chain is every stage that a node rests on, itself last.
func (p *Page) chain(n *pipeline.Node) (list []*Stage) {
	g, err := pipeline.NewGraph(n)
	if err != nil { // it is part of a graph already
		return nil
	}
	for _, node := range g.Nodes() {
		if s := p.stages[node.Name]; s != nil {
			list = append(list, s)
		}
	}
	return list
}

// Graph is the stages drawn from left to right, those that differ only in a number together.
type Graph struct {
	Width, Height float64
	Nodes         []*graphNode
	Edges         []graphEdge
}

type graphNode struct {
	ID, Name, Label string
	X, Y, W, H      float64
	State           State
	Count           int
	Title           string // what is said of it
	To              string
	From            string // the identifiers of those before it, with spaces
	layer           int
	inputs          map[string]bool
}

type graphEdge struct{ From, To, Path string }

// family is the name that a node is drawn under: attempts, boxes and copies share one.
func family(name string) string {
	parts := strings.Split(name, "/")
	last := parts[len(parts)-1]
	trimmed := strings.TrimRight(strings.TrimSuffix(last, "m"), "0123456789.")
	switch {
	case len(parts) > 1 && trimmed == "": // a box
		return strings.Join(parts[:len(parts)-1], "/")
	case len(parts) > 1 && (trimmed == "attempt-" || trimmed == "finetuning-" || trimmed == "pretraining-"):
		return strings.TrimSuffix(strings.Join(parts[:len(parts)-1], "/")+"/"+trimmed, "-")
	}
	return name
}

// worst orders states by what has to be known first.
var worst = map[State]int{Current: 0, Published: 1, Stale: 2, Missing: 3, Refused: 4}

// draw lays the graph of these nodes out. A family stands one column right of the last of its
// inputs, figures in the last; in a column they are in the order of their inputs' heights.
func (p *Page) draw(nodes []*pipeline.Node) *Graph {
	byName := map[string]*graphNode{}
	var order []*graphNode
	for _, n := range nodes {
		name := family(n.Name)
		g := byName[name]
		if g == nil {
			g = &graphNode{ID: fmt.Sprintf("g%d", len(order)), Name: name, State: Current, To: "#" + stageID(n.Name), inputs: map[string]bool{}}
			byName[name], order = g, append(order, g)
		}
		g.Count++
		if s := p.results.of(n.Name).State; worst[s] > worst[g.State] {
			g.State = s
		}
		for _, ref := range n.Inputs {
			if from := family(ref.Node.Name); from != name && byName[from] != nil {
				g.inputs[from] = true
				g.layer = max(g.layer, byName[from].layer+1)
			}
		}
	}
	return arrange(order, byName)
}

func arrange(order []*graphNode, byName map[string]*graphNode) *Graph {
	const (
		charWidth, high    = 6.0, 22.0 // of 10.5 px text
		gapX, gapY, margin = 34.0, 7.0, 8.0
	)
	last := 0
	for _, g := range order {
		last = max(last, g.layer)
	}
	columns := make([][]*graphNode, last+1)
	for _, g := range order {
		if len(g.inputs) > 0 && !strings.Contains(g.Name, "/") { // a figure
			g.layer = last
		}
		columns[g.layer] = append(columns[g.layer], g)
	}
	out := &Graph{Nodes: order}
	rows := 0
	for _, c := range columns {
		rows = max(rows, len(c))
	}
	out.Height = 2*margin + float64(rows)*(high+gapY) - gapY
	height := map[string]float64{}
	x := margin
	for _, column := range columns {
		mean := func(g *graphNode) float64 {
			sum := 0.0
			for name := range g.inputs {
				sum += height[name]
			}
			return sum / float64(max(1, len(g.inputs)))
		}
		if x > margin {
			slices.SortStableFunc(column, func(a, b *graphNode) int { return cmp.Compare(mean(a), mean(b)) })
		}
		wide := 0.0
		for i, g := range column {
			g.label()
			g.X, g.H, g.W = x, high, float64(len([]rune(g.Label)))*charWidth+14
			height[g.Name] = float64(i) - float64(len(column)-1)/2
			g.Y = out.Height/2 + height[g.Name]*(high+gapY) - high/2
			wide = max(wide, g.W)
		}
		x += wide + gapX
	}
	out.Width = x - gapX + margin
	for _, g := range order {
		var from []string
		for _, name := range slices.Sorted(maps.Keys(g.inputs)) {
			in := byName[name]
			from = append(from, in.ID)
			x1, y1, x2, y2 := in.X+in.W, in.Y+in.H/2, g.X, g.Y+g.H/2
			bend := (x2 - x1) / 2
			out.Edges = append(out.Edges, graphEdge{in.ID, g.ID, fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)})
		}
		g.From = strings.Join(from, " ")
	}
	return out
}

func (g *graphNode) label() {
	g.Label = g.Name
	if g.Count > 1 {
		g.Label += fmt.Sprintf(" ×%d", g.Count)
	}
	g.Title = fmt.Sprintf("%s: %s", g.Label, g.State)
}
