package figuretraining

import (
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/train/traintable"
)

// power is the power spectrum of all active units.
type power struct {
	values    []float64 // as the table has it
	bins      int       // a side
	step      float64   // rad/m
	radial    []float64 // share of the power in rings of one step, from wave number step/2 on
	total     float64   // without the mean
	strongest float64   // wave number of the strongest wave vector
}

func powerOf(spectra []spectratable.Spectrum) (p power, err error) {
	i := slices.IndexFunc(spectra, func(s spectratable.Spectrum) bool { return s.Module < 0 })
	if i < 0 {
		return p, fmt.Errorf("spectrum: no row of all active units")
	}
	p.values, p.step = spectra[i].Power, spectra[i].Step
	if p.bins, err = sheet.Side("power spectrum", len(p.values)); err != nil {
		return p, err
	}
	if !(p.step > 0) {
		return p, fmt.Errorf("power spectrum: wave number step %g rad/m, want a positive one", p.step)
	}
	p.radial = make([]float64, p.bins/2)
	most := 0.0
	p.strongest = math.NaN()
	for i, v := range p.values {
		x, y := i%p.bins-p.bins/2, i/p.bins-p.bins/2
		if x == 0 && y == 0 || !(v > 0) { // the mean is no wave
			continue
		}
		p.total += v
		k := math.Hypot(float64(x), float64(y))
		if ring := int(math.Round(k)) - 1; ring < len(p.radial) {
			p.radial[ring] += v
		}
		if v > most {
			most, p.strongest = v, k*p.step
		}
	}
	if p.total > 0 {
		for i := range p.radial {
			p.radial[i] /= p.total
		}
	}
	return p, nil
}

// peaks are the bins of the strongest peaks, each with its eight neighbours: off the spectrum's grid a
// wave has its power in several bins.
func (p power) peaks(n int) map[int]bool {
	bins := map[int]bool{}
	for range n {
		best := -1
		for i, v := range p.values {
			if i != p.bins/2*p.bins+p.bins/2 && !bins[i] && v > 0 && (best < 0 || v > p.values[best]) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if x, y := best%p.bins+dx, best/p.bins+dy; x >= 0 && y >= 0 && x < p.bins && y < p.bins {
					bins[y*p.bins+x] = true
				}
			}
		}
	}
	return bins
}

// share is that of the power in some bins, without the mean.
func (p power) share(bins map[int]bool) float64 {
	sum := 0.0
	for i := range p.values {
		if bins[i] && i != p.bins/2*p.bins+p.bins/2 && p.values[i] > 0 {
			sum += p.values[i]
		}
	}
	return sum / p.total // NaN where nothing varies
}

// stepAxis is one of the logarithm of the steps from the first that the history or a snapshot after
// the start has; the start itself stands before it.
func (f drawing) stepAxis() (a figure.Axis, at func(step float64) float64) {
	last := float64(f.Snapshots[len(f.Snapshots)-1].Step)
	first := math.Log10(math.Max(float64(f.Snapshots[1].Step), 1))
	zero := first - 0.35
	a = figure.Axis{Min: zero - 0.12, Max: math.Max(math.Log10(math.Max(last, 1)), first+0.5) + 0.05, Label: "steps"}
	a.Ticks = []figure.Tick{{At: zero, Label: "0"}}
	for e := math.Ceil(first - 1e-9); e <= a.Max; e++ {
		a.Ticks = append(a.Ticks, figure.Tick{At: e, Label: stepText(int(math.Pow(10, e)))})
	}
	return a, func(step float64) float64 {
		if step < 1 {
			return zero
		}
		return math.Log10(step)
	}
}

