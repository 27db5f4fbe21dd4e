package gridcell

import "math"

// WaveVectors are k1, k2, k3 in rad/m with k1 + k2 + k3 = 0. The direction of k1 lies in [0, 60)
// degrees, those of k2 and k3 near +120 and +240 degrees from it. For a hexagonal lattice of period
// λ, ‖k‖ = 4π/(√3 λ).
type WaveVectors [3][2]float64

// orderedWaves returns the closed triple made of a, b (up to sign) and their sum or difference, in
// the conventional order. Of the two triples k and -k that close, it takes the one that has a
// direction in [0, 60); a strongly sheared lattice may have none or two there, and then the
// direction nearest to 30 degrees is k1.
func orderedWaves(a, b [2]float64) WaveVectors {
	if dot(a, b) > 0 { // make the angle obtuse, so that -(a+b) is the third side
		b = [2]float64{-b[0], -b[1]}
	}
	t := WaveVectors{a, b, {-a[0] - b[0], -a[1] - b[1]}}
	best, sign, off := 0, 1.0, math.Inf(1)
	for _, s := range []float64{1, -1} {
		for i, v := range t {
			d := math.Abs(math.Atan2(s*v[1], s*v[0]) - math.Pi/6)
			if d < off {
				best, sign, off = i, s, d
			}
		}
	}
	k1, k2, k3 := t[best], t[(best+1)%3], t[(best+2)%3]
	if sign*sign*(k1[0]*k2[1]-k1[1]*k2[0]) < 0 { // counter-clockwise
		k2, k3 = k3, k2
	}
	out := WaveVectors{k1, k2, k3}
	for i := range out {
		out[i][0] *= sign
		out[i][1] *= sign
	}
	return out
}
