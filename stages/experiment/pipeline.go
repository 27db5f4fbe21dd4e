// Package experiment is the science's order of events: it turns a profile, a file of parameters,
// into variants (ways of training), ablations and sweeps, and those into the nodes of a graph of
// stages. It knows no command line, no store and no device.
package experiment

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ambiguity"
	"sicgrid/stages/batch"
	"sicgrid/stages/claims"
	"sicgrid/stages/distances"
	"sicgrid/stages/embed"
	"sicgrid/stages/figures/results"
	"sicgrid/stages/ideal"
	"sicgrid/stages/integration"
	"sicgrid/stages/ratemaps"
	"sicgrid/stages/selection"
	"sicgrid/stages/spectra"
	"sicgrid/stages/train"
	"sicgrid/stages/trajectories"
)

// The order of events:
//
//	trajectories (per box) ─────────────────┐
//	train (per variant: full, no-capacity) ─┴─> ratemaps ─> spectra ──> figures: figures 4, 6, 8
//	                                               └────────────┴─> embed ──> figure 6
//
//	ideal ─> spectra ──> figures: figure 1        ideal ──> figures: figures 2, 9
//	batch ──> figures: figure 3                   the profiles themselves ──> figures: table 1
//
//	train (per ablation) ─> ratemaps ─> spectra ──> figures: figure 7 (8)
//	train (full), trajectories ─> distances ──> figures: figure 5
//
//	train (per variant) ─> integration ─┐
//	spectra, embed, distances ──────────┴─> claims ──> figures: results
//	spectra, train ─> ambiguity ──> claims, figures: figure 4
//
// Where a profile names weights that were trained elsewhere, "train" above is a node import, which
// reads them. Where it asks for several attempts, "train" above is that many trainings ─> select, which
// keeps one of them. ratemaps, spectra and embed are made for every variant in every box, of an
// ablation ratemaps and spectra in one. Everything above exists once a seed; the figure "seeds" and
// the results set several side by side.
//
//	train or select (one variant) ─> snapshots ─> ratemaps, spectra (per step) ──> figures: figure-training
//
//	a sweep's runs, each: train ─> ratemaps ─> spectra ─> ambiguity ─> outcome ──> sweep ──> figures: its figures (sweep_wire.go)

// FigureStage is the stage whose artifacts are laid out as files.
const FigureStage = "figures"

// TrainStage is the stage that a GPU can run.
const TrainStage = "train"

// selectStage chooses among the attempts at a training.
const selectStage = "select"

// IsTraining says whether a node makes a network: it trains one, chooses among several, or reads one
// that was trained elsewhere.
func IsTraining(n *pipeline.Node) bool {
	return n.Stage == TrainStage || n.Stage == selectStage || n.Stage == ImportStage
}

// DAG is every node that a profile can make, and the names of groups of them.
type DAG struct {
	Nodes   []*pipeline.Node
	Targets map[string][]*pipeline.Node // "all", "train", ...
}

// network is one trained network, and what is made of it in each box.
type network struct {
	made     []*pipeline.Node // its trainings and its pretraining's, and the selections among them where there are several
	train    *pipeline.Node   // the last of those, which has the network
	ratemaps map[float64]*pipeline.Node
	spectra  map[float64]*pipeline.Node
	embed    map[float64]*pipeline.Node
}

func Wire(p *Parameters, on Device) *DAG {
	d := &DAG{Targets: map[string][]*pipeline.Node{}}
	walks := map[float64]*pipeline.Node{}
	for _, box := range p.Evaluation.BoxesM {
		walks[box] = add(d, "trajectories", boxName(box), p.trajectories(box), trajectories.Run, trajectories.Outputs, p.Evaluation.Seed, nil)
	}

	networks := map[string]network{} // by variant and seed
	for _, seed := range p.everySeed(p.Seeds, p.Results.Seeds) {
		for _, v := range p.variants {
			name := p.networkName(v.Name, seed)
			n := addNetwork(d, name, v.Training, on, seed)
			for _, box := range p.Evaluation.BoxesM {
				at := name + "/" + boxName(box)
				n.see(d, p, at, box, walks[box])
				n.embed[box] = add(d, "embed", at, p.Embedding, embed.Run, embed.Outputs, 0, inputs{
					"states": n.ratemaps[box].Ref("states"), "units": n.spectra[box].Ref("units"), "modules": n.spectra[box].Ref("modules"),
				})
			}
			networks[name] = n
		}
	}

	code := add(d, "ideal", "code", p.ideal(), ideal.Run, ideal.Outputs, p.Evaluation.Seed, nil)
	m := made{
		walks: walks, networks: networks, ideal: code,
		measured: add(d, "spectra", "ideal", p.Analysis, spectra.Run, spectra.Outputs, 0, inputs{}.with("", code, "maps", "occupancy")),
		batch:    add(d, "batch", "full", p.batch(), batch.Run, batch.Outputs, p.Seed, nil),
		told:     map[string]*pipeline.Node{},
	}
	wireAblations(d, p, on, walks, networks)
	m.compared = wireGeneralisation(d, p, walks, networks)
	wireFigures(d, p, m)
	wireResults(d, p, m)
	return d
}

