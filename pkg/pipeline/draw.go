package pipeline

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
)

// Mermaid returns the graph as a Mermaid flowchart, inputs to the left.
func Mermaid(g *Graph) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	id := ids(g)
	for _, n := range g.nodes {
		fmt.Fprintf(&b, "    n%d[\"%s\"]\n", id[n], strings.ReplaceAll(n.Name, `"`, "#quot;"))
	}
	for _, e := range edges(g) {
		fmt.Fprintf(&b, "    n%d -->|%s| n%d\n", id[e.from], strings.Join(e.outputs, ", "), id[e.to])
	}
	return b.String()
}

// DOT returns the graph in Graphviz's language.
func DOT(g *Graph) string {
	var b strings.Builder
	b.WriteString("digraph {\n    rankdir=LR\n    node [shape=box]\n")
	for _, n := range g.nodes {
		fmt.Fprintf(&b, "    %q\n", n.Name)
	}
	for _, e := range edges(g) {
		fmt.Fprintf(&b, "    %q -> %q [label=%q]\n", e.from.Name, e.to.Name, strings.Join(e.outputs, ", "))
	}
	b.WriteString("}\n")
	return b.String()
}

// edge joins two nodes, whatever the number of outputs that pass.
type edge struct {
	from, to *Node
	outputs  []string
}

func edges(g *Graph) []edge {
	var list []edge
	for _, n := range g.nodes {
		first := len(list)
	roles:
		for _, role := range slices.Sorted(maps.Keys(n.Inputs)) {
			ref := n.Inputs[role]
			for i := first; i < len(list); i++ {
				if list[i].from == ref.Node {
					list[i].outputs = append(list[i].outputs, ref.Output)
					continue roles
				}
			}
			list = append(list, edge{ref.Node, n, []string{ref.Output}})
		}
	}
	return list
}

func ids(g *Graph) map[*Node]int {
	id := map[*Node]int{}
	for i, n := range g.nodes {
		id[n] = i
	}
	return id
}

// SVG draws the graph in columns from left to right: a node stands one column right of the last of
// its inputs, and in its column in the order of its inputs' heights, which keeps most lines apart.
func SVG(g *Graph) string {
	const (
		charWidth, boxHeight = 7.3, 26.0 // of 12 px monospaced text
		gapX, gapY, margin   = 70.0, 14.0, 16.0
	)
	layer := map[*Node]int{}
	var layers [][]*Node
	for _, n := range g.nodes {
		for _, ref := range n.Inputs {
			layer[n] = max(layer[n], layer[ref.Node]+1)
		}
		for len(layers) <= layer[n] {
			layers = append(layers, nil)
		}
		layers[layer[n]] = append(layers[layer[n]], n)
	}
	height := map[*Node]float64{} // of the box's middle, in rows, 0 the middle of the drawing
	for _, column := range layers {
		orderByInputs(column, height)
		for i, n := range column {
			height[n] = float64(i) - float64(len(column)-1)/2
		}
	}

	rows := 0
	for _, column := range layers {
		rows = max(rows, len(column))
	}
	drawingHeight := 2*margin + float64(rows)*(boxHeight+gapY) - gapY
	y := func(n *Node) float64 { return drawingHeight/2 + height[n]*(boxHeight+gapY) }
	left, right := map[*Node]float64{}, map[*Node]float64{}
	x := margin
	for _, column := range layers {
		width := 0.0
		for _, n := range column {
			width = max(width, float64(len([]rune(n.Name)))*charWidth+16)
		}
		for _, n := range column {
			left[n], right[n] = x, x+width
		}
		x += width + gapX
	}
	drawingWidth := x - gapX + margin

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="monospace" font-size="12">`+"\n",
		drawingWidth, drawingHeight, drawingWidth, drawingHeight)
	b.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	for _, e := range edges(g) {
		x0, y0, x1, y1 := right[e.from], y(e.from), left[e.to], y(e.to)
		bend := gapX / 2
		fmt.Fprintf(&b, `<path d="M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f" fill="none" stroke="#888"><title>%s</title></path>`+"\n",
			x0, y0, x0+bend, y0, x1-bend, y1, x1, y1, html.EscapeString(strings.Join(e.outputs, ", ")))
	}
	for _, n := range g.nodes {
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="4" fill="#f4f6f8" stroke="#445"/>`+"\n",
			left[n], y(n)-boxHeight/2, right[n]-left[n], boxHeight)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n",
			(left[n]+right[n])/2, y(n)+4, html.EscapeString(n.Name))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// orderByInputs sorts a column by the mean height of each node's inputs, keeping the graph's order
// among equals.
func orderByInputs(column []*Node, height map[*Node]float64) {
	mean := map[*Node]float64{}
	for _, n := range column {
		for _, role := range slices.Sorted(maps.Keys(n.Inputs)) {
			mean[n] += height[n.Inputs[role].Node] / float64(len(n.Inputs))
		}
	}
	for i := 1; i < len(column); i++ {
		for j := i; j > 0 && mean[column[j]] < mean[column[j-1]]; j-- {
			column[j], column[j-1] = column[j-1], column[j]
		}
	}
}
