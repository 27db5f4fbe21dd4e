package gridcell

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Phases returns φ_a = arg Σ (R - mean R) exp(i k_a.x) in (-π, π] for the three wave vectors, the
// sum over visited bins, x their centres from the centre of the box. For a cell with a field at x0
// it is k_a.x0 modulo 2π, so that the three add up to 0 modulo 2π. NaN for a map without structure.
func Phases(m Map, k WaveVectors) [3]float64 {
	values, _, _ := m.centred()
	var phases [3]float64
	var power float64
	for _, v := range values {
		power += v * v
	}
	for a, v := range k {
		if power == 0 || !finite(v[0]) || !finite(v[1]) {
			phases[a] = math.NaN()
			continue
		}
		cosx, sinx := make([]float64, m.NX), make([]float64, m.NX)
		for i := range m.NX {
			sinx[i], cosx[i] = math.Sincos(v[0] * m.X(i))
		}
		var re, im float64
		for j := range m.NY {
			sy, cy := math.Sincos(v[1] * m.Y(j))
			var c, s float64
			for i, r := range values[j*m.NX : (j+1)*m.NX] {
				c += r * cosx[i]
				s += r * sinx[i]
			}
			re += c*cy - s*sy
			im += c*sy + s*cy
		}
		phases[a] = math.Atan2(im, re)
		if phases[a] == -math.Pi {
			phases[a] = math.Pi
		}
	}
	return phases
}

// Rayleigh returns the Rayleigh statistic n R² of n angles (radians), R their mean resultant
// length, and the probability of one as large if the angles are uniform (Zar 1999, eq. 27.4; good
// to three digits from n = 10). NaN angles are left out; without any the result is NaN.
func Rayleigh(angles []float64) (statistic, p float64) {
	n, c, s := resultant(angles)
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	r := math.Hypot(c, s) // n times the mean resultant length
	p = math.Exp(math.Sqrt(1+4*n+4*(n*n-r*r)) - (1 + 2*n))
	return r * r / n, min(1, p)
}

// cellHarmonics are the wave vectors of the first three shells of the unit cell, one of each
// opposite pair, as multiples of (φ1, φ2).
var cellHarmonics = [][2]float64{
	{1, 0}, {0, 1}, {1, 1},
	{1, -1}, {2, 1}, {1, 2},
	{2, 0}, {0, 2}, {2, 2},
}

// UniformOnCell tests whether phases are spread uniformly over the unit cell. Two phases (φ1, φ2)
// locate a unit on the cell, and under uniformity 2 n R_h² of each harmonic h of the cell is
// chi-squared with two degrees of freedom; the statistic is their sum over the nine harmonics of
// the first three shells (a Sobolev test, Giné 1975; the shells make it independent of the choice
// of axes). p is the probability of one as large, chi-squared with 18 degrees of freedom.
func UniformOnCell(phi1, phi2 []float64) (statistic, p float64) {
	if len(phi1) != len(phi2) {
		return math.NaN(), math.NaN()
	}
	for _, h := range cellHarmonics {
		angles := make([]float64, len(phi1))
		for i := range angles {
			angles[i] = h[0]*phi1[i] + h[1]*phi2[i]
		}
		n, c, s := resultant(angles)
		if n == 0 {
			return math.NaN(), math.NaN()
		}
		statistic += 2 * (c*c + s*s) / n
	}
	d := distuv.ChiSquared{K: 2 * float64(len(cellHarmonics))}
	return statistic, d.Survival(statistic)
}

func resultant(angles []float64) (n, c, s float64) {
	for _, a := range angles {
		if !finite(a) {
			continue
		}
		si, co := math.Sincos(a)
		n, c, s = n+1, c+co, s+si
	}
	return n, c, s
}