// made is what figures are drawn of.
type made struct {
	walks    map[float64]*pipeline.Node
	networks map[string]network        // by variant and seed
	ideal    *pipeline.Node            // the idealised code
	measured *pipeline.Node            // its cells' spectra
	batch    *pipeline.Node            // a look at the training batches
	compared map[string]*pipeline.Node // distances of states and places, by network
	told     map[string]*pipeline.Node // ambiguity, by network and box
}

// wireAblations trains every ablation and sees it in the boxes where it is drawn.
func wireAblations(d *DAG, p *Parameters, on Device, walks map[float64]*pipeline.Node, networks map[string]network) {
	f := p.Figures
	for _, seed := range p.everySeed(p.Results.Seeds) {
		for _, v := range p.ablated {
			name := p.networkName(v.Name, seed)
			n := addNetwork(d, name, v.Training, on, seed)
			if seed == p.Seed {
				d.Targets["ablate"] = append(d.Targets["ablate"], n.made...)
			}
			n.see(d, p, name+"/"+boxName(f.Figure7.BoxM), f.Figure7.BoxM, walks[f.Figure7.BoxM])
			if v.Name == "no-isometry" && n.spectra[f.Figure8.BoxM] == nil {
				n.see(d, p, name+"/"+boxName(f.Figure8.BoxM), f.Figure8.BoxM, walks[f.Figure8.BoxM])
			}
			networks[name] = n
		}
	}
}

// addNetwork adds a network's trainings, which nothing looks at yet.
func addNetwork(d *DAG, name string, t Training, on Device, seed uint64) network {
	n := network{ratemaps: map[float64]*pipeline.Node{}, spectra: map[float64]*pipeline.Node{}, embed: map[float64]*pipeline.Node{}}
	n.made = trainings(name, t, on, seed, func(n *pipeline.Node) *pipeline.Node { return d.put(n, name) })
	n.train = n.made[len(n.made)-1]
	if t.Attempts > 1 {
		for _, made := range n.made {
			if made.Stage == TrainStage {
				d.Targets[TrainStage+"/"+name] = append(d.Targets[TrainStage+"/"+name], made)
			}
		}
	}
	return n
}

// attemptSeeds is how far apart the seeds of a network's attempts are: the profiles' own and the
// reporting seeds are below it.
const attemptSeeds = 1000

// partSeeds is how far apart the seeds of a network's separate parts are: there are at most 100
// attempts at each.
const partSeeds = 100 * attemptSeeds

// trainings are the nodes that make a network, the one that has it last: those of its pretraining,
// and a training, or as many as there are attempts, all from the same start, and the selection of
// one. Every node passes through put, which may know it already.
func trainings(name string, t Training, on Device, seed uint64, put func(*pipeline.Node) *pipeline.Node) (made []*pipeline.Node) {
	keep := func(n *pipeline.Node) *pipeline.Node {
		made = append(made, put(n))
		return made[len(made)-1]
	}
	training := func(name string, p train.Params, seed uint64, from inputs) *pipeline.Node {
		node := newNode(TrainStage, name, p, train.On(on.Backend, on.CheckpointEvery), train.Outputs, seed, from)
		node.Numerics, node.Code, node.OtherCode = on.Numerics, on.Code, on.OtherCode
		return keep(node)
	}
	if t.Weights.File != "" {
		keep(importNode(name, t))
		return made
	}
	start := inputs{}
	switch p := t.Pretraining; {
	case p.Separate:
		for i, length := range p.Lengths {
			parts := trainings(fmt.Sprintf("%s/pretraining-%d", name, i+1), t.small(length), on, seed+uint64(i)*partSeeds, put)
			start[train.PartRole(i)] = parts[len(parts)-1].Ref("weights")
			made = append(made, parts...)
		}
	case len(p.Lengths) > 0:
		made = trainings(name+"/pretraining", t.small(p.Length), on, seed, put)
		small := made[len(made)-1]
		for i, length := range p.Lengths {
			one := small
			if length != t.small(p.Length).Batch.Length {
				one = training(fmt.Sprintf("%s/finetuning-%d", name, i+1), t.finetuning(i), seed, inputs{train.PartRole(0): small.Ref("weights")})
			}
			start[train.PartRole(i)] = one.Ref("weights")
		}
	}
	attempt := func(name string, n int) *pipeline.Node {
		return training(name, train.Params{Recipe: t.Recipe, RotationsDeg: t.Pretraining.RotationsDeg}, seed+uint64(n)*attemptSeeds, start)
	}
	if t.Attempts == 1 {
		attempt(name, 0)
		return made
	}
	in := inputs{}
	for i := range t.Attempts {
		in.with(selection.Role(i), attempt(fmt.Sprintf("%s/attempt-%d", name, i+1), i), train.Outputs...)
	}
	keep(newNode(selectStage, name, selection.Params{Attempts: t.Attempts, Keep: t.Keep, Steps: t.Batch.Length, VelocityMax: t.Batch.VelocityMax}, selection.Run, selection.Outputs, 0, in))
	return made
}

