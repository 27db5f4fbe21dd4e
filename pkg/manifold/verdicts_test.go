package manifold

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"

	"gonum.org/v1/gonum/mat"
)

// The verdicts on some 300 clouds of known shape, printed as the table of the page; each seed draws
// others:
//
//	go test ./pkg/manifold -run TestVerdictsOnKnownShapes -count 1 -timeout 3h -long -seed 1
var (
	long = flag.Bool("long", false, "judge all clouds of known shape, by 20 controls each, and print the table")
	seed = flag.Uint64("seed", 1, "of the clouds of known shape")
)

// knownShape is a kind of clouds whose Betti numbers are known.
type knownShape struct {
	kind   string
	want   []int // nil: only undetermined is right
	number int   // of clouds that are drawn
	field  int
	spikes bool
	draw   func(random *rand.Rand) *mat.Dense
}

func knownShapes() []knownShape {
	between := func(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }
	whole := func(r *rand.Rand, low, high int) int { return low + r.IntN(high-low+1) }
	torus, nothing := []int{1, 2, 1}, []int{1, 0, 0}
	anyTorus := func(r *rand.Rand) (*mat.Dense, float64) { // and the largest noise that leaves it one
		n, s := whole(r, 800, 3000), r.Uint64()
		switch r.IntN(5) {
		case 0:
			return hexagonalTorus(s, n), 0.3
		case 1:
			return squareTorus(s, n), 0.2
		case 2:
			q := between(r, 0.5, 1)
			return stretched(squareTorus(s, n), 1, 1, q, q), 0.1 * q
		case 3:
			q := between(r, 0.4, 0.7)
			return torusOfRevolution(s, n, 1, q), 0.1 * q
		}
		return gridCode(s, n, whole(r, 40, 128), between(r, -1.5, 1)), 0.03
	}
	oneModule := func(r *rand.Rand, cells, bins int, binS float64) *mat.Dense {
		return spikeCounts(r.Uint64(), bins, binS, between(r, 8, 16), gridModule{cells, between(r, 0.35, 0.6), r.Float64()})
	}
	twoModules := func(r *rand.Rand) (a, b gridModule) {
		period, cells := between(r, 0.35, 0.5), whole(r, 70, 160)
		first := int(between(r, 0.4, 0.7) * float64(cells))
		return gridModule{first, period, r.Float64()}, gridModule{cells - first, period * between(r, 1.3, 1.8), r.Float64()}
	}
	return []knownShape{
		{"torus", torus, 40, 2, false, func(r *rand.Rand) *mat.Dense { p, _ := anyTorus(r); return p }},
		{"torus with noise", torus, 40, 2, false, func(r *rand.Rand) *mat.Dense {
			p, most := anyTorus(r)
			return noised(r, p, between(r, 0.3, 1)*most)
		}},
		{"spikes of one module, 100 cells and more, 300 ms", torus, 20, 2, true, func(r *rand.Rand) *mat.Dense { return oneModule(r, whole(r, 100, 150), 3000, 0.3) }},
		{"spikes of one module, 40 to 80 cells, 100 ms", torus, 20, 2, true, func(r *rand.Rand) *mat.Dense { return oneModule(r, whole(r, 40, 80), 3000, 0.1) }},
		{"spikes of two modules", nil, 20, 2, true, func(r *rand.Rand) *mat.Dense {
			a, b := twoModules(r)
			return spikeCounts(r.Uint64(), 3000, 0.3, between(r, 8, 16), a, b)
		}},
		{"rates of two modules", nil, 20, 2, false, func(r *rand.Rand) *mat.Dense {
			a, b := twoModules(r)
			return noised(r, gridRates(r, whole(r, 1500, 3000), a, b), between(r, 0, 0.1))
		}},
		{"circle of 100 to 200 points, in order or not", []int{1, 1, 0}, 20, 2, false, func(r *rand.Rand) *mat.Dense {
			n, even := whole(r, 100, 200), r.IntN(2) == 0
			out := mat.NewDense(n, 2, nil)
			for i := range n {
				turn := float64(i) / float64(n)
				if !even {
					turn = r.Float64()
				}
				sin, cos := math.Sincos(2 * math.Pi * turn)
				out.SetRow(i, []float64{cos, sin})
			}
			return out
		}},
		{"circle with noise in 2 to 6 dimensions", []int{1, 1, 0}, 20, 2, false, func(r *rand.Rand) *mat.Dense {
			return noised(r, placed(ring(r.Uint64(), whole(r, 150, 2000)), whole(r, 2, 6)), between(r, 0.02, 0.2))
		}},
		{"sphere", []int{1, 0, 1}, 20, 2, false, func(r *rand.Rand) *mat.Dense {
			return noised(r, sphere(r.Uint64(), whole(r, 400, 2500)), between(r, 0, 0.1))
		}},
		{"Klein bottle over Z/2", torus, 15, 2, false, func(r *rand.Rand) *mat.Dense { return kleinBottle(r.Uint64(), whole(r, 1500, 3000)) }},
		{"Klein bottle over Z/3", []int{1, 1, 0}, 15, 3, false, func(r *rand.Rand) *mat.Dense { return kleinBottle(r.Uint64(), whole(r, 1500, 3000)) }},
		{"sheet", nothing, 20, 2, false, func(r *rand.Rand) *mat.Dense {
			return noised(r, placed(sheet(r.Uint64(), whole(r, 300, 2500)), whole(r, 2, 6)), between(r, 0, 0.05))
		}},
		{"ball of 2 to 6 dimensions", nothing, 20, 2, false, func(r *rand.Rand) *mat.Dense {
			return noised(r, mat.NewDense(whole(r, 300, 2500), whole(r, 2, 6), nil), 1)
		}},
		{"spikes of one module, each cell rolled in time", nil, 20, 2, true, func(r *rand.Rand) *mat.Dense {
			return control(oneModule(r, whole(r, 60, 120), 3000, between(r, 0.1, 0.3)), Rolled, r.Uint64(), 0)
		}},
	}
}

