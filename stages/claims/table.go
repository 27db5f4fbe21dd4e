package claims

import (
	"fmt"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/gridcell"
	"sicgrid/stages/spectra/spectratable"
)

// claim is a sentence or number of the paper, and how it is judged here.
type claim struct {
	id, text string
	network  string // whose maps show it: a variant, or what of its training it differs in from the reference; "" = the reference
	figure   string
	paper    string // what the paper says or shows
	source   string // of a number that the paper prints only as a picture
	rule     string // "" for what is only reported
	unit     string
	measure  func(experiment) finding
}

// Where the numbers come from that the paper shows and does not print.
const (
	maps4    = "autocorrelograms of the ratemaps recovered from the published figure 4 (12 cells; 2 m box, 48 bins)"
	axes5    = "read off the axes of the published figure 5a"
	bars6    = "heights of the modal bars of the published figure 6a"
	peaks6   = "peaks (3,-1), (2,2), (-1,3) of the spectrum in the published figure 6a, for a box of 2 m"
	sentence = "text"
)

// What the networks of some claims are trained with. The words and numbers of a claim are the
// paper's: it is about whichever variant is trained so, whatever that is called.
const (
	smallScale    = "loss.sigma_g=0.2"
	smallestScale = "loss.sigma_g=0.1"
	noIsometry    = "loss.conformal_isometry=0"
	pytorchInit   = "network.init=pytorch"
)

// table has the paper's claims in its order, then the numbers of its figures, then what it does not
// report.
var table = append(append(judgedTable, numbersTable...), beyondTable()...)

// group of the i-th row of the table.
func group(i int) string {
	switch {
	case i < len(judgedTable):
		return "claim"
	case i < len(judgedTable)+len(numbersTable):
		return "number"
	}
	return "beyond"
}

var judgedTable = []claim{
	{"periodic", "Most units are periodic", "full", "Fig. 4, 6.1", "“most neurons exhibit periodic tuning”", sentence, "≥ 60 % of active units in modules", "share",
		onFull(func(n *network, _ experiment) finding { return mostPeriodic(n.lattice) })},
	{"several-modules", "Several discrete modules", "full", "Fig. 4, 6.1", "3: 0.51, 0.83, 1.40 m", maps4, "≥ 2 modules that differ by 1.2 × in period", "modules",
		onFull(func(n *network, _ experiment) finding { return several(n.modules) })},
	{"independent-modules", "They are independent codes", "full", "Fig. 4", "1.64, 1.69 at 0°", maps4, "≥ 2 modules at no coincidence of lattices, ≥ 4 generators, places beyond the coarsest cell told apart (p < 0.001)", "modules",
		onFull(func(n *network, _ experiment) finding { return independent(n) })},
	{"shared-lattice", "One period and orientation within a module", "full", "Fig. 4", "one orientation to 0.5°", maps4, "in each module 90 % of units within 5 % and 3°", "share",
		onFull(func(n *network, _ experiment) finding { return shared(n.latticeUnits, n.modules) })},
	{"shared-lattice-6", "The same, in the network of figure 6", "no-capacity", "Fig. 6a", "105 of 128 units in the modal bin of periods, 101 in that of orientations", bars6,
		"in each module 90 % of units within 5 % and 3°", "share",
		onSingle(func(n *network, _ experiment) finding { return shared(n.latticeUnits, n.modules) })},
	{"uniform-phases", "Phases of a module are uniform", "no-capacity", "Fig. 6b, 6.3", "“uniform phase distribution”", sentence, "Rayleigh tests and 2-D test: p > 0.01", "p",
		onSingle(func(n *network, _ experiment) finding { return uniform(n.largest()) })},
	{"torus", "The states of a module lie on a torus", "no-capacity", "Fig. 6c, 6.3", "“toroidal manifold”, by eye", sentence, "Betti numbers 1, 2, 1", "1: a torus",
		onSingle(func(n *network, _ experiment) finding { return torus(n.topology) })},
	{"rings", "Three rings along the lattice directions", "no-capacity", "Fig. 6d", "radii 2.3–3.1", "read off the axes of the published figure 6d",
		"on each, radial variation < 0.25 and no point inside 0.4 of the radius", "variation",
		onSingle(func(n *network, _ experiment) finding { return rings(n.rings) })},
	{"same-periods", "The same periods in boxes of {boxes} m", "full", "Fig. 5c–e, 6.2", "“periodicities … remained the same”", sentence, "within 5 %", "difference",
		onFull(func(n *network, _ experiment) finding { return sameInBoxes(n.inBoxes) })},
	{"decorrelation", "States decorrelate within about σ_x", "full", "Fig. 5a", "0.7 of 0.81 at 0.1 m", axes5, "90 % of the plateau within 3 σ_x", "m",
		onFull(func(n *network, e experiment) finding { return decorrelated(n.decorrelation, e.sigmaX) })},
	{"path-invariance", "The same place has the same state at any lag", "full", "Fig. 5a", "dark line at no separation", "the published figure 5a, right",
		"after loops of 1 to 60 steps, median distance ≤ 25 % of the plateau", "plateaus",
		onFull(func(n *network, _ experiment) finding {
			return invariant(n.returns, n.decorrelation.Plateau, trainedLags)
		})},
	{"one-module", "No capacity loss: one module", "no-capacity", "Fig. 7a", "one module", sentence, "exactly one module", "modules",
		onSingle(func(n *network, _ experiment) finding { return single(n.modules) })},
	{"place-like-02", "σ_g = 0.2: place-like units", smallScale, "Fig. 7b", "“place cell-like”", sentence, "one field and no six peaks in ≥ 60 % of active units", "share",
		with(smallScale, func(n *network, _ experiment) finding { return placeLike(n.summary) })},
	{"place-like-01", "σ_g = 0.1: place-like units", smallestScale, "Fig. 7c", "“place cell-like”", sentence, "one field and no six peaks in ≥ 60 % of active units", "share",
		with(smallestScale, func(n *network, _ experiment) finding { return placeLike(n.summary) })},
	{"field-size", "Fields shrink as σ_g grows", smallestScale, "Fig. 7b, c", "“decreasing with increasing σ_g”", sentence, "field area at σ_g = 0.2 over that at 0.1 is < 1", "ratio",
		against(smallScale, smallestScale, func(a, b *network) finding { return smallerFields(a.summary, b.summary) })},
	needed("no-separation", "loss.separation=0", "Separation is needed", "Fig. 7d"),
	needed("no-invariance", "loss.invariance=0", "Invariance is needed", "Fig. 7e"),
	needed("no-permutations", "batch.permute=false", "Permutations are needed", "Fig. 7f"),
	{"isometry-needed", "No isometry loss: more shear", noIsometry, "Fig. 8b", "“more sheared, closer to being a square”", sentence,
		"larger median ellipse ratio or square score (without/with; the same)", "ellipse ratio",
		ablated(noIsometry, func(a, b *network) finding { return sheared(a.units, b.units) })},
	{"capacity-range", "Capacity improves generalisation", "", "7", "“better for generalization to larger amounts of test data”", sentence, "decoding range larger than without the capacity loss", "m",
		ablated("no-capacity", func(a, b *network) finding {
			if !a.hasIntegration || !b.hasIntegration {
				return unknown("not walked")
			}
			return fartherDecoded(a.integration, b.integration)
		})},
}

