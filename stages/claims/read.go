package claims

import (
	"math"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ambiguity/ambiguitytable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/integration/integrationtable"
	"sicgrid/stages/spectra/spectratable"
)

// network is one trained network: what there is of it.
type network struct {
	units   []spectratable.Unit // in the box of figure 7, as is summary
	summary spectratable.Summary

	// Of the variants only, in the box of figure 6:
	latticeUnits   []spectratable.Unit
	modules        []spectratable.Module
	lattice        spectratable.Summary
	inBoxes        [][]spectratable.Module // in every box, of the full network
	rings          []embedtable.Point
	topology       embedtable.Topology
	decorrelation  distancestable.Summary
	errors         []integrationtable.Error
	returns        []integrationtable.Return
	told           ambiguitytable.Row
	integration    integrationtable.Summary // of the reference too
	hasIntegration bool
}

// experiment is the networks of one seed, by variant and by in what their training differs from the
// reference's.
type experiment struct {
	networks  map[string]*network
	reference string
	sigmaX    float64
}

// read reads the networks of a seed. A variant's lattice and integration are read where the inputs
// have them.
func (p Params) read(t *pipeline.Task, seed uint64) (experiment, error) {
	e := experiment{networks: map[string]*network{}, reference: p.Reference, sigmaX: p.SigmaX}
	r := &pipeline.Reader{Task: t}
	for _, v := range p.Variants {
		n, role := &network{}, Role(v, seed)
		n.units, n.summary = pipeline.Rows[spectratable.Unit](r, role+"units"), pipeline.One[spectratable.Summary](r, role+"summary")
		if t.Record(role+"points") != nil {
			n.latticeUnits, n.modules, n.lattice = pipeline.Rows[spectratable.Unit](r, role+"lattice/units"), pipeline.Rows[spectratable.Module](r, role+"lattice/modules"), pipeline.One[spectratable.Summary](r, role+"lattice/summary")
			n.rings, n.topology = pipeline.Rows[embedtable.Point](r, role+"points"), pipeline.One[embedtable.Topology](r, role+"topology")
			for _, box := range p.BoxesM {
				n.inBoxes = append(n.inBoxes, pipeline.Rows[spectratable.Module](r, role+BoxRole(box)))
			}
		}
		if t.Record(role+"integration") != nil {
			n.hasIntegration, n.integration = true, pipeline.One[integrationtable.Summary](r, role+"integration")
		}
		if t.Record(role+"decorrelation") != nil {
			n.told, n.decorrelation = pipeline.One[ambiguitytable.Row](r, role+"ambiguity"), pipeline.One[distancestable.Summary](r, role+"decorrelation")
			n.errors, n.returns = pipeline.Rows[integrationtable.Error](r, role+"errors"), pipeline.Rows[integrationtable.Return](r, role+"returns")
		}
		e.networks[v] = n
		for _, difference := range p.Differences[v] {
			if e.networks[difference] == nil {
				e.networks[difference] = n
			}
		}
	}
	return e, r.Err
}

// largest returns the module with most units, the first of equal ones; nil without a module.
func (n *network) largest() *spectratable.Module {
	var best *spectratable.Module
	for i, m := range n.modules {
		if best == nil || m.N > best.N {
			best = &n.modules[i]
		}
	}
	return best
}

// after returns the return and the decoding error after so many steps; NaN where there are none.
func (n *network) after(steps int32) (back integrationtable.Return, decoded float64) {
	back, decoded = integrationtable.Return{Steps: steps, Loop: math.NaN(), AtRest: math.NaN()}, math.NaN()
	for _, c := range n.returns {
		if c.Steps == steps {
			back = c
		}
	}
	for _, e := range n.errors {
		if e.Step == steps {
			decoded = e.Median
		}
	}
	return back, decoded
}