// noised adds normal noise of this standard deviation to every coordinate.
func noised(random *rand.Rand, points *mat.Dense, sd float64) *mat.Dense {
	raw := points.RawMatrix().Data
	for i := range raw {
		raw[i] += sd * random.NormFloat64()
	}
	return points
}

// placed puts points [n, D] in a space of dims dimensions.
func placed(points *mat.Dense, dims int) *mat.Dense {
	n, d := points.Dims()
	out := mat.NewDense(n, max(d, dims), nil)
	for i := range n {
		copy(out.RawRowView(i), points.RawRowView(i))
	}
	return out
}

// gridRates are the rates [n, cells] of modules at places of a box of 1.5 m, between 0 and 1.
func gridRates(random *rand.Rand, n int, modules ...gridModule) *mat.Dense {
	places := uniform(random.Uint64(), n, 1.5)
	var columns [][]float64
	for _, m := range modules {
		k := hexagonalWaves(m.period)
		for range m.cells {
			x, y := 10*random.Float64(), 10*random.Float64()
			column := make([]float64, n)
			for i, p := range places {
				sum := 1.5
				for _, q := range k {
					sin, cos := math.Sincos(m.orientation)
					sum += math.Cos((cos*q[0]-sin*q[1])*(p[0]-x) + (sin*q[0]+cos*q[1])*(p[1]-y))
				}
				column[i] = sum / 4.5
			}
			columns = append(columns, column)
		}
	}
	out := mat.NewDense(n, len(columns), nil)
	for c, column := range columns {
		out.SetCol(c, column)
	}
	return out
}

// tally counts verdicts.
type tally struct {
	right, undetermined int
	wrong               []string
}

// What the verdict says of a shape is so, or it is undetermined. Without -long one cloud of each kind
// is judged; with it one in fifty of all may be wrong.
func TestVerdictsOnKnownShapes(t *testing.T) {
	kinds := knownShapes()
	found := make([]tally, len(kinds))
	type job struct{ kind, cloud int }
	jobs := make(chan job)
	var lock sync.Mutex
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for j := range jobs {
				k := kinds[j.kind]
				o := StandardTopology()
				o.Field, o.SquareRoot, o.ZScore = k.field, k.spikes, k.spikes
				if !*long {
					o.Controls = 5
				}
				s, err := Topology(context.Background(), k.draw(rand.New(rand.NewPCG(*seed, uint64(1000*j.kind+j.cloud)))), o)
				lock.Lock()
				switch r := &found[j.kind]; {
				case err != nil:
					t.Errorf("%s, cloud %d: %v", k.kind, j.cloud, err)
				case slices.Equal(s.Verdict.Numbers, k.want):
					r.right++
				case s.Verdict.Numbers == nil:
					r.undetermined++
				default:
					r.wrong = append(r.wrong, fmt.Sprintf("cloud %d: %v", j.cloud, s.Verdict.Numbers))
				}
				lock.Unlock()
			}
		})
	}
	for i, k := range kinds {
		for c := range k.number {
			if *long || c == 0 {
				jobs <- job{i, c}
			}
		}
	}
	close(jobs)
	group.Wait()
	wrong, all := 0, 0
	for i, k := range kinds {
		wrong, all = wrong+len(found[i].wrong), all+k.number
		if len(found[i].wrong) > 0 {
			t.Logf("%s: %v, want %v or undetermined", k.kind, found[i].wrong, k.want)
		}
	}
	if !*long && wrong > 0 || 50*wrong > all {
		t.Errorf("%d of %d clouds have wrong numbers", wrong, all)
	}
	if *long {
		printTally(kinds, found)
	}
}

func printTally(kinds []knownShape, found []tally) {
	w := tabwriter.NewWriter(os.Stdout, 0, 1, 1, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "| cloud\t| Betti numbers\t| right\t| undetermined\t| wrong\t|\n| ---\t| ---\t| ---\t| ---\t| ---\t|\n")
	var all tally
	for i, k := range kinds {
		f, want := found[i], "undetermined"
		if k.want != nil {
			want = fmt.Sprintf("%d, %d, %d", k.want[0], k.want[1], k.want[2])
		}
		fmt.Fprintf(w, "| %s\t| %s\t| %d\t| %d\t| %d\t|\n", k.kind, want, f.right, f.undetermined, len(f.wrong))
		all.right, all.undetermined, all.wrong = all.right+f.right, all.undetermined+f.undetermined, append(all.wrong, f.wrong...)
	}
	fmt.Fprintf(w, "| all %d\t| \t| %d\t| %d\t| %d\t|\n", all.right+all.undetermined+len(all.wrong), all.right, all.undetermined, len(all.wrong))
}
