package plot

import (
	"context"
	"fmt"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
)

// Figure1Params says how figure 1 is drawn.
type Figure1Params struct {
	DPI                int    `json:"dpi" range:"[50, 1200]" default:"200" doc:"dots per inch of the PNG"`
	RateColours        string `json:"rate_colours" range:"cyclic|diverging|grey|jet|viridis" default:"jet" doc:"colour map of ratemaps, as in the paper"`
	CorrelationColours string `json:"correlation_colours" range:"cyclic|diverging|grey|jet|viridis" default:"diverging" doc:"colour map of autocorrelograms"`
}

// Check returns an error that names the first impossible parameter.
func (p Figure1Params) Check() error {
	for _, err := range []error{checkDPI(p.DPI), checkMap("rate_colours", p.RateColours), checkMap("correlation_colours", p.CorrelationColours)} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Moment is a row of the ideal stage's "walk": a place (m), and the spikes of the cell of panel a.
type Moment struct {
	X      float32 `col:"x"`
	Y      float32 `col:"y"`
	Spikes int32   `col:"spikes"`
}

// Figure1Data is what figure 1 shows of idealised cells, as measured by the spectra stage.
type Figure1Data struct {
	BoxM             float64
	PerModule        int // cells of each idealised module, in the order of the units
	Walk             []Moment
	Maps             []RateMap
	Units            []Unit
	Modules          []Module
	Autocorrelograms []Autocorrelogram
}

type figure1Numbers struct {
	Figure  string          `json:"figure"`
	BoxM    number          `json:"box_m"`
	Cells   int             `json:"cells"`
	Modules []moduleNumbers `json:"modules"`
}

// Figure1 reads walk and maps of the ideal stage and units, modules and autocorrelograms of their spectra, and emits figure 1.
func Figure1(_ context.Context, p Figure1Params, t *pipeline.Task) error {
	r := reader{t: t}
	d := Figure1Data{Units: read[Unit](&r, "units"), Modules: read[Module](&r, "modules"),
		Autocorrelograms: read[Autocorrelogram](&r, "autocorrelograms"), Maps: read[RateMap](&r, "maps"), Walk: read[Moment](&r, "walk")}
	if per := metaNumber(&r, "walk", "cells_per_module"); r.err == nil {
		d.PerModule = int(per)
	}
	d.BoxM = r.box
	return r.emit(func() ([]File, error) { return DrawFigure1(d, p) })
}

// walkShown is how many steps of the walk panel a shows: more would hide its spikes.
const walkShown = 6000

// DrawFigure1 draws idealised cells, and says so: (a) spikes on a walk, (b) ratemaps and autocorrelograms of two cells, (c) modules,
// (d) the phases of one.
func DrawFigure1(d Figure1Data, p Figure1Params) ([]File, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("figure-1: %w", err)
	}
	net, err := newNetwork(d.Units, d.Maps)
	if err != nil {
		return nil, fmt.Errorf("figure-1: %w", err)
	}
	if d.PerModule < 1 || len(net.units) < 2*d.PerModule {
		return nil, fmt.Errorf("figure-1: %d cells, want two modules of %d", len(net.units), d.PerModule)
	}
	rates, _ := figure.MapNamed(p.RateColours)
	correlations, _ := figure.MapNamed(p.CorrelationColours)
	page := figure.Page{Title: "Figure 1: grid cells, idealised", Height: 128, DPI: p.DPI}
	paint := func(c *figure.Canvas) {
		c.PanelLetter(0, 0.3, "a")
		d.paintWalk(c, figure.Box{X: 5, Y: 6, W: 52, H: 52})
		c.PanelLetter(66, 0.3, "b")
		d.paintCells(c, net, 72, 6, rates, correlations)
		c.PanelLetter(126, 0.3, "d")
		d.paintPhases(c, figure.Box{X: 132, Y: 10, W: 45, H: 40})
		c.PanelLetter(0, 68, "c")
		d.paintModules(c, net, 74, rates)
		c.Text(0, 127.5, "Idealised cells: rectified sums of three plane waves that spike at random on a walk; no network, no recording. Measured like those of figure 4.",
			figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	}
	return files("figure-1", page, paint, figure1Numbers{"figure-1", number(d.BoxM), len(net.units), moduleTable(d.Modules)})
}

// paintWalk draws the walk and the spikes of the first cell of the second module.
func (d Figure1Data) paintWalk(c *figure.Canvas, b figure.Box) {
	half := d.BoxM / 2
	a := figure.Axes{Box: b, X: figure.Axis{Min: -half, Max: half}, Y: figure.Axis{Min: -half, Max: half}}
	shown := d.Walk[:min(len(d.Walk), walkShown)]
	var way, spikes []figure.Point
	for _, m := range shown {
		at := a.At(float64(m.X), float64(m.Y))
		way = append(way, at)
		if m.Spikes > 0 {
			spikes = append(spikes, at)
		}
	}
	c.Line(figure.Stroke{Color: figure.Pale, Width: 0.25}, way...)
	c.Discs(spikes, 0.42, figure.Red)
	c.Rect(b, figure.Stroke{Color: figure.Black, Width: figure.Thin})
	title(c, b, fmt.Sprintf("%d spikes on a walk of %d steps", len(spikes), len(shown)))
	c.ScaleBar(b.X, b.Bottom()+3, d.BoxM, b.W)
}

// paintCells draws ratemap and autocorrelogram of a cell of each of the first two modules.
func (d Figure1Data) paintCells(c *figure.Canvas, net network, x, y float64, rates, correlations figure.Map) {
	const size, gap = 23.0, 3.5
	values := map[int32][]float32{}
	for _, s := range d.Autocorrelograms {
		values[s.Unit] = s.Values
	}
	for i := range 2 {
		u := net.units[i*d.PerModule]
		top := figure.Box{X: x + (size+gap)*float64(i), Y: y, W: size, H: size}
		title(c, top, "rate, "+figure.Length(u.Period))
		c.RateMap(top, net.maps[u.Unit], net.bins, rates)
		below := figure.Box{X: top.X, Y: top.Bottom() + 6, W: size, H: size}
		title(c, below, "autocorrelogram")
		n := 2*net.bins - 1
		if v := values[u.Unit]; len(v) == n*n {
			c.Image(below, figure.HeatMap(v, n, -1, 1, correlations))
		}
		c.Rect(below, figure.Stroke{Color: figure.Black, Width: figure.Hair})
		c.Text(below.X+size/2, below.Bottom()+1.2, "score "+figure.Number(u.Score, 2), figure.Type{Size: figure.Small, X: figure.Middle})
	}
}

// paintModules draws cells of each module, and period over orientation of all.
func (d Figure1Data) paintModules(c *figure.Canvas, net network, y float64, rates figure.Map) {
	const size, gap = 13.0, 1.5
	groups, _ := byModule(net.units, d.Modules)
	for i, g := range groups {
		if i == 3 {
			break
		}
		top := y + (size+gap+0.5)*float64(i)
		c.Text(5, top+size/2, figure.Length(d.Modules[i].Period), figure.Type{Size: figure.Small, Color: figure.Series(i), Bold: true, Y: figure.Middle})
		for j, u := range g {
			if j == 6 {
				break
			}
			c.RateMap(figure.Box{X: 16 + (size+gap)*float64(j), Y: top, W: size, H: size}, net.maps[u.Unit], net.bins, rates)
		}
	}
	b := figure.Box{X: 126, Y: y + 1, W: 48, H: 36}
	top := math.Max(periodRange(net.units), 0.5)
	a := figure.Axes{Box: b, X: figure.Axis{Max: 60, Label: "orientation (deg)", Ticks: figure.Ticks(0, 60, 4)},
		Y: figure.Axis{Max: top, Label: "period (m)", Ticks: figure.Ticks(0, top, 4)}}
	draw := func(units []Unit, group int) {
		c.Discs(a.Points(column(units, orientation), column(units, period)), 0.7, figure.Series(group))
	}
	_, none := byModule(net.units, d.Modules)
	draw(none, -1)
	for i, g := range groups {
		draw(g, i)
	}
	a.Draw(c, labelGap)
	if len(groups) == 0 {
		notice(c, b, "no module was found")
	}
}

// paintPhases draws the offsets of the cells of the first module in its unit cell.
func (d Figure1Data) paintPhases(c *figure.Canvas, b figure.Box) {
	if len(d.Modules) == 0 {
		notice(c, b, "no module was found")
		return
	}
	unitCell(c, b, d.Modules[0].waveVectors(), members(d.Units, d.Modules[0].Module), 0)
}
