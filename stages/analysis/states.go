package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"sicgrid/pkg/manifold"
)

// StatesRequest is a cloud of population states whose shape is asked for.
type StatesRequest struct {
	File               string   // [states, units]
	Column             string   // the column of lists of a table that has several
	Columns, Without   []string // units by their names; none: all
	Topology           manifold.TopologyOptions
	SquareRoot, ZScore bool // Topology says whether; else both are done to counts of spikes
}

// ShapeRow is the one row that analyze writes of a cloud of states.
type ShapeRow struct {
	States       int32     `col:"states" doc:"number of states"`
	Units        int32     `col:"units" doc:"number of units"`
	Used         int32     `col:"used" doc:"states used: every second, third, ..., so that at most 8 000 are left"`
	SquareRoot   bool      `col:"sqrt" doc:"whether square roots of the activity were taken"`
	ZScore       bool      `col:"zscore" doc:"whether each unit was brought to mean 0 and variance 1"`
	Components   int32     `col:"components" doc:"principal components in which states were compared"`
	Averaged     int32     `col:"averaged" doc:"neighbours that each state was averaged with; 0 where their neighbourhoods are flat"`
	Landmarks    int32     `col:"landmarks" doc:"max-min landmarks that stand for the shape"`
	Field        int32     `col:"field" doc:"prime p of the coefficients Z/p"`
	Betti0       float64   `col:"betti0" doc:"components of the shape; empty if undetermined"`
	Betti1       float64   `col:"betti1" doc:"loops that outlive those of all controls and stand out of the others; empty if undetermined"`
	Betti2       float64   `col:"betti2" doc:"voids, likewise"`
	From         float64   `col:"scale_from" doc:"from this scale to scale_to just these classes live; NaN if undetermined"`
	To           float64   `col:"scale_to" doc:"end of that range"`
	Undetermined string    `col:"undetermined" doc:"why the Betti numbers are undetermined; empty if they are not"`
	Controls     int32     `col:"controls" doc:"number of controls"`
	Control      string    `col:"control" doc:"what became of each unit in a control: rolled in time by a random shift (Gardner et al. 2022), or shuffled"`
	ControlLoop  float64   `col:"control_life1" doc:"longest life of a loop of the controls; NaN without controls"`
	ControlVoid  float64   `col:"control_life2" doc:"longest life of a void of the controls; NaN without controls"`
	Cone         float64   `col:"cone" doc:"scale from which on one state is within reach of all; a life is 2 sqrt(death/cone) - 2 sqrt(birth/cone)"`
	H0Birth      []float64 `col:"h0_birth" doc:"births of the longest intervals of the Rips complex's persistent cohomology in dimension 0"`
	H0Death      []float64 `col:"h0_death" doc:"their deaths"`
	H1Birth      []float64 `col:"h1_birth" doc:"likewise in dimension 1"`
	H1Death      []float64 `col:"h1_death" doc:"their deaths"`
	H2Birth      []float64 `col:"h2_birth" doc:"likewise in dimension 2"`
	H2Death      []float64 `col:"h2_death" doc:"their deaths"`
	PCA          []float64 `col:"pca_variance_ratio" doc:"share of the variance along each principal component, descending"`
}

// topIntervals is how many intervals of each dimension are written.
const topIntervals = 10

// Cloud is what was found of a cloud of states.
type Cloud struct {
	Row   ShapeRow
	Shape *manifold.Shape
	Notes []string // what a reader has to know
}

// States finds the shape of a cloud of states. It returns early where the context is done.
func States(ctx context.Context, r StatesRequest) (*Cloud, error) {
	return unlessInterrupted(ctx, func() (*Cloud, error) { return r.find(ctx) })
}

func (r StatesRequest) find(ctx context.Context) (*Cloud, error) {
	states, notes, err := r.read()
	if err != nil {
		return nil, err
	}
	n, units := states.Dims()
	o := r.options(states.RawMatrix().Data)
	if err := enoughMemory(o.Memory(n, units)); err != nil {
		return nil, fmt.Errorf("%s: %w", r.File, err)
	}
	shape, err := manifold.Topology(ctx, states, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.File, err)
	}
	return &Cloud{newShapeRow([]int{n, units}, o, shape), shape, notes}, nil
}

