package figure6

import (
	"fmt"
	"image/color"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/spectra/spectratable"
)

const (
	orientationBins = 20 // of 3 degrees
	phaseBins       = 12
)

// subscript marks the three lattice directions.
var subscript = [3]string{"_1", "_2", "_3"}

// paintSpectrum draws the middle of the power spectrum with k1, k2, k3 marked.
func (f *drawing) paintSpectrum(c *figure.Canvas, b figure.Box) {
	half := f.window()
	middle := sheet.Crop(f.spectrum.Power, f.bins, half)
	peak := figure.Peak(middle)
	if !(peak > 0) {
		peak = 1
	}
	lo, ticks, label := 0.0, []figure.Tick{{At: 0, Label: "0"}, {At: 0.5, Label: "0.5"}, {At: 1, Label: "1"}}, "power / peak"
	for i := range middle {
		middle[i] /= peak
		if f.p.PowerScale == "log" {
			middle[i] = math.Log10(math.Max(middle[i], 1e-12))
		}
	}
	hi := 1.0
	if f.p.PowerScale == "log" {
		lo, hi, label = -3, 0, "log_1_0 (power / peak)"
		ticks = []figure.Tick{{At: -3, Label: "−3"}, {At: -2, Label: "−2"}, {At: -1, Label: "−1"}, {At: 0, Label: "0"}}
	}
	c.Image(b, figure.HeatMap(middle, 2*half+1, lo, hi, f.power))
	reach := (float64(half) + 0.5) * f.spectrum.Step
	marks := symmetricTicks(reach)
	a := figure.Axes{Box: b,
		X: figure.Axis{Min: -reach, Max: reach, Label: "k_x (rad/m)", Ticks: marks},
		Y: figure.Axis{Min: -reach, Max: reach, Label: "k_y (rad/m)", Ticks: marks}}
	a.DrawFrame(c, sheet.LabelGap)
	c.ColorBar(figure.Box{X: b.Right() + 2.5, Y: b.Y, W: 2.4, H: b.H}, f.power, lo, hi, ticks, label)
	if f.module == nil {
		c.Text(b.X+b.W/2, b.Y-1.6, "no module: all active units", figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
		return
	}
	title := fmt.Sprintf("mean of module %d (n = %d)", f.Module+1, len(f.units))
	c.Text(b.X+b.W/2, b.Y-1.6, title, figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
	for i, k := range sheet.WaveVectors(*f.module) {
		if !a.Holds(k[0], k[1]) {
			continue
		}
		at := a.At(k[0], k[1])
		c.Circles([]figure.Point{at}, 1.9, figure.Stroke{Color: figure.White, Width: 0.8})
		// The name stands beyond the ring, away from the origin.
		n := math.Max(math.Hypot(k[0], k[1]), 1e-9)
		c.Text(at.X+4.2*k[0]/n, at.Y-4.2*k[1]/n, "k"+subscript[i],
			figure.Type{Size: figure.Normal, Bold: true, Color: figure.White, X: figure.Middle, Y: figure.Middle})
	}
}

// window is the half width in bins of the part of the spectrum that is shown:
// 2.2 times the longest wave vector, or without a module the least that holds 95 % of the power.
func (f *drawing) window() int {
	most := (f.bins - 1) / 2
	least := min(most, 6)
	if f.module != nil {
		longest := 0.0
		for _, k := range sheet.WaveVectors(*f.module) {
			longest = math.Max(longest, math.Hypot(k[0], k[1]))
		}
		if h := 2.2 * longest / f.spectrum.Step; h > 0 {
			return max(least, int(math.Min(math.Ceil(h), float64(most))))
		}
	}
	sum := func(half int) (total float64) {
		for _, v := range sheet.Crop(f.spectrum.Power, f.bins, half) {
			if v > 0 {
				total += v
			}
		}
		return total
	}
	all := sum(most)
	for half := least; half < most; half++ {
		if sum(half) >= 0.95*all {
			return half
		}
	}
	return most
}

// symmetricTicks are a nice step and its multiples on both sides of 0.
func symmetricTicks(reach float64) []figure.Tick {
	return figure.Ticks(-reach, reach, 5)
}

// periodBins are bins of 0.05 m over the axis of periods.
func (f *drawing) periodBins(units []spectratable.Unit) (top float64, edges, counts []float64) {
	top = sheet.PeriodRange(units)
	edges, counts = figure.Histogram(sheet.Column(units, sheet.Period), 0, top, int(math.Round(top/0.05)))
	return top, edges, counts
}

func (f *drawing) paintPeriods(c *figure.Canvas, b figure.Box) {
	units := sheet.Active(f.Units)
	top, edges, counts := f.periodBins(units)
	f.paintHistogram(c, b, units, sheet.Period, figure.Axis{Min: 0, Max: top, Label: "period (m)", Ticks: figure.Ticks(0, top, 4)}, edges, counts)
}

func (f *drawing) paintOrientations(c *figure.Canvas, b figure.Box) {
	units := sheet.Active(f.Units)
	edges, counts := figure.Histogram(sheet.Column(units, sheet.Orientation), 0, 60, orientationBins)
	f.paintHistogram(c, b, units, sheet.Orientation, figure.Axis{Min: 0, Max: 60, Label: "orientation (deg)", Ticks: figure.Ticks(0, 60, 4)}, edges, counts)
}

// paintHistogram stacks the active units by module and names the groups on top.
func (f *drawing) paintHistogram(c *figure.Canvas, b figure.Box, units []spectratable.Unit, value func(spectratable.Unit) float64, x figure.Axis, edges, counts []float64) {
	top := sheet.CountRange(counts)
	a := figure.Axes{Box: b, X: x, Y: figure.Axis{Min: 0, Max: top, Label: "active units", Ticks: sheet.CountTicks(top)}}
	groups, none := sheet.ByModule(units, f.Modules)
	base := make([]float64, len(counts))
	stack := func(units []spectratable.Unit, group int) {
		_, n := figure.Histogram(sheet.Column(units, value), x.Min, x.Max, len(counts))
		a.Bars(c, edges, n, base, figure.Series(group))
	}
	for i, g := range groups {
		stack(g, i)
	}
	stack(none, -1)
	a.Draw(c, sheet.LabelGap)
	f.paintKey(c, b, len(none))
	if len(units) == 0 {
		sheet.Notice(c, b, "no active unit")
	}
}

// paintKey names the modules' colours above a histogram, as many as fit.
func (f *drawing) paintKey(c *figure.Canvas, b figure.Box, none int) {
	x := b.X + 1
	entry := func(name string, ink color.RGBA) {
		label := figure.Type{Size: figure.Small, Y: figure.End}
		w := figure.TextWidth(name, label)
		if x+2.4+w > b.Right()+1 {
			return
		}
		c.FillRect(figure.Box{X: x, Y: b.Y - 3.1, W: 1.6, H: 1.6}, ink)
		c.Text(x+2.3, b.Y-1.6, name, label)
		x += 2.3 + w + 2.5
	}
	for i, m := range f.Modules {
		entry(fmt.Sprintf("module %d", m.Module+1), figure.Series(i))
	}
	if none > 0 {
		entry("no module", figure.Series(-1))
	}
}

// paintPhases draws the pairs of phases with the histogram of the first of each pair
// above, and the phases as places in the unit cell of the lattice.
func (f *drawing) paintPhases(c *figure.Canvas, y float64) {
	const width, high, gap, pitch, left = 32.0, 10.0, 2.5, 43.0, 11.0
	ink := figure.Series(f.colour)
	turn := figure.Axis{Min: -math.Pi, Max: math.Pi, Ticks: []figure.Tick{{At: -math.Pi, Label: "−π"}, {At: 0, Label: "0"}, {At: math.Pi, Label: "π"}}}
	bare := figure.Axis{Min: -math.Pi, Max: math.Pi, Ticks: []figure.Tick{{At: -math.Pi}, {At: 0}, {At: math.Pi}}}
	counts := [3][]float64{}
	var edges []float64
	top := 1.0
	for i := range counts {
		edges, counts[i] = figure.Histogram(sheet.Column(f.units, phaseOf[i]), -math.Pi, math.Pi, phaseBins)
		top = math.Max(top, figure.Peak(counts[i]))
	}
	for i := range counts {
		j := (i + 1) % 3
		x := left + pitch*float64(i)
		h := figure.Axes{Box: figure.Box{X: x, Y: y, W: width, H: high}, X: bare,
			Y: figure.Axis{Min: 0, Max: math.Ceil(top * 1.05), Ticks: countEnds(top)}}
		h.Bars(c, edges, counts[i], make([]float64, phaseBins), ink)
		h.HLine(c, float64(len(f.units))/phaseBins, evenDashes)
		if f.module != nil {
			c.Text(x+width/2, y-0.8, "p = "+probability(f.rayleigh()[i]), figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
		}
		if i == 0 {
			h.Y.Label = "units"
		}
		h.Draw(c, sheet.LabelGap-2)

		square := turn
		square.Label = "φ" + subscript[i] + " (rad)"
		up := turn
		up.Label = "φ" + subscript[j] + " (rad)"
		a := figure.Axes{Box: figure.Box{X: x, Y: y + high + gap, W: width, H: width}, X: square, Y: up}
		c.Discs(a.Points(sheet.Column(f.units, phaseOf[i]), sheet.Column(f.units, phaseOf[j])), 0.7, ink)
		a.DrawFrame(c, sheet.LabelGap-2)
		if len(f.units) == 0 {
			sheet.Notice(c, a.Box, "no module")
		}
	}
	cell := figure.Box{X: left + 3*pitch, Y: y + high + gap, W: figure.Width - left - 3*pitch, H: width}
	f.paintUnitCell(c, cell)
	if f.module == nil {
		return
	}
	small := figure.Type{Size: figure.Small, Y: figure.Middle}
	at := figure.Point{X: cell.X, Y: y + 1}
	c.Line(evenDashes, at, figure.Point{X: at.X + 5, Y: at.Y})
	c.Text(at.X+6, at.Y, "even phases", small)
	c.Text(at.X, at.Y+3.3, "p: chance of phases as", small)
	c.Text(at.X, at.Y+6.3, "uneven if uniform; all: "+probability(f.module.Uniform), small)
}

// evenDashes are the dashes at the mean count.
var evenDashes = figure.Stroke{Color: figure.Black, Width: figure.Thin, Dash: []float64{2, 1.5}}

// rayleigh are the p of the Rayleigh tests of the module's phases.
func (f *drawing) rayleigh() [3]float64 {
	return [3]float64{f.module.Rayleigh1, f.module.Rayleigh2, f.module.Rayleigh3}
}

// probability writes a p with two decimals, or what it is below.
func probability(p float64) string {
	if p < 0.01 {
		return "below 0.01"
	}
	return figure.Number(p, 2)
}

// countEnds marks 0 and the tallest bin of a small histogram.
func countEnds(top float64) []figure.Tick {
	return []figure.Tick{{At: 0, Label: "0"}, {At: top, Label: figure.Number(top, 0)}}
}

// paintUnitCell draws the offsets of the module's units.
func (f *drawing) paintUnitCell(c *figure.Canvas, b figure.Box) {
	if f.module == nil {
		sheet.Notice(c, b, "no module")
		return
	}
	sheet.UnitCell(c, b, sheet.WaveVectors(*f.module), f.units, f.colour)
}

// phaseInk colours the states by k_a·x of where the network was; without a module
// by the share of the box along x (a = 0) or y.
func (f *drawing) phaseInk(a int) (ink func(i int) color.RGBA, key string) {
	if f.module == nil {
		share := func(v float32) float64 { return 0.5 + float64(v)/f.BoxM }
		if a == 0 {
			return func(i int) color.RGBA { return f.power(share(f.States[i].X)) }, "x"
		}
		return func(i int) color.RGBA { return f.power(share(f.States[i].Y)) }, "y"
	}
	k := sheet.WaveVectors(*f.module)[a]
	return func(i int) color.RGBA {
		s := f.States[i]
		return f.phase((k[0]*float64(s.X)+k[1]*float64(s.Y))/(2*math.Pi) + 0.5)
	}, "k" + subscript[a] + "·x"
}

// paintEmbedding draws an embedding of the states from two sides.
func (f *drawing) paintEmbedding(c *figure.Canvas, first, second figure.Box, name string, of func(embedtable.Point) []float32) {
	points := make([][3]float64, len(f.States))
	for i, s := range f.States {
		x := of(s)
		points[i] = [3]float64{float64(x[0]), float64(x[1]), float64(x[2])}
	}
	for a, b := range []figure.Box{first, second} {
		ink, key := f.phaseInk(a)
		view := figure.View{Azimuth: f.p.Azimuth + 90*float64(a), Elevation: f.p.Elevation}
		if c.Cloud3(b, view, points, ink, 0.4, [3]string{"1", "2", "3"}) == 0 {
			sheet.Notice(c, b, name+" undefined")
			continue
		}
		c.Text(b.X+b.W/2, b.Bottom()+1, "coloured by "+key, figure.Type{Size: figure.Normal, X: figure.Middle})
	}
	c.Text((first.X+second.Right())/2, first.Y+0.5, name, figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
	f.paintPhaseBar(c, figure.Box{X: second.Right() + 3, Y: second.Y + 6, W: 2.4, H: second.H - 12})
}

// paintPhaseBar is the key of phaseInk.
func (f *drawing) paintPhaseBar(c *figure.Canvas, b figure.Box) {
	if f.module == nil {
		half := f.BoxM / 2
		c.ColorBar(b, f.power, -half, half, []figure.Tick{{At: -half, Label: figure.Number(-half, 1)}, {At: 0, Label: "0"}, {At: half, Label: figure.Number(half, 1)}}, "position (m)")
		return
	}
	c.ColorBar(b, f.phase, -math.Pi, math.Pi,
		[]figure.Tick{{At: -math.Pi, Label: "−π"}, {At: 0, Label: "0"}, {At: math.Pi, Label: "π"}}, "phase of position (rad)")
}

// paintVariance draws the share of the states' variance in the principal components, summed up.
func (f *drawing) paintVariance(c *figure.Canvas, b figure.Box) {
	n := min(len(f.PCA), 10)
	last := float64(max(n, 1))
	a := figure.Axes{Box: b,
		X: figure.Axis{Min: 0.25, Max: last + 0.75, Label: "component", Ticks: countFrom1(n)},
		Y: figure.Axis{Min: 0, Max: 1, Label: "variance explained", Ticks: figure.Ticks(0, 1, 5)}}
	var line []figure.Point
	sum := 0.0
	for i, p := range f.PCA[:n] {
		if math.IsNaN(p.VarianceRatio) {
			continue
		}
		x := float64(i + 1)
		lo, hi := a.At(x-0.36, 0), a.At(x+0.36, p.VarianceRatio)
		c.FillRect(figure.Box{X: lo.X, Y: hi.Y, W: hi.X - lo.X, H: lo.Y - hi.Y}, figure.Pale)
		sum += p.VarianceRatio
		line = append(line, a.At(x, math.Min(sum, 1)))
	}
	a.Draw(c, sheet.LabelGap)
	c.Line(figure.Stroke{Color: figure.Black, Width: figure.Thin}, line...)
	c.Discs(line, 0.6, figure.Black)
	c.Text(b.X+b.W/2, b.Y-1.6, "principal components", figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
}

// paintEigenvalues draws the lowest eigenvalues of the graph Laplacian; a hexagonal torus has six
// close ones.
func (f *drawing) paintEigenvalues(c *figure.Canvas, b figure.Box) {
	n := min(len(f.Eigenvalues), 9)
	top := 0.0
	for _, e := range f.Eigenvalues[:n] {
		if e.Value > top {
			top = e.Value
		}
	}
	if top == 0 {
		top = 1
	}
	a := figure.Axes{Box: b,
		X: figure.Axis{Min: 0.25, Max: float64(max(n, 1)) + 0.75, Label: "index", Ticks: countFrom1(n)},
		Y: figure.Axis{Min: 0, Max: 1.1 * top, Label: "eigenvalue", Ticks: figure.Ticks(0, 1.1*top, 4)}}
	var at []figure.Point
	for i, e := range f.Eigenvalues[:n] {
		if !math.IsNaN(e.Value) {
			at = append(at, a.At(float64(i+1), e.Value))
		}
	}
	a.Draw(c, sheet.LabelGap+0.8)
	c.Discs(at, 0.7, figure.Black)
	c.Text(b.X+b.W/2, b.Y-1.6, "graph Laplacian", figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
}

// countFrom1 labels every third of 1..n.
func countFrom1(n int) []figure.Tick {
	var ticks []figure.Tick
	for i := 1; i <= n; i++ {
		t := figure.Tick{At: float64(i)}
		if i%3 == 0 || n < 3 {
			t.Label = figure.Number(t.At, 0)
		}
		ticks = append(ticks, t)
	}
	return ticks
}

// paintRings draws the states on the three planes of the module's phases, to one scale.
func (f *drawing) paintRings(c *figure.Canvas, y float64) {
	const width, pitch, left = 36.0, 50.5, 11.0
	reach := 0.0
	for _, ring := range f.rings {
		for _, p := range ring {
			reach = math.Max(reach, math.Max(math.Abs(p[0]), math.Abs(p[1])))
		}
	}
	if reach == 0 {
		reach = 1
	}
	reach *= 1.08
	ticks := symmetricTicks(reach)
	for i := range f.rings {
		b := figure.Box{X: left + pitch*float64(i), Y: y, W: width, H: width}
		a := figure.Axes{Box: b,
			X: figure.Axis{Min: -reach, Max: reach, Label: "Σ cos φ" + subscript[i] + " g", Ticks: ticks},
			Y: figure.Axis{Min: -reach, Max: reach, Label: "Σ sin φ" + subscript[i] + " g", Ticks: ticks}}
		a.DrawFrame(c, sheet.LabelGap)
		if f.module == nil || len(f.rings[i]) == 0 {
			sheet.Notice(c, b, "no module: no ring")
			continue
		}
		ink, key := f.phaseInk(i)
		var dots []figure.Dot
		for j, s := range f.States {
			if at := a.At(float64(s.Rings[2*i]), float64(s.Rings[2*i+1])); !math.IsNaN(at.X + at.Y) {
				dots = append(dots, figure.Dot{Point: at, Color: ink(j)})
			}
		}
		c.Cloud(b, dots, 0.35)
		c.Rect(b, figure.Stroke{Color: figure.Black, Width: figure.Thin})
		c.Text(b.X+b.W/2, b.Y-1.6, fmt.Sprintf("%s, radius %s", key, figure.Number(ringRadius(f.rings[i]), 2)),
			figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
	}
	if f.module != nil {
		lo, hi := radiiOf(len(f.units))
		c.Text(left, y+width+9.5, fmt.Sprintf("radii in the paper: %s–%s with %d units, which is %s–%s with %d, as √units",
			figure.Number(paperRadii[0], 1), figure.Number(paperRadii[1], 1), paperUnits, figure.Number(lo, 1), figure.Number(hi, 1), len(f.units)), figure.Type{Size: figure.Small})
		f.paintPhaseBar(c, figure.Box{X: left + 2*pitch + width + 4, Y: y + 3, W: 2.4, H: width - 6})
	}
}
