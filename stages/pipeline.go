package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/embed"
	"sicgrid/stages/plot"
	"sicgrid/stages/ratemaps"
	"sicgrid/stages/spectra"
	"sicgrid/stages/train"
	"sicgrid/stages/trajectories"
)

// The order of events:
//
//	trajectories (per box) ─────────────────┐
//	train (per variant: full, no-capacity) ─┴─> ratemaps ─> spectra ──> plot: figures 4, 6, 8
//	                                               └────────────┴─> embed ──> plot: figure 6
//
// ratemaps, spectra and embed are made for every variant in every box.
// Everything above exists once a seed; the figure "seeds" sets several side by side.

// plotStage is the stage whose artifacts are laid out as files.
const plotStage = "plot"

// DAG is every node that a profile can make, and the names of groups of them.
type DAG struct {
	Nodes   []*pipeline.Node
	Targets map[string][]*pipeline.Node // "all", "train", ...
}

// network is one trained network, and what is made of it in each box.
type network struct {
	train    *pipeline.Node
	ratemaps map[float64]*pipeline.Node
	spectra  map[float64]*pipeline.Node
	embed    map[float64]*pipeline.Node
}

func wire(p *Parameters, on trainOn) *DAG {
	d := &DAG{Targets: map[string][]*pipeline.Node{}}
	walks := map[float64]*pipeline.Node{}
	for _, box := range p.Evaluation.BoxesM {
		walks[box] = add(d, "trajectories", boxName(box), p.trajectories(box), trajectories.Run, trajectories.Outputs, p.Evaluation.Seed, nil)
	}

	networks := map[string]network{} // by variant and seed
	for _, seed := range p.allSeeds() {
		for _, v := range p.variants {
			name := p.networkName(v.Name, seed)
			n := network{ratemaps: map[float64]*pipeline.Node{}, spectra: map[float64]*pipeline.Node{}, embed: map[float64]*pipeline.Node{}}
			n.train = add(d, "train", name, v.Params, train.On(on.Backend), train.Outputs, seed, nil)
			n.train.Numerics, n.train.Code, n.train.OtherCode = on.Numerics, on.code, on.other
			for _, box := range p.Evaluation.BoxesM {
				at := name + "/" + boxName(box)
				n.ratemaps[box] = add(d, "ratemaps", at, p.ratemaps(), ratemaps.Run, ratemaps.Outputs, 0, inputs{
					"weights": n.train.Ref("weights"), "walks": walks[box].Ref("walks"),
				})
				n.spectra[box] = add(d, "spectra", at, p.Analysis, spectra.Run, spectra.Outputs, 0, inputs{
					"maps": n.ratemaps[box].Ref("maps"), "occupancy": n.ratemaps[box].Ref("occupancy"),
				})
				n.embed[box] = add(d, "embed", at, p.Embedding, embed.Run, embed.Outputs, 0, inputs{
					"states": n.ratemaps[box].Ref("states"), "units": n.spectra[box].Ref("units"), "modules": n.spectra[box].Ref("modules"),
				})
			}
			networks[name] = n
		}
	}

	f4, f6, f8, fs := p.Figures.Figure4, p.Figures.Figure6, p.Figures.Figure8, p.Figures.Seeds
	n4, n6 := networks[f4.Variant], networks[f6.Variant]
	add(d, plotStage, "figure-4", f4.Figure4Params, plot.Figure4, plot.Outputs, 0, inputs{"maps": n4.ratemaps[f4.BoxM].Ref("maps")}.
		with("", n4.spectra[f4.BoxM], "units", "modules", "autocorrelograms", "summary"))
	add(d, plotStage, "figure-6", f6.Figure6Params, plot.Figure6, plot.Outputs, 0, inputs{}.
		with("", n6.spectra[f6.BoxM], "units", "modules", "spectrum", "summary").
		with("", n6.embed[f6.BoxM], "pca", "points", "eigenvalues"))
	add(d, plotStage, "figure-8", f8.Figure8Params, plot.Figure8, plot.Outputs, 0, inputs{}.
		with("full/", networks["full"].ratemaps[f8.BoxM], "maps").with("full/", networks["full"].spectra[f8.BoxM], "units").
		with("no-capacity/", networks["no-capacity"].ratemaps[f8.BoxM], "maps").with("no-capacity/", networks["no-capacity"].spectra[f8.BoxM], "units"))

	seeds := plot.SeedsParams{DPI: fs.DPI, Seeds: p.Seeds, Variants: []string{"no-capacity", "full"}}
	runs := inputs{}
	for _, seed := range p.Seeds {
		for _, v := range seeds.Variants {
			runs.with(fmt.Sprintf("seed-%d/%s/", seed, v), networks[p.networkName(v, seed)].spectra[fs.BoxM], "units", "modules", "summary")
		}
	}
	add(d, plotStage, "seeds", seeds, plot.Seeds, plot.Outputs, 0, runs)
	return d
}

type inputs map[string]pipeline.Ref

// with adds outputs of a node, each under its own name after the prefix.
func (in inputs) with(prefix string, n *pipeline.Node, outputs ...string) inputs {
	for _, o := range outputs {
		in[prefix+o] = n.Ref(o)
	}
	return in
}

// add makes a node called <stage>/<name>; a figure is called by its name alone.
func add[P any](d *DAG, stage, name string, p P, run func(context.Context, P, *pipeline.Task) error, outputs []string, seed uint64, in inputs) *pipeline.Node {
	n := &pipeline.Node{Name: stage + "/" + name, Stage: stage, Params: p, Seed: seed, Inputs: in, Outputs: outputs, Run: pipeline.Bind(p, run)}
	if stage == plotStage {
		n.Name = name
	}
	d.Nodes = append(d.Nodes, n)
	if !strings.Contains(name, seedMark) && name != "seeds" { // what is made of other seeds has to be asked for
		d.Targets[stage] = append(d.Targets[stage], n)
		d.Targets["all"] = append(d.Targets["all"], n)
	}
	return n
}

// seedMark stands in the names of networks of another seed than the profile's.
const seedMark = "/seed-"

// groupNames are the names of groups of nodes, sorted.
func (d *DAG) groupNames() []string { return slices.Sorted(maps.Keys(d.Targets)) }

// The parameters that these stages declare, out of a section that they share.

func (p *Parameters) trajectories(boxM float64) trajectories.Params {
	e := p.Evaluation
	return trajectories.Params{BoxM: boxM, Bins: e.Bins, SamplesPerBin: e.SamplesPerBin, Steps: e.Steps, Motion: e.Motion}
}

func (p *Parameters) ratemaps() ratemaps.Params {
	return ratemaps.Params{Bins: p.Evaluation.Bins, States: p.Evaluation.States}
}

// allSeeds is the profile's own seed and then the others of its list.
func (p *Parameters) allSeeds() []uint64 {
	return append([]uint64{p.Seed}, slices.DeleteFunc(slices.Clone(p.Seeds), func(s uint64) bool { return s == p.Seed })...)
}

// networkName is "full" for the profile's own seed and "full/seed-2" for another.
func (p *Parameters) networkName(variant string, seed uint64) string {
	if seed == p.Seed {
		return variant
	}
	return fmt.Sprintf("%s%s%d", variant, seedMark, seed)
}

// boxName is "2m", "2.5m".
func boxName(m float64) string { return strconv.FormatFloat(m, 'g', -1, 64) + "m" }