// read returns the states [states, units] that have all their values, of the columns that are units,
// and says what was left out.
func (r *StatesRequest) read() (*mat.Dense, []string, error) {
	a, err := Read(r.File, r.Column)
	if err != nil {
		return nil, nil, err
	}
	if len(a.Shape) != 2 || a.Shape[0] < 2 || a.Shape[1] < 1 {
		return nil, nil, fmt.Errorf("%s: has the shape %s, must be [states, units] with at least two states, walks laid end to end", r.File, a.ShapeText())
	}
	c := chooser{only: r.Columns, without: r.Without, leftOut: a.LeftOut}
	names := namesOf(a, a.Shape[1])
	chosen, err := c.choose(r.File, names, func(i int) string {
		values := column(a, i)
		if !slices.ContainsFunc(values, finite) {
			return "has no value at all"
		}
		return strangeTo(names[i], values)
	})
	if err != nil {
		return nil, nil, err
	}
	var values []float64
	complete := 0
	for s := range a.Shape[0] {
		state := a.Values[s*a.Shape[1]:][:a.Shape[1]]
		if slices.ContainsFunc(chosen, func(i int) bool { return !finite(state[i]) }) {
			continue
		}
		complete++
		for _, i := range chosen {
			values = append(values, state[i])
		}
	}
	notes := []string{}
	if len(c.leftOut) > 0 {
		notes = append(notes, "left out: "+enumerate(c.leftOut))
	}
	if complete < 2 {
		return nil, nil, fmt.Errorf("%s: %d of %d states have a value of every unit, need at least two: leave out units by --without", r.File, complete, a.Shape[0])
	}
	if missing := a.Shape[0] - complete; missing > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d states lack the value of a unit and are left out", missing, a.Shape[0]))
	}
	if complete < len(chosen) {
		notes = append(notes, "there are more units than states: rows must be states, columns units")
	}
	return mat.NewDense(complete, len(chosen), values), notes, nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// options are those for these states: of spike counts, unless told otherwise, square roots are
// taken, and each unit is brought to one scale.
func (r *StatesRequest) options(states []float64) manifold.TopologyOptions {
	o := r.Topology
	counts := !slices.ContainsFunc(states, func(v float64) bool { return v < 0 || v != math.Floor(v) })
	o.SquareRoot = o.SquareRoot || counts && !r.SquareRoot
	o.ZScore = o.ZScore || counts && !r.ZScore
	return o
}

func newShapeRow(size []int, o manifold.TopologyOptions, s *manifold.Shape) ShapeRow {
	nan := math.NaN()
	v := s.Verdict
	r := ShapeRow{States: int32(size[0]), Units: int32(size[1]), Used: int32(s.Points), SquareRoot: o.SquareRoot, ZScore: o.ZScore,
		Components: int32(min(o.Components, len(s.PCA.Variance))), Averaged: int32(s.Averaged), Landmarks: int32(s.Landmarks), Field: int32(o.Field),
		Betti0: nan, Betti1: nan, Betti2: nan, From: v.From, To: v.To, Undetermined: v.Reason,
		Controls: int32(o.Controls), Control: s.Control, ControlLoop: nan, ControlVoid: nan, Cone: s.Cone, PCA: s.PCA.Ratio}
	if o.Controls > 0 {
		r.ControlLoop, r.ControlVoid = slices.Max(s.Longest[1]), slices.Max(s.Longest[2])
	}
	if v.Numbers != nil {
		r.Betti0, r.Betti1, r.Betti2 = float64(v.Numbers[0]), float64(v.Numbers[1]), float64(v.Numbers[2])
	}
	for d, ends := range [][2]*[]float64{{&r.H0Birth, &r.H0Death}, {&r.H1Birth, &r.H1Death}, {&r.H2Birth, &r.H2Death}} {
		for _, i := range s.Intervals[d][:min(topIntervals, len(s.Intervals[d]))] {
			*ends[0], *ends[1] = append(*ends[0], i.Birth), append(*ends[1], i.Death)
		}
	}
	return r
}

// Summary is what a person reads first: the verdict, how it came about, and what was left out.
func (c *Cloud) Summary() string {
	var b strings.Builder
	r := &c.Row
	fmt.Fprintf(&b, "%d states of %d units: ", r.States, r.Units)
	if r.Undetermined != "" {
		fmt.Fprintf(&b, "Betti numbers undetermined: %s\n", r.Undetermined)
	} else {
		fmt.Fprintf(&b, "Betti numbers %g, %g, %g over Z/%d from scale %.3g to %.3g\n", r.Betti0, r.Betti1, r.Betti2, r.Field, r.From, r.To)
	}
	var prepared []string
	if r.SquareRoot {
		prepared = append(prepared, "square roots of the activity")
	}
	if r.ZScore {
		prepared = append(prepared, "z-scored units")
	}
	if len(prepared) == 0 {
		prepared = append(prepared, "the activity as it is")
	}
	fmt.Fprintf(&b, "of %s, in %d principal components, ", strings.Join(prepared, ", "), r.Components)
	if r.Averaged > 0 {
		fmt.Fprintf(&b, "averaged over %d neighbours, ", r.Averaged)
	}
	fmt.Fprintf(&b, "%d landmarks, %d controls whose units are %s\n", r.Landmarks, r.Controls, r.Control)
	for _, note := range c.Notes {
		fmt.Fprintln(&b, note)
	}
	return b.String()
}
