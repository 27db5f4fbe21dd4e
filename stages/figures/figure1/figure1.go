// Package figure1 draws idealised grid cells: what is to be explained. No network is trained for
// it.
package figure1

import (
	"context"
	"fmt"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ideal/idealtable"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Data is what figure 1 shows of idealised cells, as measured by the spectra stage.
type Data struct {
	BoxM             float64
	PerModule        int // cells of each idealised module, in the order of the units
	Walk             []idealtable.Step
	Maps             []ratemapstable.Map
	Units            []spectratable.Unit
	Modules          []spectratable.Module
	Autocorrelograms []spectratable.Autocorrelogram
}

type shownNumbers struct {
	Figure  string                `json:"figure"`
	BoxM    sheet.Number          `json:"box_m"`
	Cells   int                   `json:"cells"`
	Modules []sheet.ModuleNumbers `json:"modules"`
}

// Run reads walk and maps of the ideal stage and units, modules and autocorrelograms of their
// spectra, and emits figure 1.
func Run(_ context.Context, p sheet.CorrelationParams, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	d := Data{Units: sheet.Read[spectratable.Unit](&r, "units"), Modules: sheet.Read[spectratable.Module](&r, "modules"),
		Autocorrelograms: sheet.Read[spectratable.Autocorrelogram](&r, "autocorrelograms"), Maps: sheet.Read[ratemapstable.Map](&r, "maps"), Walk: sheet.Read[idealtable.Step](&r, "walk")}
	if per := sheet.MetaNumber(&r, "walk", "cells_per_module"); r.Err == nil {
		d.PerModule = int(per)
	}
	d.BoxM = r.Box
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// walkShown is how many steps of the walk panel a shows: more would hide its spikes.
const walkShown = 6000

// Draw draws idealised cells, and says so: (a) spikes on a walk, (b) ratemaps and autocorrelograms
// of two cells, (c) the phases of a module, (d) modules.
func Draw(d Data, p sheet.CorrelationParams) ([]sheet.File, error) {
	net, err := sheet.NewNetwork(d.Units, d.Maps)
	if err != nil {
		return nil, fmt.Errorf("figure-1: %w", err)
	}
	if d.PerModule < 1 || len(net.Units) < 2*d.PerModule {
		return nil, fmt.Errorf("figure-1: %d cells, want two modules of %d", len(net.Units), d.PerModule)
	}
	rates := p.RateColours.Map()
	correlations := p.CorrelationColours.Map()
	page := figure.Page{Height: 132, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		c.PanelLetter(0, 0.3, "a")
		d.paintWalk(c, figure.Box{X: 5, Y: 6, W: 52, H: 52})
		c.PanelLetter(66, 0.3, "b")
		d.paintCells(c, net, 72, 6, rates, correlations)
		c.PanelLetter(126, 0.3, "c")
		d.paintPhases(c, figure.Box{X: 132, Y: 10, W: 45, H: 40})
		c.PanelLetter(0, 70, "d")
		d.paintModules(c, net, 76, rates)
		c.Text(0, 131.5, "Idealised cells: rectified sums of three plane waves that spike at random on a walk; no network, no recording. Measured like those of figure 4.",
			figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	}
	return sheet.Render("figure-1", page, paint, shownNumbers{"figure-1", sheet.Number(d.BoxM), len(net.Units), sheet.ModuleTable(d.Modules)}, d.caption())
}

func (d Data) caption() sheet.Caption {
	return sheet.Caption{
		Title: "Figure 1: grid cells, idealised",
		Lead: fmt.Sprintf("Cells whose rates are rectified sums of three plane waves, and that spike at random on a walk through a box of %s: no network, no recording. They are measured as trained networks are",
			figure.Metres(d.BoxM)),
		Panels: []sheet.Panel{
			{Panel: "a", Shows: "Spikes (red) of one cell on a part of the walk (grey)", Tables: []string{"walk"}},
			{Panel: "b", Shows: "Ratemap and autocorrelogram of a cell of each of the first two modules, with its period and its grid score (expanding ring)", Tables: []string{"maps", "units", "autocorrelograms"}},
			{Panel: "c", Shows: "Phases of the cells of module 1 as offsets in the unit cell of their lattice; a disc is a cell", Tables: []string{"units", "modules"}},
			{Panel: "d", Shows: "Left: six cells of each module, a row a module. Right: period against orientation of every cell, in the colours of the modules", Tables: []string{"maps", "units", "modules"}},
		},
		Notes: "Each ratemap is scaled to its peak; autocorrelograms run from −1 (blue) to 1 (red)",
	}
}

// paintWalk draws the walk and the spikes of the first cell of the second module.
func (d Data) paintWalk(c *figure.Canvas, b figure.Box) {
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
	sheet.Title(c, b, fmt.Sprintf("%d spikes on a walk of %d steps", len(spikes), len(shown)))
	c.ScaleBar(figure.Point{X: b.X, Y: b.Bottom() + 3}, d.BoxM, b.W)
}

// paintCells draws ratemap and autocorrelogram of a cell of each of the first two modules.
func (d Data) paintCells(c *figure.Canvas, net sheet.Network, x, y float64, rates, correlations figure.Map) {
	const size, gap = 23.0, 3.5
	values := map[int32][]float32{}
	for _, s := range d.Autocorrelograms {
		values[s.Unit] = s.Values
	}
	for i := range 2 {
		u := net.Units[i*d.PerModule]
		top := figure.Box{X: x + (size+gap)*float64(i), Y: y, W: size, H: size}
		sheet.Title(c, top, "rate, "+figure.Length(u.Period))
		net.UnitMap(c, top, u, rates)
		c.ScaleBar(figure.Point{X: top.X, Y: top.Bottom() + 1.6}, d.BoxM, size)
		below := figure.Box{X: top.X, Y: top.Bottom() + 8, W: size, H: size}
		sheet.Title(c, below, "autocorrelogram")
		n := 2*net.Bins - 1
		if v := values[u.Unit]; len(v) == n*n {
			c.Image(below, figure.HeatMap(v, n, -1, 1, correlations))
		}
		c.Rect(below, figure.Stroke{Color: figure.Black, Width: figure.Hair})
		c.ScaleBar(figure.Point{X: below.X, Y: below.Bottom() + 1.8}, 2*d.BoxM, size)
		c.Text(below.Right(), below.Bottom()+1.2, "score "+figure.Number(u.Score, 2), figure.Type{Size: figure.Small, X: figure.End})
	}
}

// paintModules draws cells of each module, and period over orientation of all.
func (d Data) paintModules(c *figure.Canvas, net sheet.Network, y float64, rates figure.Map) {
	const size, gap = 13.0, 1.5
	groups, _ := sheet.ByModule(net.Units, d.Modules)
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
			net.UnitMap(c, figure.Box{X: 16 + (size+gap)*float64(j), Y: top, W: size, H: size}, u, rates)
		}
	}
	c.ScaleBar(figure.Point{X: 16, Y: y + (size+gap+0.5)*float64(min(len(groups), 3)) + 1}, d.BoxM, size)
	b := figure.Box{X: 126, Y: y + 1, W: 48, H: 36}
	top := math.Max(sheet.PeriodRange(net.Units), 0.5)
	a := figure.Axes{Box: b, X: figure.Axis{Max: 60, Label: "orientation (deg)", Ticks: figure.Ticks(0, 60, 4)},
		Y: figure.Axis{Max: top, Label: "period (m)", Ticks: figure.Ticks(0, top, 4)}}
	draw := func(units []spectratable.Unit, group int) {
		c.Discs(a.Points(sheet.Column(units, sheet.Orientation), sheet.Column(units, sheet.Period)), 0.7, figure.Series(group))
	}
	_, none := sheet.ByModule(net.Units, d.Modules)
	draw(none, -1)
	for i, g := range groups {
		draw(g, i)
	}
	a.Draw(c, sheet.LabelGap)
	if len(groups) == 0 {
		sheet.Notice(c, b, "no module was found")
	}
}

// paintPhases draws the offsets of the cells of the first module in its unit cell.
func (d Data) paintPhases(c *figure.Canvas, b figure.Box) {
	if len(d.Modules) == 0 {
		sheet.Notice(c, b, "no module was found")
		return
	}
	sheet.UnitCell(c, b, sheet.WaveVectors(d.Modules[0]), sheet.Members(d.Units, d.Modules[0].Module), 0)
}
