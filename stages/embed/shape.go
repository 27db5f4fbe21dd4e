package embed

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"sicgrid/pkg/manifold"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// embedding is everything that the stage finds.
type embedding struct {
	module          int32 // -1 if there is none
	units           int   // whose activity is the state
	stride          int   // every stride-th state is a point
	graphComponents int   // 0 where undefined
	embedded        int   // points of the largest of them
	undefined       string
	pca             []embedtable.Component
	points          []embedtable.Point
	eigenvalues     []embedtable.Eigenvalue
	intervals       []embedtable.Interval
	topology        embedtable.Topology
}

func embed(p Params, states []ratemapstable.State, units []spectratable.Unit, modules []spectratable.Module, threads int) (*embedding, error) {
	nan := math.NaN()
	e := &embedding{topology: embedtable.Topology{From: nan, To: nan, Cone: nan, Isomap: nan}, module: largest(modules), stride: max(1, (len(states)+p.MaxPoints-1)/p.MaxPoints)}
	chosen := choose(units, e.module)
	if e.module >= 0 && len(chosen) == 0 {
		return nil, fmt.Errorf("module %d has no unit among the %d units", e.module, len(units))
	}
	e.units = len(chosen)
	for i := 0; i < len(states); i += e.stride {
		s := states[i]
		for _, u := range chosen {
			if u.Unit < 0 || int(u.Unit) >= len(s.State) {
				return nil, fmt.Errorf("state %d has %d values: unit %d is not among them", i, len(s.State), u.Unit)
			}
		}
		e.points = append(e.points, embedtable.Point{
			X: s.X, Y: s.Y, PC: undefined(p.Components), Embedding: undefined(p.Dimensions), Isomap: undefined(p.Dimensions), Rings: rings(s.State, chosen, e.module),
		})
	}
	switch {
	case len(chosen) == 0:
		e.undefined = "no unit is active"
		return e, nil
	case len(e.points) == 0:
		e.undefined = "there are no states"
		return e, nil
	}

	points := mat.NewDense(len(e.points), len(chosen), nil)
	for i := range e.points {
		for c, u := range chosen {
			points.Set(i, c, float64(states[i*e.stride].State[u.Unit]))
		}
	}
	components, err := manifold.Principal(points)
	if err != nil {
		return nil, err
	}
	for i, r := range components.Ratio {
		e.pca = append(e.pca, embedtable.Component{Component: int32(i), VarianceRatio: r})
	}
	projected, err := components.Project(points, min(p.Components, len(chosen)))
	if err != nil {
		return nil, err
	}
	for i := range e.points {
		clear(e.points[i].PC) // there is no variance along components beyond the units
		for c, v := range projected.RawRowView(i) {
			e.points[i].PC[c] = float32(v)
		}
	}
	if math.IsNaN(components.Ratio[0]) {
		e.undefined = "all states coincide"
		return e, nil
	}
	if err := e.prove(p, points, threads); err != nil {
		return nil, err
	}
	spectral, err := manifold.Spectral(projected, manifold.SpectralOptions{
		Neighbours: p.Neighbours, Dimensions: p.Dimensions, Eigenvalues: p.Eigenvalues, Threads: threads})
	if err != nil {
		e.undefined = err.Error()
		return e, nil
	}
	e.graphComponents, e.embedded = spectral.Components, spectral.Embedded
	for i := range e.points {
		for c, v := range spectral.Coordinate.RawRowView(i) {
			e.points[i].Embedding[c] = float32(v)
		}
	}
	e.geodesic(p, projected, threads)
	for i, v := range spectral.Eigenvalue {
		e.eigenvalues = append(e.eigenvalues, embedtable.Eigenvalue{Index: int32(i + 1), Value: v})
	}
	return e, nil
}

// prove finds the persistent cohomology of the states and their Betti numbers.
func (e *embedding) prove(p Params, points *mat.Dense, threads int) error {
	shape, err := manifold.Topology(points, p.Topology(threads))
	if err != nil {
		return err
	}
	for d, intervals := range shape.Intervals {
		for _, i := range intervals {
			e.intervals = append(e.intervals, embedtable.Interval{Dimension: int32(d), Birth: i.Birth, Death: i.Death})
		}
	}
	e.topology.Cone, e.topology.Landmarks = shape.Cone, int32(shape.Landmarks)
	if numbers, from, to, ok := shape.Betti(); ok {
		e.topology.Betti0, e.topology.Betti1, e.topology.Betti2 = int32(numbers[0]), int32(numbers[1]), int32(numbers[2])
		e.topology.From, e.topology.To = from, to
	}
	return nil
}

// geodesic embeds the projected states by Isomap; what it cannot embed stays NaN.
func (e *embedding) geodesic(p Params, projected *mat.Dense, threads int) {
	g, err := manifold.Isomap(projected, manifold.IsomapOptions{
		Neighbours: p.Neighbours, Dimensions: p.Dimensions, Landmarks: p.IsomapLandmarks, Threads: threads})
	if err != nil { // fewer directions than dimensions, or fewer states than landmarks need
		return
	}
	e.topology.Isomap = g.Residual
	for i := range e.points {
		for c, v := range g.Coordinate.RawRowView(i) {
			e.points[i].Isomap[c] = float32(v)
		}
	}
}

// largest returns the module with most units, of equal ones that of lower number; -1 if there is
// none.
func largest(modules []spectratable.Module) int32 {
	best := spectratable.Module{Module: -1}
	for _, m := range modules {
		if m.N > best.N || m.N == best.N && m.Module < best.Module {
			best = m
		}
	}
	return best.Module
}

// choose returns the units of the module, or with module -1 all active ones.
func choose(units []spectratable.Unit, module int32) []spectratable.Unit {
	var out []spectratable.Unit
	for _, u := range units {
		if module >= 0 && u.Module == module || module < 0 && u.Active {
			out = append(out, u)
		}
	}
	return out
}

// rings projects a state on the three pairs of axes that the phases of a module's units define.
func rings(state []float32, units []spectratable.Unit, module int32) []float32 {
	if module < 0 {
		return undefined(6)
	}
	var sum [6]float64
	for _, u := range units {
		g := float64(state[u.Unit])
		for a, phase := range [3]float64{u.Phi1, u.Phi2, u.Phi3} {
			sum[2*a] += math.Cos(phase) * g
			sum[2*a+1] += math.Sin(phase) * g
		}
	}
	out := make([]float32, 6)
	for i, v := range sum {
		out[i] = float32(v)
	}
	return out
}

// undefined returns n NaNs.
func undefined(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(math.NaN())
	}
	return out
}