// The numbers of the paper's figures, beside ours; no rule.
var numbersTable = []claim{
	{id: "grid-score", text: "Grid score of units in modules (expanding ring, raw)", network: "full", figure: "Fig. 4", paper: "0.40–0.74", source: maps4, unit: "score",
		measure: onFull(func(n *network, _ experiment) finding {
			return ofModules(n, func(m spectratable.Module) float64 { return m.Score })
		})},
	{id: "ellipse", text: "Ellipse ratio of modules", network: "full", figure: "Fig. 4", paper: "1.21", source: maps4, unit: "ratio",
		measure: onFull(func(n *network, _ experiment) finding {
			return ofModules(n, func(m spectratable.Module) float64 { return m.EllipseRatio })
		})},
	{id: "period-ratio", text: "Ratio of successive periods", network: "full", figure: "Fig. 4", paper: "1.64, 1.69", source: maps4, unit: "ratio",
		measure: onFull(func(n *network, _ experiment) finding { return ratio(distinct(n.modules)) })},
	{id: "period-6", text: "Period without the capacity loss", network: "no-capacity", figure: "Fig. 6a", paper: "0.757 m", source: peaks6, unit: "m",
		measure: onSingle(func(n *network, _ experiment) finding {
			m := n.largest()
			if m == nil {
				return unknown("no module")
			}
			return reported(m.Period, figure.Length(m.Period))
		})},
	{id: "plateau", text: "Plateau of the distance of states", network: "full", figure: "Fig. 5a", paper: "0.81", source: axes5, unit: "distance",
		measure: onFull(func(n *network, _ experiment) finding {
			return reported(n.decorrelation.Plateau, figure.Number(n.decorrelation.Plateau, 2))
		})},
	{id: "path-invariance-long", text: "The same place, at lags to the longest walk", network: "full", figure: "Fig. 5a", paper: "dark line at no separation", source: "the published figure 5a, right", unit: "plateaus",
		measure: onFull(func(n *network, _ experiment) finding {
			return invariant(n.returns, n.decorrelation.Plateau, math.MaxInt32)
		})},
	area("area-sigma-g-02", smallScale, "Field area at σ_g = 0.2", "Fig. 7b"),
	area("area-sigma-g-01", smallestScale, "Field area at σ_g = 0.1", "Fig. 7c"),
	{id: "pytorch-init", text: "PyTorch's initialisation: units in modules", network: pytorchInit, paper: "not said", unit: "of the share before",
		measure: ablated(pytorchInit, func(a, b *network) finding { return lost(a.summary, b.summary) })},
}

