package sheet

import (
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/stages/spectra/spectratable"
)

// WaveVectors returns k1, k2, k3 in rad/m.
func WaveVectors(m spectratable.Module) [3][2]float64 {
	return [3][2]float64{{m.K1X, m.K1Y}, {m.K2X, m.K2Y}, {m.K3X, m.K3Y}}
}

// UnitCell draws the rhombus that the lattice of wave vectors k (rad/m) repeats, its first side
// level, and in it every unit's offset: the x of k_a·x = phi_a for a = 1, 2.
func UnitCell(c *figure.Canvas, b figure.Box, k [3][2]float64, units []spectratable.Unit, colour int) {
	det := k[0][0]*k[1][1] - k[0][1]*k[1][0]
	if math.IsNaN(det) || math.Abs(det) < 1e-9 {
		Notice(c, b, "wave vectors undefined")
		return
	}
	// Columns of 2 pi K^-1, so that k_a · a_b = 2 pi delta_ab.
	a1 := [2]float64{2 * math.Pi * k[1][1] / det, -2 * math.Pi * k[1][0] / det}
	a2 := [2]float64{-2 * math.Pi * k[0][1] / det, 2 * math.Pi * k[0][0] / det}
	l1 := math.Hypot(a1[0], a1[1])
	level := [2]float64{(a1[0]*a2[0] + a1[1]*a2[1]) / l1, (a1[0]*a2[1] - a1[1]*a2[0]) / l1}
	lo, hi := math.Min(0, level[0]), math.Max(l1, l1+level[0])
	mm := math.Min((b.W-2)/(hi-lo), (b.H-2)/math.Abs(level[1])) // page mm a metre
	at := func(s, t float64) figure.Point {
		x, y := s*l1+t*level[0], t*level[1]
		if level[1] < 0 {
			y -= level[1]
		}
		return figure.Point{X: b.X + b.W/2 + mm*(x-(lo+hi)/2), Y: b.Y + b.H/2 + mm*(math.Abs(level[1])/2-y)}
	}
	var places []figure.Point
	for _, u := range units {
		if s, t := u.Phi1/(2*math.Pi), u.Phi2/(2*math.Pi); !math.IsNaN(s + t) {
			places = append(places, at(s-math.Floor(s), t-math.Floor(t)))
		}
	}
	c.Polygon([]figure.Point{at(0, 0), at(1, 0), at(1, 1), at(0, 1)}, figure.Stroke{Color: figure.Black, Width: figure.Thin})
	c.Discs(places, 0.7, figure.Series(colour))
	w := mm * l1
	corner := at(0, 0)
	c.ScaleBar(figure.Point{X: corner.X, Y: corner.Y + 3}, l1, w)
	c.Text(b.X+b.W/2, at(0, 1).Y-2.5, "offsets in the unit cell", figure.Type{Size: figure.Normal, X: figure.Middle, Y: figure.End})
}
