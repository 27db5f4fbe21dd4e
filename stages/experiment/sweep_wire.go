package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ambiguity"
	"sicgrid/stages/figures/overview"
	"sicgrid/stages/figures/phasediagram"
	"sicgrid/stages/figures/robustness"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/sweepdata"
	"sicgrid/stages/outcome"
	"sicgrid/stages/ratemaps"
	"sicgrid/stages/spectra"
	"sicgrid/stages/sweep"
	"sicgrid/stages/sweep/sweeptable"
	"sicgrid/stages/trajectories"
)

// SweepStage is the stage whose table is laid out beside the figures.
const SweepStage = "sweep"

// WiredSweep is a sweep's part of the DAG.
type WiredSweep struct {
	*Sweep
	Runs  []wiredRun
	Table *pipeline.Node
}

// wiredRun is one run: its nodes in their order, and what it is called.
type wiredRun struct {
	Title string
	Nodes []*pipeline.Node // the trainings, ratemaps, spectra, outcome
}

// WireSweep adds a sweep's runs, table and figures to the DAG of its profile, under the target of
// its name. A run that equals another, of the profile or of a sweep, is that one.
func WireSweep(d *DAG, s *Sweep, on Device) (*WiredSweep, error) {
	w := &WiredSweep{Sweep: s}
	if d.Targets[s.Name] != nil {
		return nil, unknownf("%s: the name %q is that of stages of every profile, must be another", s.Path, s.Name)
	}
	known := map[string]*pipeline.Node{}
	for _, n := range d.Nodes {
		id, err := identity(n)
		if err != nil {
			return nil, err
		}
		known[id] = n
	}
	var failed error
	once := func(n *pipeline.Node) *pipeline.Node {
		id, err := identity(n)
		if err != nil && failed == nil {
			failed = err
		}
		if known[id] == nil {
			known[id] = n
			d.Nodes = append(d.Nodes, n)
		}
		return known[id]
	}
	table := sweep.Params{Parameters: s.Parameters}
	in := inputs{}
	for i, pt := range s.Points {
		q := pt.parameters
		walks := once(newNode("trajectories", fmt.Sprintf("%s/%d/%s", s.Name, i, boxName(s.BoxM)), q.trajectories(s.BoxM), trajectories.Run, trajectories.Outputs, q.Evaluation.Seed, nil))
		for _, t := range pt.trainings {
			for _, seed := range s.seeds() {
				name := fmt.Sprintf("%s/%d/%s%s%d", s.Name, i, t.variant, seedMark, seed.seed)
				made := trainings(name, t.training, on, seed.seed, once)
				trained := made[len(made)-1]
				recorded := once(newNode("ratemaps", name, q.ratemaps(), ratemaps.Run, ratemaps.Outputs, 0, inputs{"weights": trained.Ref("weights"), "walks": walks.Ref("walks")}))
				analysed := once(newNode("spectra", name, q.Analysis, spectra.Run, spectra.Outputs, 0, inputs{}.with("", recorded, "maps", "occupancy")))
				told := once(newNode("ambiguity", name, q.ambiguity(t.training.Recipe), ambiguity.Run, ambiguity.Outputs, q.Evaluation.Seed, inputs{"weights": trained.Ref("weights"), "modules": analysed.Ref("modules")}))
				result := once(newNode("outcome", name, outcome.Params{}, outcome.Run, outcome.Outputs, 0,
					inputs{"history": trained.Ref("history"), "maps": recorded.Ref("maps"), "ambiguity": told.Ref(ambiguity.Output)}.with("", analysed, "units", "modules", "summary")))
				in.with(sweep.Role(len(table.Runs)), result, "outcome", "example")
				rule := sweeptable.Several
				if t.training.Loss.Capacity == 0 && len(t.training.Pretraining.Lengths) == 0 { // joined networks have several from the start
					rule = sweeptable.One
				}
				table.Runs = append(table.Runs, sweep.Run{
					Place: sweeptable.Place{Point: int32(i), Name: pt.name, Designs: pt.designs, Variant: t.variant, Seed: int64(seed.seed), Purpose: seed.purpose},
					Rule:  rule, Values: t.values})
				w.Runs = append(w.Runs, wiredRun{s.title(i, t.variant, seed.seed), append(made, recorded, analysed, told, result)})
			}
		}
	}
	if failed != nil {
		return nil, failed
	}
	w.Table = newNode(SweepStage, s.Name, table, sweep.Tabulate, sweep.Outputs, 0, in)
	d.Nodes = append(d.Nodes, w.Table)
	d.Targets[s.Name] = append([]*pipeline.Node{w.Table}, w.draw(d)...)
	return w, nil
}

