package gridcell

import (
	"fmt"
	"math"
)

// Isometry says how well a population's code of space keeps its metric. At each place x the metric
// tensor of the code is
//
//	G_ij(x) = sum over units of dR/dx_i dR/dx_j,
//
// the squared change of the population state per metre. The code is conformally isometric where G
// is a multiple s of the unit matrix, and isometric up to one scale where s is the same everywhere
// (the measure of Schøyen et al. 2025, divided by (tr G / 2)^2 so that it has no unit).
type Isometry struct {
	// Anisotropy is the mean over places of |G - (tr G / 2) I|^2 / (tr G / 2)^2 (Frobenius norm): 0
	// for a conformal code, 2 where the state changes along one direction only.
	Anisotropy float64
	// Spread is the variance over places of tr G / 2, divided by the square of its mean: 0 for a
	// scale that is the same everywhere.
	Spread float64
	// Scale is the root of the mean of tr G / 2: how far the state moves in a metre.
	Scale float64
	// Places counts the bins at which G is defined: visited, with visited neighbours on all four
	// sides.
	Places int
}

// MetricIsometry measures the maps of a population, all of one shape and box, by central
// differences between bins. All measures are NaN where no place has a metric or nothing changes.
// The error says which map does not fit.
func MetricIsometry(maps []Map) (Isometry, error) {
	if len(maps) == 0 {
		return Isometry{}, fmt.Errorf("isometry: no ratemaps")
	}
	for i, m := range maps {
		if err := sameShape(maps[0], m); err != nil {
			return Isometry{}, fmt.Errorf("isometry: ratemap %d: %w", i, err)
		}
	}
	nx, ny, stepX, stepY := maps[0].NX, maps[0].NY, 2*maps[0].BinX(), 2*maps[0].BinY()
	var n, uneven, sum, squares float64
	for j := 1; j < ny-1; j++ {
		for i := 1; i < nx-1; i++ {
			var xx, xy, yy float64
			at := j*nx + i
			for _, m := range maps {
				dx, dy := (m.Values[at+1]-m.Values[at-1])/stepX, (m.Values[at+nx]-m.Values[at-nx])/stepY
				xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
				if !finite(m.Values[at]) {
					xx = math.NaN()
				}
			}
			scale := (xx + yy) / 2
			if !finite(scale) || scale == 0 {
				continue
			}
			n++
			uneven += ((xx-yy)*(xx-yy)/2 + 2*xy*xy) / (scale * scale)
			sum += scale
			squares += scale * scale
		}
	}
	mean := sum / n
	return Isometry{Anisotropy: uneven / n, Spread: squares/n/(mean*mean) - 1, Scale: math.Sqrt(mean), Places: int(n)}, nil
}
