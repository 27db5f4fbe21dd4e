package gridcell

import (
	"cmp"
	"math"
	"slices"
)

// Lattice is a two-dimensional lattice given by two basis vectors in metres.
type Lattice struct{ A, B [2]float64 }

// IdealHexagonal returns the hexagonal lattice with this period (m) and orientation (the direction
// of one of its six nearest points, degrees).
func IdealHexagonal(periodM, orientationDeg float64) Lattice {
	return IdealRhombic(periodM, orientationDeg, 60)
}

// IdealRhombic returns the lattice spanned by two vectors of length periodM, the first in direction
// orientationDeg, the second angleDeg further: 60 is hexagonal, 90 square.
func IdealRhombic(periodM, orientationDeg, angleDeg float64) Lattice {
	s1, c1 := math.Sincos(orientationDeg * math.Pi / 180)
	s2, c2 := math.Sincos((orientationDeg + angleDeg) * math.Pi / 180)
	return Lattice{A: [2]float64{periodM * c1, periodM * s1}, B: [2]float64{periodM * c2, periodM * s2}}
}

// WaveVectors returns the three shortest vectors of the reciprocal lattice in rad/m, k1 in
// direction [0, 60), k2 and k3 near +120 and +240, with k1 + k2 + k3 = 0.
func (l Lattice) WaveVectors() WaveVectors {
	b1, b2 := reciprocal(l.A, l.B)
	t := threeShortest(b1, b2)
	return orderedWaves(t[0], t[1])
}

// reciprocal returns b1, b2 with a.b1 = b.b2 = 2 pi and a.b2 = b.b1 = 0.
func reciprocal(a, b [2]float64) (b1, b2 [2]float64) {
	f := 2 * math.Pi / (a[0]*b[1] - a[1]*b[0])
	return [2]float64{f * b[1], -f * b[0]}, [2]float64{-f * a[1], f * a[0]}
}

// threeShortest returns the three shortest vectors, up to sign, of the lattice that a and b span,
// after Gauss's reduction; the third is the sum or difference of the first two.
func threeShortest(a, b [2]float64) [3][2]float64 {
	for range 100 {
		if dot(a, a) > dot(b, b) {
			a, b = b, a
		}
		m := math.Round(dot(a, b) / dot(a, a))
		if m == 0 || math.IsNaN(m) {
			break
		}
		b = [2]float64{b[0] - m*a[0], b[1] - m*a[1]}
	}
	if dot(a, b) > 0 {
		return [3][2]float64{a, b, {b[0] - a[0], b[1] - a[1]}}
	}
	return [3][2]float64{a, b, {a[0] + b[0], a[1] + b[1]}}
}

// upperHalf turns vectors into the upper half plane and sorts them by direction.
func upperHalf(v [3][2]float64) [][2]float64 {
	out := v[:]
	for i := range out {
		if out[i][1] < 0 || out[i][1] == 0 && out[i][0] < 0 {
			out[i][0], out[i][1] = -out[i][0], -out[i][1]
		}
	}
	slices.SortStableFunc(out, func(p, q [2]float64) int {
		return cmp.Compare(math.Atan2(p[1], p[0]), math.Atan2(q[1], q[0]))
	})
	return out
}

func dot(a, b [2]float64) float64 { return a[0]*b[0] + a[1]*b[1] }

// IdealGrid returns the map of an ideal grid cell: the mean of three plane waves, scaled to [0, 1],
// with a field centred on (x0, y0) metres.
func IdealGrid(k WaveVectors, x0, y0 float64, bins int, boxM float64) Map {
	return ideal(bins, boxM, func(x, y float64) float64 {
		var sum float64
		for _, v := range k {
			sum += math.Cos(v[0]*(x-x0) + v[1]*(y-y0))
		}
		return (sum + 1.5) / 4.5
	})
}

// IdealFields returns the map of a cell with Gaussian fields of standard deviation sigmaM and
// height 1 at the given centres (m): a place cell has one, a multi-field cell several.
func IdealFields(centres [][2]float64, sigmaM float64, bins int, boxM float64) Map {
	return ideal(bins, boxM, func(x, y float64) float64 {
		var sum float64
		for _, c := range centres {
			sum += math.Exp(-((x-c[0])*(x-c[0]) + (y-c[1])*(y-c[1])) / (2 * sigmaM * sigmaM))
		}
		return sum
	})
}

func ideal(bins int, boxM float64, rate func(x, y float64) float64) Map {
	m := Map{Values: make([]float64, bins*bins), NX: bins, NY: bins, BoxM: boxM}
	for j := range bins {
		for i := range bins {
			m.Values[j*bins+i] = rate(m.X(i), m.Y(j))
		}
	}
	return m
}
