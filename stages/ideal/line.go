package ideal

import (
	"context"
	"math"
	"slices"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ideal/idealtable"
)

// emitLine emits the coding line of the first two modules, the neighbours of a place on it, and the
// cells of equation 9.
func emitLine(p Params, t *pipeline.Task) error {
	code := gridcell.Code(p.PeriodsM[:2])
	smallest := slices.Min(code)
	place := func(kind string, x float64) idealtable.Place {
		phi := code.Phases(x)
		return idealtable.Place{Kind: kind, X: x, Phi1: phi[0], Phi2: phi[1]}
	}
	var line []idealtable.Place
	step := smallest / 100
	for i := 0; float64(i)*step <= p.RangeM; i++ {
		line = append(line, place("", float64(i)*step))
	}
	if err := pipeline.Emit(t, "line", line, p.meta()); err != nil {
		return err
	}

	// The place in the middle, and what is near it one way and the other.
	x0 := p.RangeM / 2
	near := []idealtable.Place{place("", x0)}
	for _, l := range line {
		if code.Distance(l.X-x0) < p.ThicknessRad {
			near = append(near, place("phase", l.X))
		}
	}
	for i := -2; i <= 2; i++ {
		near = append(near, place("place", x0+float64(i)*smallest/2))
	}
	if err := pipeline.Emit(t, "near", near, p.meta()); err != nil {
		return err
	}

	var rates []idealtable.Rate
	for m, period := range code {
		for _, preferred := range []float64{0, math.Pi} {
			for i := range 401 {
				x := 3 * code[0] * float64(i) / 400
				phase := gridcell.Code{period}.Phases(x)[0]
				rates = append(rates, idealtable.Rate{Module: int32(m), Preferred: preferred, X: x, Phase: phase, Rate: gridcell.Tuning(phase, preferred)})
			}
		}
	}
	return pipeline.Emit(t, "tuning", rates, p.meta())
}

// ranges are where the separation is found, in smallest periods.
var ranges = []float64{1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200}

// farthest bounds the search for the capacity, in smallest periods.
const farthest = 1e5

// emitGrowth emits capacity and separation of codes of random periods, all between the smallest one
// and twice that: modules that update alike, and whose periods are generic.
func emitGrowth(ctx context.Context, p Params, t *pipeline.Task) error {
	random := source(t.Seed(), streamPeriods)
	holds := make([][]float64, p.MostModules+1)        // [modules][draws]
	separation := make([][][]float64, p.MostModules+1) // [modules][ranges][draws]
	for m := range separation {
		separation[m] = make([][]float64, len(ranges))
	}
	for draw := range p.Draws {
		if err := ctx.Err(); err != nil {
			return err
		}
		code := gridcell.Code{1}
		for len(code) < p.MostModules {
			code = append(code, 1+random.Float64())
		}
		for m := 1; m <= p.MostModules; m++ {
			holds[m] = append(holds[m], code[:m].Capacity(p.ThicknessRad, farthest))
			for i, r := range ranges {
				separation[m][i] = append(separation[m][i], code[:m].Separation(r))
			}
		}
		t.Progress(int64(draw+1), int64(p.Draws), "sets of periods")
	}
	var capacity, apart []idealtable.Growth
	for m := 1; m <= p.MostModules; m++ {
		capacity = append(capacity, quartiles(m, math.NaN(), holds[m]))
		for i, r := range ranges {
			apart = append(apart, quartiles(m, r, separation[m][i]))
		}
	}
	if err := pipeline.Emit(t, "capacity", capacity, p.meta()); err != nil {
		return err
	}
	return pipeline.Emit(t, "separation", apart, p.meta())
}

func quartiles(modules int, reach float64, values []float64) idealtable.Growth {
	slices.Sort(values)
	at := func(q float64) float64 { return gridcell.Quantile(values, q) }
	return idealtable.Growth{Modules: int32(modules), Range: reach, Low: at(0.25), Median: at(0.5), High: at(0.75)}
}

const (
	bases      = 16 // places that distances are measured from
	directions = 16
)

// distances compares the unit-norm states of all cells at places a displacement apart.
func (c cells) distances(p Params, seed uint64) []idealtable.Distance {
	random := source(seed, streamPlaces)
	state := func(x, y float64) []float64 {
		g := make([]float64, len(c))
		norm := 0.0
		for u, cell := range c {
			g[u] = cell.rate(x, y)
			norm += g[u] * g[u]
		}
		for u := range g {
			g[u] /= math.Sqrt(math.Max(norm, 1e-300))
		}
		return g
	}
	type pair struct {
		x, y, cos, sin float64
		g              []float64
	}
	var pairs []pair
	for range bases {
		x, y := p.BoxM*(random.Float64()-0.5), p.BoxM*(random.Float64()-0.5)
		for d := range directions {
			sin, cos := math.Sincos(2 * math.Pi * float64(d) / directions)
			pairs = append(pairs, pair{x, y, cos, sin, state(x, y)})
		}
	}
	var rows []idealtable.Distance
	const steps = 100
	for i := range steps + 1 {
		u := 1.25 * slices.Max(p.PeriodsM) * float64(i) / steps
		var all []float64
		mean := 0.0
		for _, q := range pairs {
			square := 0.0
			for k, v := range state(q.x+u*q.cos, q.y+u*q.sin) {
				square += (v - q.g[k]) * (v - q.g[k])
			}
			all = append(all, math.Sqrt(square))
			mean += math.Sqrt(square) / float64(len(pairs))
		}
		slices.Sort(all)
		rows = append(rows, idealtable.Distance{Displacement: u, Mean: mean, Low: gridcell.Quantile(all, 0.1), High: gridcell.Quantile(all, 0.9)})
	}
	return rows
}

const (
	legs  = 9  // displacements of a route
	parts = 20 // that a displacement is drawn in
)

// routes runs through the same displacements in two orders; phases are integrated step by step, as
// an animal would.
func (c cells) routes(p Params, seed uint64) []idealtable.Leg {
	random := source(seed, streamRoutes)
	k := c[0].waves
	var moves [][2]float64
	for range legs {
		moves = append(moves, [2]float64{0.3 * (random.Float64() - 0.5), 0.3 * (random.Float64() - 0.5)})
	}
	// Sorted by direction the second way is far from the first.
	turned := slices.Clone(moves)
	slices.SortStableFunc(turned, func(a, b [2]float64) int {
		if math.Atan2(a[1], a[0]) < math.Atan2(b[1], b[0]) {
			return -1
		}
		return 1
	})
	var rows []idealtable.Leg
	for route, order := range [][][2]float64{moves, turned} {
		var x, y float64
		var phi [2]float64
		rows = append(rows, idealtable.Leg{Route: int32(route)})
		for _, m := range order {
			for range parts {
				dx, dy := m[0]/parts, m[1]/parts
				x, y = x+dx, y+dy
				for a := range phi {
					phi[a] += k[a][0]*dx + k[a][1]*dy
					phi[a] -= 2 * math.Pi * math.Floor(phi[a]/(2*math.Pi))
				}
				rows = append(rows, idealtable.Leg{Route: int32(route), Step: int32(len(rows) % (legs*parts + 1)), X: x, Y: y, Phi1: phi[0], Phi2: phi[1]})
			}
		}
	}
	return rows
}
