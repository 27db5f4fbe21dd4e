package claims

import (
	"math"

	"sicgrid/pkg/pipeline"
)

// What this stage reads.

type unitView struct {
	Active      bool    `col:"active"`
	Module      int32   `col:"module"`
	Period      float64 `col:"period_m"`
	Orientation float64 `col:"orientation_deg"`
	Ellipse     float64 `col:"ellipse_ratio"`
	Square      float64 `col:"score90"`
}

type moduleView struct {
	Module    int32   `col:"module"`
	N         int32   `col:"n"`
	Period    float64 `col:"period_m"`
	Direction float64 `col:"orientation_deg"`
	Alone     bool    `col:"orientation_alone"`
	Score     float64 `col:"grid_expanding_median"`
	Ellipse   float64 `col:"ellipse_ratio_median"`
	Rayleigh1 float64 `col:"rayleigh_p1"`
	Rayleigh2 float64 `col:"rayleigh_p2"`
	Rayleigh3 float64 `col:"rayleigh_p3"`
	Uniform   float64 `col:"uniform_p"`
}

type summaryView struct {
	Active     int32   `col:"active"`
	Score      float64 `col:"grid_expanding_median"`
	InModules  float64 `col:"in_modules"`
	PlaceLike  float64 `col:"place_like"`
	FieldArea  float64 `col:"field_area_median"`
	Anisotropy float64 `col:"metric_anisotropy"`
	Spread     float64 `col:"metric_spread"`
}

type pointView struct {
	Rings []float32 `col:"rings"`
}

type topologyView struct {
	Betti0 int32   `col:"betti0"`
	Betti1 int32   `col:"betti1"`
	Betti2 int32   `col:"betti2"`
	From   float64 `col:"scale_from"`
}

type decorrelationView struct {
	Plateau float64 `col:"plateau"`
	Reach90 float64 `col:"reach_90"`
}

type errorView struct {
	Step   int32   `col:"step"`
	Median float64 `col:"median"`
	Chance float64 `col:"chance"`
}

type closureView struct {
	Steps int32   `col:"steps"`
	Loop  float64 `col:"loop"`
	Still float64 `col:"still"`
}

type integrationView struct {
	Range    float64 `col:"decoding_range"`
	Apart    float64 `col:"commutator"`
	Moved    float64 `col:"two_steps"`
	Relative float64 `col:"isometry_relative"`
}

// network is one trained network: what there is of it.
type network struct {
	units   []unitView // in the box of figure 7, as is summary
	summary summaryView

	// Of the variants only, in the box of figure 6:
	latticeUnits   []unitView
	modules        []moduleView
	lattice        summaryView
	inBoxes        [][]moduleView // in every box, of the full network
	rings          []pointView
	topology       topologyView
	decorrelation  decorrelationView
	errors         []errorView
	closures       []closureView
	integration    integrationView
	hasIntegration bool
}

// experiment is the networks of one seed, by variant.
type experiment struct {
	networks map[string]*network
	sigmaX   float64
}

// read reads the networks of a seed. A variant's lattice and integration are read where the inputs have them.
func (p Params) read(t *pipeline.Task, seed uint64) (experiment, error) {
	e := experiment{networks: map[string]*network{}, sigmaX: p.SigmaX}
	r := reader{t: t}
	for _, v := range p.Variants {
		n, role := &network{}, Role(v, seed)
		n.units, n.summary = rows[unitView](&r, role+"units"), one[summaryView](&r, role+"summary")
		if t.Record(role+"points") != nil {
			n.latticeUnits, n.modules, n.lattice = rows[unitView](&r, role+"lattice/units"), rows[moduleView](&r, role+"lattice/modules"), one[summaryView](&r, role+"lattice/summary")
			n.rings, n.topology = rows[pointView](&r, role+"points"), one[topologyView](&r, role+"topology")
			for _, box := range p.BoxesM {
				n.inBoxes = append(n.inBoxes, rows[moduleView](&r, role+BoxRole(box)))
			}
		}
		if t.Record(role+"integration") != nil {
			n.hasIntegration = true
			n.decorrelation, n.integration = one[decorrelationView](&r, role+"decorrelation"), one[integrationView](&r, role+"integration")
			n.errors, n.closures = rows[errorView](&r, role+"errors"), rows[closureView](&r, role+"closures")
		}
		e.networks[v] = n
	}
	return e, r.err
}

// reader keeps the first error.
type reader struct {
	t   *pipeline.Task
	err error
}

func rows[T any](r *reader, role string) []T {
	if r.err != nil {
		return nil
	}
	out, _, err := pipeline.Read[T](r.t, role)
	r.err = err
	return out
}

func one[T any](r *reader, role string) (row T) {
	if all := rows[T](r, role); len(all) == 1 {
		return all[0]
	}
	return row
}

// largest returns the module with most units, the first of equal ones; nil without a module.
func (n *network) largest() *moduleView {
	var best *moduleView
	for i, m := range n.modules {
		if best == nil || m.N > best.N {
			best = &n.modules[i]
		}
	}
	return best
}

// after returns the closure and decoding error after so many steps; NaN where there are none.
func (n *network) after(steps int32) (closure closureView, decoded float64) {
	closure, decoded = closureView{steps, math.NaN(), math.NaN()}, math.NaN()
	for _, c := range n.closures {
		if c.Steps == steps {
			closure = c
		}
	}
	for _, e := range n.errors {
		if e.Step == steps {
			decoded = e.Median
		}
	}
	return closure, decoded
}
