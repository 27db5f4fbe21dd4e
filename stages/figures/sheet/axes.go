package sheet

import (
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/stages/spectra/spectratable"
)

// Crop cuts the square of 2 half + 1 about the middle n/2 out of a square of n.
func Crop[T any](values []T, n, half int) []T {
	out := make([]T, 0, (2*half+1)*(2*half+1))
	for y := n/2 - half; y <= n/2+half; y++ {
		out = append(out, values[y*n+n/2-half:y*n+n/2+half+1]...)
	}
	return out
}

// PeriodRange is the top of a period axis: half a metre or more, in steps of 0.5 m.
func PeriodRange(units []spectratable.Unit) float64 {
	top := figure.Peak(Column(units, Period))
	if !(top > 0) {
		return 1
	}
	return math.Ceil(top*1.05/0.5) * 0.5
}

// CountRange is the top of an axis of counts, at least 4.
func CountRange(counts []float64) float64 {
	top := 4.0
	for _, n := range counts {
		top = math.Max(top, n)
	}
	return math.Ceil(top * 1.06)
}

// CountTicks are whole numbers.
func CountTicks(top float64) []figure.Tick {
	var ticks []figure.Tick
	for _, t := range figure.Ticks(0, top, 4) {
		if t.At == math.Trunc(t.At) {
			ticks = append(ticks, figure.Tick{At: t.At, Label: figure.Number(t.At, 0)})
		}
	}
	return ticks
}

// Notice writes a grey sentence into the middle of an empty panel.
func Notice(c *figure.Canvas, b figure.Box, s string) {
	c.Text(b.X+b.W/2, b.Y+b.H/2, s, figure.Type{Size: figure.Normal, Color: figure.Grey, X: figure.Middle, Y: figure.Middle})
}

// NamedSeeds is how many seeds leave room for the word at every tick.
const NamedSeeds = 7

// Bare strips the ticks of their labels.
func Bare(ticks []figure.Tick) []figure.Tick {
	out := make([]figure.Tick, len(ticks))
	for i, t := range ticks {
		out[i] = figure.Tick{At: t.At}
	}
	return out
}

// GreyDashes are the line at the score line, and at what chance would give.
var GreyDashes = figure.Stroke{Color: figure.Grey, Width: figure.Thin, Dash: []float64{2, 1.5}}

// LabelGap is the distance from a y axis to its label in mm.
const LabelGap = 9.0

// Title stands above a panel.
func Title(c *figure.Canvas, b figure.Box, text string) {
	c.Text(b.X+b.W/2, b.Y-1.6, text, figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
}