// see records a trained network's units in a box and measures them.
func (n network) see(d *DAG, p *Parameters, at string, box float64, walks *pipeline.Node) {
	n.ratemaps[box] = add(d, "ratemaps", at, p.ratemaps(), ratemaps.Run, ratemaps.Outputs, 0, inputs{
		"weights": n.train.Ref("weights"), "walks": walks.Ref("walks"),
	})
	n.spectra[box] = add(d, "spectra", at, p.Analysis, spectra.Run, spectra.Outputs, 0, inputs{
		"maps": n.ratemaps[box].Ref("maps"), "occupancy": n.ratemaps[box].Ref("occupancy"),
	})
}

// wireGeneralisation compares the states of networks with places, those of figure 5 and of the
// results; it returns the comparisons by network.
func wireGeneralisation(d *DAG, p *Parameters, walks map[float64]*pipeline.Node, networks map[string]network) map[string]*pipeline.Node {
	f := p.Figures.Figure5
	compared := map[string]*pipeline.Node{}
	compare := func(variant, name string) {
		compared[name] = add(d, "distances", name, p.distances(variant), distances.Run, distances.Outputs, p.Evaluation.Seed, inputs{
			"weights": networks[name].train.Ref("weights"), "walks": walks[f.BoxM].Ref("walks"),
		})
	}
	compare(f.Variant, f.Variant)
	for _, seed := range p.Results.Seeds {
		for _, v := range p.pair() {
			if name := p.networkName(v, seed); compared[name] == nil {
				compare(v, name)
				d.leaveOut(compared[name])
			}
		}
	}
	return compared
}

// tell asks of a network which places it tells apart beyond the coarsest module that it has in a
// box; had says that this was asked before.
func (m made) tell(d *DAG, p *Parameters, variant, name string, boxM float64) (told *pipeline.Node, had bool) {
	at := name + "/" + boxName(boxM)
	if told, had = m.told[at]; !had {
		n := m.networks[name]
		told = add(d, "ambiguity", at, p.ambiguity(p.Variant(variant)), ambiguity.Run, ambiguity.Outputs, p.Evaluation.Seed,
			inputs{"weights": n.train.Ref("weights"), "modules": n.spectra[boxM].Ref("modules")})
		m.told[at] = told
	}
	return told, had
}

// wireResults tests the path integration of both variants and of what the ablations are of, and sets
// the paper's claims beside every network of the results' seeds.
func wireResults(d *DAG, p *Parameters, m made) {
	r := p.Results
	drawn := results.Params{MapParams: p.mapParams(r.Params), Seeds: r.Seeds, Variants: p.everyVariant(), Walked: p.pair(), Titles: p.titles()}
	judged := claims.Params{Seeds: r.Seeds, Variants: drawn.Variants, Reference: p.reference(), Differences: p.fromReference(), BoxesM: slices.Sorted(slices.Values(p.Evaluation.BoxesM)), SigmaX: p.Variant("full").Loss.SigmaX}
	in, shown := inputs{}, inputs{}
	for _, seed := range r.Seeds {
		for _, v := range drawn.Variants {
			name, role, box := p.networkName(v, seed), claims.Role(v, seed), p.Figures.Figure7.BoxM
			n := m.networks[name]
			in.with(role, n.spectra[box], "units", "summary")
			shown.with(role, n.spectra[box], "units").with(role, n.ratemaps[box], "maps")
			paired := slices.Contains(drawn.Walked, v)
			if !paired && v != judged.Reference {
				continue
			}
			walked := add(d, "integration", name, p.integration(v), integration.Run, integration.Outputs, p.Evaluation.Seed, inputs{"weights": n.train.Ref("weights")})
			d.leaveOut(walked)
			in[role+"integration"] = walked.Ref("summary")
			if !paired {
				continue
			}
			in.with(role+"lattice/", n.spectra[r.BoxM], "units", "modules", "summary").with(role, n.embed[r.BoxM], "points", "topology")
			for _, b := range judged.BoxesM {
				in[role+claims.BoxRole(b)] = n.spectra[b].Ref("modules")
			}
			told, had := m.tell(d, p, v, name, r.BoxM)
			if !had {
				d.leaveOut(told)
			}
			in.with(role, told, ambiguity.Output).with(role, walked, "errors", "returns")
			in[role+"decorrelation"] = m.compared[name].Ref("summary")
			shown.with(role, walked, "lags", "errors", "returns", "ranges")
			shown[role+"decorrelation"] = m.compared[name].Ref("summary")
		}
	}
	table := add(d, "claims", ResultsName, judged, claims.Run, claims.Outputs, 0, in)
	draw(d, ResultsName, drawn, results.Run, shown.with("", table, "claims", "findings"))
}

