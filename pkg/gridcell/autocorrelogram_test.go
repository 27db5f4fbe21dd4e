package gridcell

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// pearsonAt is the definition, written out: the bins visited in both copies.
func pearsonAt(m Map, dx, dy int) (r float64, pairs int) {
	var x, y []float64
	for j := range m.NY {
		for i := range m.NX {
			k, l := i+dx, j+dy
			if k < 0 || l < 0 || k >= m.NX || l >= m.NY {
				continue
			}
			a, b := m.Values[j*m.NX+i], m.Values[l*m.NX+k]
			if finite(a) && finite(b) {
				x, y = append(x, a), append(y, b)
			}
		}
	}
	n := float64(len(x))
	var mx, my float64
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	var xx, yy, xy float64
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
		xy += (x[i] - mx) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy), len(x)
}

func TestAutocorrelogramIsThePearsonCorrelationOfTheOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nx, ny := rapid.IntRange(3, 14).Draw(t, "nx"), rapid.IntRange(3, 14).Draw(t, "ny")
		rng := source(rapid.Uint64().Draw(t, "seed"))
		m := Map{Values: make([]float64, nx*ny), NX: nx, NY: ny, BoxM: 1}
		offset := rapid.SampledFrom([]float64{0, 1, 1000}).Draw(t, "offset")
		holes := rapid.SampledFrom([]float64{0, 0.1, 0.5}).Draw(t, "unvisited")
		m = holed(noisy(m, 1, rng), holes, rng)
		for i := range m.Values {
			m.Values[i] += offset
		}
		a, err := NewAutocorrelogram(m)
		if err != nil {
			t.Fatal(err)
		}
		for dy := -(ny - 1); dy < ny; dy++ {
			for dx := -(nx - 1); dx < nx; dx++ {
				want, pairs := pearsonAt(m, dx, dy)
				got := a.At(dx, dy)
				if n := int(a.Pairs[(dy+ny-1)*a.NX+dx+nx-1]); n != pairs {
					t.Fatalf("lag %d,%d: %d pairs, want %d", dx, dy, n, pairs)
				}
				if pairs < 20 {
					if !math.IsNaN(got) {
						t.Fatalf("lag %d,%d: %g with %d pairs, want NaN", dx, dy, got, pairs)
					}
					continue
				}
				if !(math.Abs(got-want) < 1e-10) {
					t.Fatalf("lag %d,%d: %g, want %g", dx, dy, got, want)
				}
			}
		}
	})
}

// A scorer that takes unvisited bins for silent ones sees a sharp edge between them and the visited
// ones, and the correlation changes.
func TestUnvisitedBinsAreNotSilent(t *testing.T) {
	l := IdealHexagonal(0.5, 10)
	whole := IdealGrid(l.WaveVectors(), 0, 0, 40, 2)
	part := Map{Values: append([]float64(nil), whole.Values...), NX: 40, NY: 40, BoxM: 2}
	for j := range 40 {
		for i := range 40 {
			if i+j < 30 {
				part.Values[j*40+i] = math.NaN()
			}
		}
	}
	// At the lag of one lattice vector the map is its own copy, whatever was visited.
	a := autocorrelogram(t, part)
	p := FindPeaks(a)
	if p == nil {
		t.Fatal("no six peaks in a map with unvisited bins")
	}
	for i, h := range p.Heights {
		near(t, "height of a peak", h, 1, 0.05)
		want := l.Nearest()[i]
		near(t, "peak x", p.Lags[i][0], want[0], 0.005)
		near(t, "peak y", p.Lags[i][1], want[1], 0.005)
	}
}

func TestFlatMapsHaveNoAutocorrelogram(t *testing.T) {
	unvisited := constant(math.NaN(), 20, 2)
	almost := constant(0.3, 20, 2)
	for i := range almost.Values {
		almost.Values[i] = float64(float32(0.3) * (1 + 1e-7*float32(i%2)))
	}
	for name, m := range map[string]Map{"dead": constant(0, 20, 2), "constant": constant(0.7, 20, 2), "constant to rounding": almost, "unvisited": unvisited} {
		for _, v := range autocorrelogram(t, m).Values {
			if !math.IsNaN(v) {
				t.Errorf("%s map: correlation %g, want NaN at every lag", name, v)
				break
			}
		}
	}
}

func TestShapesThatDoNotFitAreErrors(t *testing.T) {
	for name, m := range map[string]Map{
		"no bins":         {BoxM: 1},
		"negative":        {NX: -3, NY: 4, BoxM: 1},
		"too few values":  {Values: make([]float64, 5), NX: 2, NY: 3, BoxM: 1},
		"no box":          {Values: make([]float64, 6), NX: 2, NY: 3},
		"infinite box":    {Values: make([]float64, 6), NX: 2, NY: 3, BoxM: math.Inf(1)},
		"absurdly many":   {NX: 1 << 40, NY: 1 << 40, BoxM: 1},
		"a NaN box":       {Values: make([]float64, 6), NX: 2, NY: 3, BoxM: math.NaN()},
		"too many values": {Values: make([]float64, 7), NX: 2, NY: 3, BoxM: 1},
	} {
		if _, err := NewAutocorrelogram(m); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTinyMapsDoNotPanic(t *testing.T) {
	rng := source(3)
	for nx := 1; nx < 7; nx++ {
		for ny := 1; ny < 7; ny++ {
			m := noisy(Map{Values: make([]float64, nx*ny), NX: nx, NY: ny, BoxM: 0.5}, 1, rng)
			analyze(t, []Map{m, m, m, m, m, m})
		}
	}
}
