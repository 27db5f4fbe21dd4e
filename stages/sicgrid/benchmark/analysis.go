package benchmark

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"gonum.org/v1/gonum/mat"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/manifold"
)

// AnalysisSize is how much is analysed: Units of Bins x Bins, cohomology of Landmarks, the
// embedding of States.
type AnalysisSize struct{ Units, Bins, Landmarks, States int }

// FullAnalysis is the size of the shipped profiles.
var FullAnalysis = AnalysisSize{128, 64, 250, 8000}

// Analysis times the analysis of maps, persistent cohomology and the spectral embedding on as
// many threads as Go has.
func Analysis(ctx context.Context, size AnalysisSize, progress io.Writer) ([]Measurement, error) {
	threads := runtime.GOMAXPROCS(0)
	maps := noisyGrids(size.Units, size.Bins)
	torus := torusStates(size.States)
	chosen, err := manifold.Landmarks(torus, size.Landmarks)
	if err != nil {
		return nil, err
	}
	distances := manifold.Distances(torus, chosen)
	options := gridcell.StandardOptions()
	options.Threads = threads
	var rows []Measurement
	for _, b := range []struct {
		what, reference string
		work            func() error
		plain           func()
		times           float64 // the plain work is a part of what it stands for
	}{
		{fmt.Sprintf("analysis of %d units at %d x %d bins", size.Units, size.Bins, size.Bins), "as many autocorrelograms by their definition, one of them timed",
			func() error { _, err := gridcell.Analyze(ctx, maps, options); return err }, func() { sink = plainAutocorrelogram(maps[0]) }, float64(size.Units)},
		{fmt.Sprintf("cohomology of %d landmarks to dimension 2", size.Landmarks), "looking up the diameters of all their tetrahedra",
			func() error {
				_, err := manifold.Rips(distances, manifold.RipsOptions{Dimension: 2, Threads: threads})
				return err
			}, func() { sink = tetrahedra(distances, size.Landmarks) }, 1},
		{fmt.Sprintf("spectral embedding of %d states", size.States), "the distances of all their pairs",
			func() error {
				_, err := manifold.Spectral(torus, manifold.SpectralOptions{Neighbours: 15, Dimensions: 3, Eigenvalues: 12, Threads: threads})
				return err
			}, func() { sink = pairs(torus) }, 1},
	} {
		row, err := compare(Measurement{What: b.what, Unit: "s", Reference: b.reference},
			func() (float64, error) {
				if ctx.Err() != nil {
					return 0, ctx.Err()
				}
				begun := time.Now()
				err := b.work()
				return time.Since(begun).Seconds(), err
			},
			func() (float64, error) {
				begun := time.Now()
				b.plain()
				return b.times * time.Since(begun).Seconds(), nil
			})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(progress, "%s: %.3f s on %d threads\n", row.What, row.Value, threads)
		rows = append(rows, row)
	}
	return rows, nil
}

// sink keeps the plain work from being left out.
//
//lint:ignore U1000 writing to it is its use
var sink float64

// noisyGrids are grid cells of two modules, noise on their maps.
func noisyGrids(units, bins int) []gridcell.Map {
	random := rand.New(rand.NewPCG(1, 2))
	var maps []gridcell.Map
	for i := range units {
		k := gridcell.IdealHexagonal([]float64{0.5, 0.8}[i%2], 12).WaveVectors()
		m := gridcell.IdealGrid(k, random.Float64(), random.Float64(), bins, 2)
		for j := range m.Values {
			m.Values[j] = math.Max(0, m.Values[j]+0.1*random.NormFloat64())
		}
		maps = append(maps, m)
	}
	return maps
}

// torusStates are states of the hexagonal torus: the cosines and sines of three phases of random
// places.
func torusStates(n int) *mat.Dense {
	random := rand.New(rand.NewPCG(3, 4))
	k := gridcell.IdealHexagonal(1, 0).WaveVectors()
	out := mat.NewDense(n, 6, nil)
	for i := range n {
		x, y := 10*random.Float64(), 10*random.Float64()
		for a, v := range k {
			s, c := math.Sincos(v[0]*x + v[1]*y)
			out.Set(i, 2*a, c)
			out.Set(i, 2*a+1, s)
		}
	}
	return out
}

// plainAutocorrelogram is the Pearson correlation at every lag of one half plane, by its
// definition.
func plainAutocorrelogram(m gridcell.Map) (sum float64) {
	for dy := range m.NY {
		for dx := 1 - m.NX; dx < m.NX; dx++ {
			var n, a, b, aa, bb, ab float64
			for j := 0; j+dy < m.NY; j++ {
				for i := max(0, -dx); i < min(m.NX, m.NX-dx); i++ {
					u, v := m.Values[j*m.NX+i], m.Values[(j+dy)*m.NX+i+dx]
					n, a, b, aa, bb, ab = n+1, a+u, b+v, aa+u*u, bb+v*v, ab+u*v
				}
			}
			if r := (ab - a*b/n) / math.Sqrt((aa-a*a/n)*(bb-b*b/n)); n >= 20 && !math.IsNaN(r) {
				sum += r
			}
		}
	}
	return sum
}

// tetrahedra adds up the longest edges of all sets of four of n points.
func tetrahedra(d []float64, n int) (sum float64) {
	for i := range n {
		for j := range i {
			for k := range j {
				face := max(d[i*n+j], d[i*n+k], d[j*n+k])
				for l := range k {
					sum += max(face, d[i*n+l], d[j*n+l], d[k*n+l])
				}
			}
		}
	}
	return sum
}

// pairs adds up the distances of all pairs of points.
func pairs(points *mat.Dense) (sum float64) {
	n, _ := points.Dims()
	for i := range n {
		a := points.RawRowView(i)
		for j := range i {
			square := 0.0
			for c, v := range points.RawRowView(j) {
				square += (a[c] - v) * (a[c] - v)
			}
			sum += math.Sqrt(square)
		}
	}
	return sum
}
