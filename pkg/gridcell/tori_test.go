package gridcell

import (
	"math"
	"math/rand/v2"
	"testing"
)

// units are n maps of 48 x 48 bins in 4 m with fields of random phase on a lattice, rectified so
// that they have harmonics, and noise on them.
func unitsOn(random *rand.Rand, l Lattice, n int, tuning func(phases [3]float64) float64) []Map {
	k := l.WaveVectors()
	var maps []Map
	for range n {
		x0, y0 := 3*random.Float64(), 3*random.Float64()
		m := FromFloat32(make([]float32, 48*48), 48, 48, 4)
		for j := range 48 {
			for i := range 48 {
				x, y := (float64(i)+0.5)/12-x0, (float64(j)+0.5)/12-y0
				var phases [3]float64
				for a, v := range k {
					phases[a] = v[0]*x + v[1]*y
				}
				m.Values[j*48+i] = tuning(phases) + 0.05*random.NormFloat64()
			}
		}
		maps = append(maps, m)
	}
	return maps
}

func hexagonal(p [3]float64) float64 {
	return max(0, math.Cos(p[0])+math.Cos(p[1])+math.Cos(p[2])-0.5)
}

// The generators of a population are those of the lattices that it was made of.
func TestGeneratorsOfKnownPopulations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	on := func(period, orientation float64) []Map {
		return unitsOn(random, IdealHexagonal(period, orientation), 12, hexagonal)
	}
	join := func(sets ...[]Map) (all []Map) {
		for _, s := range sets {
			all = append(all, s...)
		}
		return all
	}
	band := func(p [3]float64) float64 { return max(0, math.Cos(p[0])) }
	shells := func(p [3]float64) float64 { // the second and third shell of a torus of 1.3 m, without the first
		return math.Cos(p[0]-p[1]) + math.Cos(p[1]-p[2]) + math.Cos(2*p[0]) + math.Cos(2*p[1])
	}
	for _, c := range []struct {
		name string
		maps []Map
		want int
		tori int
	}{
		{"one lattice", on(1.1, 12), 2, 1},
		{"sqrt 3 at 30 degrees", join(on(0.66, 12), on(0.66*math.Sqrt(3), 42)), 2, 1},
		{"twice", join(on(0.6, 5), on(1.2, 5)), 2, 1},
		{"2/sqrt 3 at 30 degrees", join(on(0.7, 5), on(0.7*2/math.Sqrt(3), 35)), 2, 1},
		{"two independent", join(on(0.7, 5), on(1.02, 12)), 4, 2},
		{"the same ratio as sqrt 3, parallel", join(on(0.7, 5), on(0.7*math.Sqrt(3), 5)), 4, 2},
		{"three independent", join(on(0.5, 0), on(0.7, 23), on(1.05, 9)), 6, 3},
		{"a band", unitsOn(random, IdealHexagonal(0.9, 10), 12, band), 1, 1},
		{"shells of one torus", unitsOn(random, IdealHexagonal(1.3, 20), 24, shells), 2, 1},
	} {
		tori, err := Tori(c.maps)
		if err != nil {
			t.Fatal(err)
		}
		share := 0.0
		for _, torus := range tori {
			share += torus.Share
		}
		if Generators(tori) != c.want || len(tori) != c.tori || share < 0.9 || share > 1+1e-9 {
			t.Errorf("%s: %d generators, %+v, want %d", c.name, Generators(tori), tori, c.want)
		}
	}
}

// Independent lattices drawn by chance are told apart, and locked ones are found locked, nearly
// always.
func TestGeneratorsOfDrawnPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 7))
	right, tried := 0, 0
	for range 30 {
		period, ratio, angle := 0.5+0.3*random.Float64(), 1.25+0.75*random.Float64(), 30*random.Float64()
		want := 4
		if random.IntN(3) == 0 {
			c := Coincidences[1+random.IntN(len(Coincidences)-1)]
			if c.Coarse > 4 || c.Ratio > 2.1 || c.Ratio < 1.1 {
				continue
			}
			ratio, angle, want = c.Ratio, c.AngleDeg, 2
		} else if _, locked := NearCoincidence(1, 0, ratio, angle); locked {
			continue
		}
		maps := append(unitsOn(random, IdealHexagonal(period, 10), 10, hexagonal), unitsOn(random, IdealHexagonal(period*ratio, 10+angle), 10, hexagonal)...)
		tori, err := Tori(maps)
		if err != nil {
			t.Fatal(err)
		}
		tried++
		if Generators(tori) == want {
			right++
		} else {
			t.Logf("period %.3f, ratio %.3f at %.1f degrees: %d generators, want %d: %+v", period, ratio, angle, Generators(tori), want, tori)
		}
	}
	if tried < 15 || right < tried*9/10 {
		t.Errorf("%d of %d pairs right", right, tried)
	}
}

func TestNoMapsHaveNoTori(t *testing.T) {
	if _, err := Tori(nil); err == nil {
		t.Error("no maps have tori")
	}
	flat := FromFloat32(make([]float32, 48*48), 48, 48, 4)
	if tori, err := Tori([]Map{flat}); err != nil || len(tori) != 0 {
		t.Errorf("a flat map has the tori %v, %v", tori, err)
	}
}

// The coincidences are those that are known.
func TestCoincidencesAreTheKnownOnes(t *testing.T) {
	for _, want := range []struct{ ratio, angle float64 }{
		{1, 0}, {1, 21.787}, {1.1547, 30}, {1.3229, 19.107}, {1.5, 0}, {1.5275, 10.893}, {1.7321, 30}, {2, 0}, {2.6458, 19.107}, {3, 0},
	} {
		if c, ok := NearCoincidence(1, 3, want.ratio, 3-want.angle); !ok || math.Abs(c.Ratio-want.ratio) > 1e-4 || math.Abs(c.AngleDeg-want.angle) > 1e-3 {
			t.Errorf("%v: %+v, %v", want, c, ok)
		}
	}
	for _, free := range [][2]float64{{1.4, 5}, {1.732, 10}, {1.64, 0}, {1.69, 0}, {2, 15}, {1.36, 19.1}} {
		if c, ok := NearCoincidence(1, 0, free[0], free[1]); ok {
			t.Errorf("%v lies at %+v", free, c)
		}
	}
}

func TestIndependentModulesAreCounted(t *testing.T) {
	for _, c := range []struct {
		lattices [][2]float64
		want     int
	}{
		{nil, 0},
		{[][2]float64{{0.5, 0}}, 1},
		{[][2]float64{{0.5, 0}, {0.5 * math.Sqrt(3), 30}}, 1},
		{[][2]float64{{0.5, 0}, {0.7, 12}}, 2},
		{[][2]float64{{0.5, 0}, {0.68, 40}, {0.68 * math.Sqrt(3), 10}}, 2},
		{[][2]float64{{0.5, 0}, {0.7, 12}, {1.02, 5}, {math.NaN(), 0}}, 3},
	} {
		if got := Independent(c.lattices); got != c.want {
			t.Errorf("%v: %d independent, want %d", c.lattices, got, c.want)
		}
	}
}

// Bands too wide for the box to tell what they are sums of are on no torus.
func TestBandsTooWideForTheBoxAreOnNoTorus(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	band := func(p [3]float64) float64 { return math.Cos(p[0]) }
	tori, err := Tori(unitsOn(random, IdealHexagonal(1.8, 10), 12, band))
	if err != nil || len(tori) != 0 {
		t.Errorf("%v, %v, want none", tori, err)
	}
}