// beyondTable has what the paper does not report, of both variants.
func beyondTable() []claim {
	var out []claim
	for _, v := range []struct{ network, name string }{{"full", ""}, {"no-capacity", ", no capacity loss"}} {
		row := func(id, text, unit string, measure func(n *network) finding) {
			out = append(out, claim{id: id + map[bool]string{true: "", false: "-" + v.network}[v.network == "full"], text: text + v.name, network: v.network, paper: "not reported", unit: unit,
				measure: with(v.network, func(n *network, _ experiment) finding {
					if !n.hasIntegration {
						return unknown("not walked")
					}
					return measure(n)
				})})
		}
		for _, steps := range []int32{60, 1000} {
			row(fmt.Sprintf("error-%d", steps), fmt.Sprintf("Decoding error after %d steps", steps), "m", func(n *network) finding {
				_, off := n.after(steps)
				return reported(off, figure.Length(off))
			})
		}
		for _, steps := range []int32{60, 1000} {
			row(fmt.Sprintf("loop-%d", steps), fmt.Sprintf("Distance after a loop of %d steps", steps), "plateaus", func(n *network) finding {
				c, _ := n.after(steps)
				return reported(c.Loop/n.decorrelation.Plateau, figure.Percent(c.Loop/n.decorrelation.Plateau, 0))
			})
		}
		for _, steps := range []int32{60, 1000} {
			row(fmt.Sprintf("at-rest-%d", steps), fmt.Sprintf("Drift in %d steps of no velocity", steps), "plateaus", func(n *network) finding {
				c, _ := n.after(steps)
				return reported(c.AtRest/n.decorrelation.Plateau, figure.Percent(c.AtRest/n.decorrelation.Plateau, 0))
			})
		}
		row("commutator", "Two steps in either order, against what they change", "share", func(n *network) finding {
			share := n.integration.Apart / n.integration.Moved
			return reported(share, figure.Percent(share, 0))
		})
		row("range", "Decoding range", "m", func(n *network) finding {
			return reported(n.integration.Range, figure.Number(n.integration.Range, 2)+" m")
		})
		row("isometry", "Isometry: equation 7, over the squared mean", "1", func(n *network) finding {
			return reported(n.integration.Relative, figure.Number(n.integration.Relative, 3))
		})
		row("metric", "Isometry: anisotropy and spread of the metric tensor", "1", func(n *network) finding {
			return reported(n.lattice.Anisotropy, figure.Number(n.lattice.Anisotropy, 2)+", "+figure.Number(n.lattice.Spread, 2))
		})
	}
	return out
}

// onFull and onSingle measure the networks that the paper's figures 4 and 6 are of.
func onFull(measure func(*network, experiment) finding) func(experiment) finding {
	return with("full", measure)
}

func onSingle(measure func(*network, experiment) finding) func(experiment) finding {
	return with("no-capacity", measure)
}

// with measures one variant, where it was trained.
func with(variant string, measure func(*network, experiment) finding) func(experiment) finding {
	return func(e experiment) finding {
		if n := e.networks[variant]; n != nil {
			return measure(n, e)
		}
		return unknown("not trained")
	}
}

// against measures one variant beside another.
func against(variant, other string, measure func(a, b *network) finding) func(experiment) finding {
	return with(variant, func(a *network, e experiment) finding {
		return with(other, func(b *network, _ experiment) finding { return measure(a, b) })(e)
	})
}

// ablated measures an ablation beside the network that it changes one thing of.
func ablated(without string, measure func(before, without *network) finding) func(experiment) finding {
	return func(e experiment) finding { return against(e.reference, without, measure)(e) }
}

// needed is the claim that spatial tuning is lost without one ingredient.
func needed(id, without, text, figure string) claim {
	return claim{id, text, without, figure, "“loss of spatial tuning”", sentence, "units in modules under half of the share of the network that it is an ablation of", "of the share before",
		ablated(without, func(a, b *network) finding { return lost(a.summary, b.summary) })}
}

func area(id, trained, text, of string) claim {
	return claim{id: id, text: text, network: trained, figure: of, paper: "not printed", unit: "m²",
		measure: with(trained, func(n *network, _ experiment) finding {
			return reported(n.summary.FieldArea, figure.Number(n.summary.FieldArea, 3)+" m²")
		})}
}

// ofModules is a median over modules.
func ofModules(n *network, of func(spectratable.Module) float64) finding {
	if n.largest() == nil {
		return unknown("no module")
	}
	var shown string
	var values []float64
	for i, m := range n.modules {
		if values = append(values, of(m)); i > 0 {
			shown += ", "
		}
		shown += figure.Number(of(m), 2)
	}
	return reported(gridcell.Median(values), shown)
}

// ratio of successive periods; the value is their mean.
func ratio(modules []spectratable.Module) finding {
	if len(modules) < 2 {
		return unknown("fewer than two modules")
	}
	var shown string
	n := len(modules) - 1
	for i := range n {
		if i > 0 {
			shown += ", "
		}
		shown += figure.Number(modules[i+1].Period/modules[i].Period, 2)
	}
	return reported(math.Pow(modules[n].Period/modules[0].Period, 1/float64(n)), shown)
}