// paintLosses draws the loss and each of its terms in a panel of its own.
func (f drawing) paintLosses(c *figure.Canvas) {
	type curve struct {
		name  string
		value func(traintable.Losses) float64
	}
	curves := []curve{{"loss", func(l traintable.Losses) float64 { return l.Total }}}
	for _, term := range f.p.terms() {
		curves = append(curves, curve{term.String(), func(l traintable.Losses) float64 { return l.Values[term] }})
	}
	const left, room = 12.0, 13.0
	width := (figure.Width - left - 1 - room*float64(len(curves)-1)) / float64(len(curves))
	for i, curve := range curves {
		x, at := f.stepAxis()
		x.Ticks = x.Ticks[1:] // no loss is of step 0
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, row := range f.History {
			if v := curve.value(row); !math.IsNaN(v) {
				lo, hi = math.Min(lo, v), math.Max(hi, v)
			}
		}
		if !(lo < hi) {
			lo, hi = lo-0.5, lo+0.5
		}
		margin := 0.05 * (hi - lo)
		b := figure.Box{X: left + (width+room)*float64(i), Y: lossesY, W: width, H: lossH}
		a := figure.Axes{Box: b, X: x, Y: figure.Axis{Min: lo - margin, Max: hi + margin, Ticks: figure.Ticks(lo-margin, hi+margin, 4)}}
		var way []figure.Point
		for _, row := range f.History {
			if p := at(float64(row.Step)); a.Holds(p, curve.value(row)) {
				way = append(way, a.At(p, curve.value(row)))
			}
		}
		c.Line(figure.Stroke{Color: figure.Black, Width: figure.Thick}, way...)
		c.Discs(way[:min(1, len(way))], 0.5, figure.Black)
		if width < 30 { // room for every other label
			for k := range a.X.Ticks {
				if k%2 == 0 {
					a.X.Ticks[k].Label = ""
				}
			}
		}
		a.Draw(c, sheet.LabelGap)
		sheet.Title(c, b, curve.name)
	}
}

// paintMeasures draws what becomes of the variance explained by position, the grid score and the
// power's concentration.
func (f drawing) paintMeasures(c *figure.Canvas, b figure.Box) {
	x, at := f.stepAxis()
	least := -0.5
	for _, s := range f.Snapshots {
		if s.Summary.Score < least {
			least = math.Floor(2*s.Summary.Score) / 2
		}
	}
	a := figure.Axes{Box: b, X: x, Y: figure.Axis{Min: least, Max: 1.5, Ticks: figure.Ticks(least, 1.5, 4), Label: "share, or grid score"}}
	a.HLine(c, 0, figure.Stroke{Color: figure.Pale, Width: figure.Hair})
	for k, line := range []struct {
		name  string
		value func(i int) float64
		mark  func(at []figure.Point)
	}{
		{"variance explained", func(i int) float64 { return f.Snapshots[i].Summary.Explained }, func(at []figure.Point) { c.Discs(at, 0.8, figure.Series(0)) }},
		{"grid score", func(i int) float64 { return f.Snapshots[i].Summary.Score }, func(at []figure.Point) {
			c.Circles(at, 0.8, figure.Stroke{Color: figure.Series(1), Width: figure.Thick})
		}},
		{"power of the last lattice", func(i int) float64 { return f.lattice[i] }, func(at []figure.Point) {
			c.Crosses(at, 0.8, figure.Stroke{Color: figure.Series(2), Width: figure.Thick})
		}},
	} {
		var way []figure.Point
		for i, s := range f.Snapshots {
			if p, v := at(float64(s.Step)), line.value(i); a.Holds(p, v) {
				way = append(way, a.At(p, v))
			}
		}
		c.Line(figure.Stroke{Color: figure.Series(k), Width: figure.Thin}, way...)
		line.mark(way)
		key := figure.Point{X: b.X + 24*float64(k), Y: b.Y - 2.4}
		line.mark([]figure.Point{key})
		c.Text(key.X+2, key.Y, line.name, figure.Type{Size: figure.Small, Y: figure.Middle})
	}
	a.Draw(c, sheet.LabelGap)
}

// reach is how many rings of the spectra are shown: those that hold 95 % of the power at the end.
func (f drawing) reach() int {
	last := f.power[len(f.power)-1].radial
	sum := 0.0
	for i, v := range last {
		if sum += v; sum >= 0.95 && i >= 5 {
			return i + 1
		}
	}
	return len(last)
}

