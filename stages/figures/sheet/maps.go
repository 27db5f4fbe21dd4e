package sheet

import (
	"fmt"

	"sicgrid/pkg/figure"
	"sicgrid/stages/spectra/spectratable"
)

// Flat is the depth of modulation under which a unit is called flat: its lowest rate is more than
// half of its highest, and its map, scaled to its peak, shows little else.
const Flat = 0.5

// Oddity says what is unusual of a unit, in a word that fits on its map: that its fields alternate
// in height, so that it has a superlattice of √N periods, or that it is flat or constant. It is
// empty of most.
func Oddity(u spectratable.Unit) string {
	switch {
	case Silent(u):
	case u.Modulation < figure.Constant:
		return "constant"
	case u.Modulation < Flat:
		return "flat"
	case u.Superlattice > 1:
		return fmt.Sprintf("√%d", u.Superlattice)
	}
	return ""
}

// Oddities explains those words.
const Oddities = "Marked: √7 (√3, …), a superlattice, whose fields alternate in height so that the map repeats itself after √7 periods; flat, a unit whose lowest rate is more than half of its highest; constant, one whose rate varies by less than a twentieth."

// RateBar draws the scale of ratemaps, each of which is scaled to its peak.
func RateBar(c *figure.Canvas, b figure.Box, rates figure.Map) {
	c.ColorBar(b, rates, 0, 1, []figure.Tick{{At: 0, Label: "0"}, {At: 0.5, Label: "0.5"}, {At: 1, Label: "1"}}, "rate / peak")
}

// UnitMap draws the ratemap of a unit, scaled to its peak, and marks what is unusual of it.
func (n Network) UnitMap(c *figure.Canvas, b figure.Box, u spectratable.Unit, rates figure.Map) {
	c.RateMap(b, n.Maps[u.Unit], n.Bins, rates)
	word := Oddity(u)
	if word == "" {
		return
	}
	tag := figure.Type{Size: figure.Tiny, Y: figure.Middle}
	c.FillRect(figure.Box{X: b.X, Y: b.Y, W: figure.TextWidth(word, tag) + 1, H: 2.3}, figure.White)
	c.Text(b.X+0.5, b.Y+1.2, word, tag)
}