// draw adds the figures.
func (w *WiredSweep) draw(d *DAG) []*pipeline.Node {
	f := w.Points[0].parameters.Figures
	p := sweepdata.Params{MapParams: sheet.MapParams{Params: f.Seeds.Params, RateColours: f.RateColours},
		Parameters: w.Parameters, Own: w.own, Titles: w.titles}
	for _, design := range w.Designs {
		p.Designs = append(p.Designs, sweepdata.Design{Name: design.Name, Kind: design.Kind, Parameters: design.Keys})
	}
	tables := inputs{}.with("", w.Table, "runs", "points")
	figure := func(name, folder string, run func(context.Context, sweepdata.Params, *pipeline.Task) error, in inputs) *pipeline.Node {
		p.Figure = name // in the key too: two figures of one sweep differ in nothing else
		return newFigure(name, folder, p, run, in)
	}
	figures := []*pipeline.Node{figure(SweepPrefix+w.Name, "overview", overview.Run, tables)}
	switch w.Figure {
	case phaseFigure:
		figures = append(figures, figure(w.Name, "phasediagram", phasediagram.Run, maps.Clone(tables).with("", w.Table, "examples")))
	case robustnessFigure:
		figures = append(figures, figure(w.Name, "robustness", robustness.Run, tables))
	}
	d.Nodes = append(d.Nodes, figures...)
	return figures
}

type sweepSeed struct {
	seed    uint64
	purpose string
}

func (s *Sweep) seeds() []sweepSeed {
	var out []sweepSeed
	for _, seed := range s.Seeds.Finding {
		out = append(out, sweepSeed{seed, sweeptable.Finding})
	}
	for _, seed := range s.Seeds.Reporting {
		out = append(out, sweepSeed{seed, sweeptable.Reporting})
	}
	return out
}

// title is what a run is called where people look: "sigma_g 0.4, capacity 0.5, full, seed 11".
func (s *Sweep) title(i int, variant string, seed uint64) string {
	pt := s.Points[i]
	setting := pt.name
	if setting == "" {
		var items []string
		for j, key := range s.Parameters {
			if s.sets(pt, key) {
				items = append(items, key[strings.LastIndex(key, ".")+1:]+" "+pt.trainings[0].values[j])
			}
		}
		setting = strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s, %s, seed %d", setting, variant, seed)
}

// sets says whether one of the point's designs sets the parameter.
func (s *Sweep) sets(pt point, key string) bool {
	return slices.ContainsFunc(pt.designs, func(i int32) bool { return slices.Contains(s.Designs[i].Keys, key) })
}

// identity is equal for nodes that compute the same.
func identity(n *pipeline.Node) (string, error) {
	p, err := json.Marshal(n.Params)
	if err != nil {
		return "", fmt.Errorf("%s: %w", n.Name, err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %s", n.Stage, n.Seed, p)
	for _, role := range slices.Sorted(maps.Keys(n.Inputs)) {
		fmt.Fprintf(&b, " %s=%s:%s", role, n.Inputs[role].Node.Name, n.Inputs[role].Output)
	}
	return b.String(), nil
}

// SweepsOf are the files of the sweeps that targets name: "robustness", "sweep/robustness",
// "train/robustness/0/full/seed-11".
func SweepsOf(dir string, targets []string) []string {
	names := SweepNames(dir)
	var paths []string
	for _, t := range targets {
		for part := range strings.SplitSeq(t, "/") {
			name := strings.TrimPrefix(part, SweepPrefix)
			path := filepath.Join(dir, SweepPrefix+name+".yaml")
			if slices.Contains(names, name) && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}
