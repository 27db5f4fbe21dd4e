// Package torus draws the states of two modules: as a doughnut, or cut open to a sheet whose
// opposite sides are one.
package torus

import (
	"image/color"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ideal/idealtable"
)

var TurnTicks = []figure.Tick{{At: 0, Label: "0"}, {At: math.Pi, Label: "π"}, {At: 2 * math.Pi, Label: "2π"}}

// Sheet are the axes of the cut torus; with labels left out the ticks are bare.
func Sheet(b figure.Box, x, y string) figure.Axes {
	a := figure.Axes{Box: b, X: figure.Axis{Max: 2 * math.Pi, Label: x, Ticks: TurnTicks}, Y: figure.Axis{Max: 2 * math.Pi, Label: y, Ticks: TurnTicks}}
	if y == "" {
		a.Y.Ticks = sheet.Bare(TurnTicks)
	}
	return a
}

// wrapped splits a path on the sheet where it leaves one side and comes back on the other, drawn up
// to the side.
func wrapped(phi [][2]float64) [][][2]float64 {
	const turn = 2 * math.Pi
	var pieces [][][2]float64
	var piece [][2]float64
	for i, p := range phi {
		if i == 0 {
			piece = append(piece, p)
			continue
		}
		last := phi[i-1]
		// Where the next point would be without the wrap, and where it is on the other sheet.
		ahead := [2]float64{last[0] + math.Remainder(p[0]-last[0], turn), last[1] + math.Remainder(p[1]-last[1], turn)}
		if math.Abs(ahead[0]-p[0]) < 1e-9 && math.Abs(ahead[1]-p[1]) < 1e-9 {
			piece = append(piece, p)
			continue
		}
		share := 1.0 // of the way until the first side is met
		for d := range ahead {
			if ahead[d] > turn {
				share = math.Min(share, (turn-last[d])/(ahead[d]-last[d]))
			} else if ahead[d] < 0 {
				share = math.Min(share, last[d]/(last[d]-ahead[d]))
			}
		}
		edge := [2]float64{last[0] + share*(ahead[0]-last[0]), last[1] + share*(ahead[1]-last[1])}
		pieces = append(pieces, append(piece, edge))
		back := [2]float64{edge[0] - ahead[0] + p[0], edge[1] - ahead[1] + p[1]}
		piece = [][2]float64{{math.Min(math.Max(back[0], 0), turn), math.Min(math.Max(back[1], 0), turn)}, p}
	}
	return append(pieces, piece)
}

// PhasesOf are the places' phases.
func PhasesOf(line []idealtable.Place) [][2]float64 {
	phi := make([][2]float64, len(line))
	for i, p := range line {
		phi[i] = [2]float64{p.Phi1, p.Phi2}
	}
	return phi
}

// Path draws a path on the sheet in one colour.
func Path(c *figure.Canvas, a figure.Axes, phi [][2]float64, s figure.Stroke) {
	for _, piece := range wrapped(phi) {
		points := make([]figure.Point, len(piece))
		for i, p := range piece {
			points[i] = a.At(p[0], p[1])
		}
		c.Line(s, points...)
	}
}

// hues is how many colours a line that changes colour is drawn in.
const hues = 60

// CodingLine draws the line on the sheet, coloured by place up to reach metres.
func CodingLine(c *figure.Canvas, a figure.Axes, line []idealtable.Place, reach float64, colours figure.Map, width float64) {
	phi := PhasesOf(line)
	for h, from := 0, 0; h < hues; h++ {
		to := from
		for to < len(line)-1 && line[to].X < reach*float64(h+1)/hues {
			to++
		}
		Path(c, a, phi[from:to+1], figure.Stroke{Color: colours((float64(h) + 0.5) / hues), Width: width})
		from = to // where the next colour begins
	}
}

// Torus draws the doughnut of two phases with the line on it, coloured by place.
func Torus(c *figure.Canvas, b figure.Box, line []idealtable.Place, reach float64, colours figure.Map) {
	const big, small, lift = 2.0, 0.95, 1.03
	view := figure.View{Azimuth: 30, Elevation: 42}
	at := func(phi1, phi2, r float64) [3]float64 {
		s1, c1 := math.Sincos(phi1)
		s2, c2 := math.Sincos(phi2)
		return [3]float64{(big + r*c2) * c1, (big + r*c2) * s1, r * s2}
	}
	scale := math.Min(b.W, b.H*1.25) / (2 * (big + small) * 1.04)
	var dots []figure.Dot
	add := func(p [3]float64, ink color.RGBA) {
		u, w, depth := view.Project(p)
		dots = append(dots, figure.Dot{Point: figure.Point{X: b.X + b.W/2 + scale*u, Y: b.Y + b.H/2 - scale*w}, Depth: depth, Color: ink})
	}
	const rings, turns = 240, 110
	for i := range rings {
		for j := range turns {
			phi2 := 2 * math.Pi * float64(j) / turns
			// Light from above, as an object is seen.
			shade := uint8(214 + 28*math.Sin(phi2))
			add(at(2*math.Pi*float64(i)/rings, phi2, small), color.RGBA{shade, shade, shade, 0xff})
		}
	}
	for _, p := range line {
		if p.X <= reach {
			add(at(p.Phi1, p.Phi2, small*lift), colours(p.X/reach))
		}
	}
	c.Cloud(b, dots, 0.42)
}