// paintPower draws the share of the power by wave number, a column a snapshot.
func (f drawing) paintPower(c *figure.Canvas, b figure.Box) {
	rings, n := f.reach(), len(f.power)
	image := make([]float64, rings*n)
	most := 0.0
	for i, p := range f.power {
		for ring := range min(rings, len(p.radial)) {
			image[ring*n+i] = p.radial[ring]
			most = math.Max(most, p.radial[ring])
		}
	}
	if most == 0 {
		most = 1
	}
	c.Image(b, figure.HeatMap(image, n, 0, most, figure.Viridis))
	step := f.power[n-1].step
	a := figure.Axes{Box: b, X: figure.Axis{Max: float64(n), Label: "steps"}, Y: figure.Axis{Min: 0.5 * step, Max: (float64(rings) + 0.5) * step, Label: "wave number (rad/m)"}}
	a.Y.Ticks = figure.Ticks(a.Y.Min, a.Y.Max, 4)
	for i, s := range f.Snapshots {
		t := figure.Tick{At: float64(i) + 0.5}
		if i%2 == 1 || i == 0 {
			t.Label = stepText(s.Step)
		}
		a.X.Ticks = append(a.X.Ticks, t)
	}
	a.DrawFrame(c, sheet.LabelGap)
	c.Text(b.Right()+1, b.Y-1.2, "period", figure.Type{Size: figure.Small, Y: figure.End})
	for _, period := range []float64{0.25, 0.5, 1, 2} {
		// The shortest wave vectors of a hexagonal lattice have length 4π / (√3 period).
		if k := 4 * math.Pi / (math.Sqrt(3) * period); k >= a.Y.Min && k <= a.Y.Max {
			p := a.At(float64(n), k)
			c.Line(figure.Stroke{Color: figure.Black, Width: figure.Thin}, p, figure.Point{X: p.X + 0.9, Y: p.Y})
			c.Text(p.X+1.6, p.Y, figure.Metres(period), figure.Type{Size: figure.Small, Y: figure.Middle})
		}
	}
	c.ColorBar(figure.Box{X: b.Right() + 13, Y: b.Y, W: 2.4, H: b.H}, figure.Viridis, 0, most, figure.Ticks(0, most, 4), "share of power")
}

// half is how many bins of the spectra are shown to each side of the middle.
func (f drawing) half() int { return min(f.reach(), (f.power[0].bins-1)/2) }

// paintGrid draws spectrum and ratemaps of every snapshot in a column.
func (f drawing) paintGrid(c *figure.Canvas) {
	size := f.size()
	row := func(k int) float64 { return gridY + (size+gap)*float64(k) }
	side := figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.Middle, Upward: true}
	c.Text(gridX-4, row(0)+size/2, "power", side)
	for k, u := range f.cells {
		c.Text(gridX-4, row(k+1)+size/2, fmt.Sprintf("unit %d", u.Unit), side)
	}
	for i, s := range f.Snapshots {
		x := gridX + (size+gap)*float64(i)
		c.Text(x+size/2, gridY-1.6, "step "+stepText(s.Step), figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
		p := f.power[i]
		half := f.half()
		middle := sheet.Crop(p.values, p.bins, half)
		middle[len(middle)/2] = 0 // the mean
		b := figure.Box{X: x, Y: row(0), W: size, H: size}
		if peak := figure.Peak(middle); peak > 0 {
			c.Image(b, figure.HeatMap(middle, 2*half+1, 0, peak, figure.Viridis))
		}
		c.Rect(b, figure.Stroke{Color: figure.Black, Width: figure.Hair})
		for k, u := range f.cells {
			f.nets[i].UnitMap(c, figure.Box{X: x, Y: row(k + 1), W: size, H: size}, s.unit(u.Unit), f.p.RateColours.Map())
		}
	}
	if len(f.cells) == 0 {
		c.Text(gridX, row(1)+2, "no active unit at the end", figure.Type{Size: figure.Small, Color: figure.Grey})
		return
	}
	y := row(len(f.cells)+1) + 1
	c.ScaleBar(figure.Point{X: gridX, Y: y}, f.BoxM, size)
	sheet.RateBar(c, figure.Box{X: gridX + 46, Y: y - 0.6, W: 26, H: 2.4}, f.p.RateColours.Map())
}

// unit is the unit of this number at the snapshot.
func (s Snapshot) unit(number int32) spectratable.Unit {
	for _, u := range s.Units {
		if u.Unit == number {
			return u
		}
	}
	return spectratable.Unit{Unit: number, Modulation: math.NaN()}
}