// leaveOut takes a node out of "all": one that only the results look at, of whatever seed.
func (d *DAG) leaveOut(n *pipeline.Node) {
	d.Targets["all"] = slices.DeleteFunc(d.Targets["all"], func(other *pipeline.Node) bool { return other == n })
}

type inputs map[string]pipeline.Ref

// with adds outputs of a node, each under its own name after the prefix.
func (in inputs) with(prefix string, n *pipeline.Node, outputs ...string) inputs {
	for _, o := range outputs {
		in[prefix+o] = n.Ref(o)
	}
	return in
}

// add makes a node called <stage>/<name>.
func add[P any](d *DAG, stage, name string, p P, run func(context.Context, P, *pipeline.Task) error, outputs []string, seed uint64, in inputs) *pipeline.Node {
	return d.put(newNode(stage, name, p, run, outputs, seed, in), name)
}

// put makes a node part of the DAG.
func (d *DAG) put(n *pipeline.Node, name string) *pipeline.Node {
	d.Nodes = append(d.Nodes, n)
	// What is made of other seeds has to be asked for.
	if !strings.Contains(name, seedMark) && name != "seeds" && name != ResultsName {
		d.Targets[n.Stage] = append(d.Targets[n.Stage], n)
		if n.Stage == ImportStage {
			d.Targets[TrainStage] = append(d.Targets[TrainStage], n)
		}
		d.Targets["all"] = append(d.Targets["all"], n)
	}
	return n
}

func newNode[P any](stage, name string, p P, run func(context.Context, P, *pipeline.Task) error, outputs []string, seed uint64, in inputs) *pipeline.Node {
	return &pipeline.Node{Name: stage + "/" + name, Stage: stage, Params: p, Seed: seed, Inputs: in, Outputs: outputs, Measures: measures[stage],
		Check: checkOf(stage, name, p), Run: pipeline.Bind(p, run)}
}

// ResultsName is the table of the paper's claims: a target of its own, which trains every variant
// for every seed of a list.
const ResultsName = "results"

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

func (p *Parameters) ideal() ideal.Params {
	return ideal.Params{Cells: p.Ideal.Cells, Line: p.Ideal.Line, Motion: p.Evaluation.Motion}
}

// batchesSeen is over how many batches the distances in a batch are counted.
const batchesSeen = 20

func (p *Parameters) batch() batch.Params {
	full := p.Variant("full")
	return batch.Params{Batch: full.Batch, SigmaX: full.Loss.SigmaX, Batches: batchesSeen}
}

func (p *Parameters) distances(variant string) distances.Params {
	f := p.Figures.Figure5
	return distances.Params{Walks: f.Walks, Pairs: f.Pairs, SigmaX: p.Variant(variant).Loss.SigmaX, ReachM: f.ReachM, LagStep: f.LagStep}
}

func (p *Parameters) integration(variant string) integration.Params {
	i, v := p.Integration, p.Variant(variant)
	return integration.Params{BoxM: i.BoxM, Walks: i.Walks, Steps: i.Steps, Places: i.Places, ReachM: i.ReachM,
		SigmaX: v.Loss.SigmaX, VelocityMax: v.Batch.VelocityMax, Motion: p.Evaluation.Motion}
}

func (p *Parameters) ambiguity(r train.Recipe) ambiguity.Params {
	return ambiguity.Params{Places: p.Integration.Places, SigmaX: r.Loss.SigmaX}
}

// Variant is the recipe of this name, which must be one.
func (p *Parameters) Variant(name string) train.Recipe { return p.trainingOf(name).Recipe }

// Apart says whether the networks that a variant starts from were each trained from a random
// initialisation of its own, and are no copies of one.
func (p *Parameters) Apart(name string) bool { return p.trainingOf(name).Pretraining.Separate }

// trainingOf is the training of the variant of this name, which must be one.
func (p *Parameters) trainingOf(name string) Training {
	for _, v := range p.variants {
		if v.Name == name {
			return v.Training
		}
	}
	return Training{}
}

// everySeed is the profile's own seed and then the others of the lists, each once.
func (p *Parameters) everySeed(lists ...[]uint64) []uint64 {
	seeds := []uint64{p.Seed}
	for _, s := range slices.Concat(lists...) {
		if !slices.Contains(seeds, s) {
			seeds = append(seeds, s)
		}
	}
	return seeds
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
