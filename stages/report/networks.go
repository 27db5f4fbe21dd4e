package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/sic/loss"
	"sicgrid/stages/ambiguity"
	"sicgrid/stages/ambiguity/ambiguitytable"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/experiment"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/train"
	"sicgrid/stages/train/saved"
	"sicgrid/stages/train/traintable"
)

// network is a trained network and what was made of it.
type network struct {
	name, title string
	variant     bool // and not an ablation
	parts       int  // trained networks that it starts from; 0 = random initialisation
	apart       bool // they are no copies of one, but each of a random initialisation of its own
	trained     *Result
	weights     []float64 // of the terms of its loss
	boxes       []*box    // by side
	underWay    *Result   // a training of it that has not ended, whose history this is; nil = none
	history     []traintable.Losses
}

// box is a network as it is seen in one box.
type box struct {
	name             string // "4m"
	side             float64
	recorded, judged *Result // ratemaps and spectra
	embedded         *Result
	maps             []ratemapstable.Map
	units            []spectratable.Unit
	lags             []spectratable.Autocorrelogram
	modules          []spectratable.Module
	summary          spectratable.Summary
	points           []embedtable.Point
	embeddedModule   *spectratable.Module // whose units' states were embedded; nil = all active units'
	topology         embedtable.Topology
	undetermined     string // why there are no Betti numbers; "" where there are
	asked            *Result
	told             ambiguitytable.Row // places beyond the coarsest cell; none were asked about where Places is 0
}

// there says whether the units of the box are known.
func (b *box) there() bool { return b != nil && b.judged.There() && len(b.units) > 0 }

// hexagonal are the modules whose lattice is hexagonal.
func (b *box) hexagonal() []spectratable.Module {
	return slices.DeleteFunc(slices.Clone(b.modules), func(m spectratable.Module) bool { return !m.Hexagonal })
}

// box of this side, or nil.
func (n *network) box(side float64) *box {
	if n == nil {
		return nil
	}
	for _, b := range n.boxes {
		if b.side == side {
			return b
		}
	}
	return nil
}

// networks reads every network of the profile's own seed.
func (r *results) networks() (list []*network) {
	p := r.source.Parameters
	titles := p.Titles()
	for _, one := range r.list {
		at, found := strings.CutPrefix(one.Node, "ratemaps/")
		name, boxName, ok := strings.Cut(at, "/")
		side, err := strconv.ParseFloat(strings.TrimSuffix(boxName, "m"), 64)
		if !found || !ok || err != nil {
			continue
		}
		i := slices.IndexFunc(list, func(n *network) bool { return n.name == name })
		if i < 0 {
			_, variant := p.Variants[name]
			i, list = len(list), append(list, &network{name: name, title: titles.Of(name), variant: variant, trained: r.training(name)})
			list[i].parts, list[i].weights = r.start(name)
			list[i].apart = p.Apart(name)
			list[i].history = rows[traintable.Losses](r, list[i].trained, "history")
			r.follow(list[i])
		}
		list[i].boxes = append(list[i].boxes, r.box(at, boxName, side, one))
	}
	return list
}

// training is the node that has a network: of several trainings, the one that keeps one.
func (r *results) training(name string) *Result {
	if one := r.byName["select/"+name]; one != nil {
		return one
	}
	return r.of(experiment.TrainStage + "/" + name)
}

// follow reads the history of a network whose training has not ended off its checkpoint: of several
// trainings, the one that has come farthest.
func (r *results) follow(n *network) {
	if n.trained.There() {
		return
	}
	n.underWay, n.history = nil, nil
	for _, one := range r.list {
		if one.Stage != experiment.TrainStage || one.There() || one.Node != "train/"+n.name && !strings.HasPrefix(one.Node, "train/"+n.name+"/") {
			continue
		}
		c := saved.Look(r.source.Options.ScratchPath(one.status))
		if c == nil {
			continue
		}
		if h, err := c.History(); err == nil && len(h) > len(n.history) { // else the next checkpoint has replaced it
			n.underWay, n.history = one, h
		}
	}
}

// state says what the history of a network is worth.
func (n *network) state() (State, string) {
	if n.underWay == nil {
		return n.trained.State, n.trained.Reason
	}
	steps := ""
	if p, ok := n.underWay.node.Params.(train.Params); ok {
		steps = fmt.Sprintf(" of %d", p.Optimiser.Steps)
	}
	return UnderWay, fmt.Sprintf("%s, saved at step %d%s.", n.underWay.Node, n.history[len(n.history)-1].Step, steps)
}

// start is how many trained networks a network starts from, and the weights of its loss.
func (r *results) start(name string) (parts int, weights []float64) {
	for _, node := range []string{experiment.TrainStage + "/" + name, experiment.TrainStage + "/" + name + "/attempt-1"} {
		one := r.byName[node]
		if one == nil {
			continue
		}
		if p, ok := one.node.Params.(train.Params); ok {
			for _, term := range loss.Table {
				weights = append(weights, *term.Weight(&p.Loss))
			}
		}
		return len(one.node.Inputs), weights
	}
	return 0, nil
}

func (r *results) box(at, name string, side float64, recorded *Result) *box {
	b := &box{name: name, side: side, recorded: recorded, judged: r.of("spectra/" + at), embedded: r.of("embed/" + at), asked: r.of("ambiguity/" + at)}
	b.maps = rows[ratemapstable.Map](r, recorded, "maps")
	b.units = rows[spectratable.Unit](r, b.judged, "units")
	b.lags = rows[spectratable.Autocorrelogram](r, b.judged, "autocorrelograms")
	b.modules = rows[spectratable.Module](r, b.judged, "modules")
	b.summary, _ = single[spectratable.Summary](r, b.judged, "summary")
	b.told, _ = single[ambiguitytable.Row](r, b.asked, ambiguity.Output)
	var about map[string]string
	b.points, about = rowsAndMeta[embedtable.Point](r, b.embedded, "points")
	for i, m := range b.modules {
		if about["module"] == fmt.Sprint(m.Module) {
			b.embeddedModule = &b.modules[i]
		}
	}
	shape, about := rowsAndMeta[embedtable.Topology](r, b.embedded, "topology")
	if len(shape) == 1 {
		b.topology, b.undetermined = shape[0], about["undetermined"]
	}
	return b
}

// coincidences names the pairs of hexagonal modules whose lattices have common points, in words.
func coincidences(modules []spectratable.Module) (pairs []string) {
	for i, a := range modules {
		for _, b := range modules[i+1:] {
			if c, ok := gridcell.NearCoincidence(a.Period, a.Orientation, b.Period, b.Orientation); ok {
				pairs = append(pairs, fmt.Sprintf("%s and %s (ratio %.2f, where %s at %.0f° is a coincidence)",
					metres(a.Period), metres(b.Period), max(a.Period, b.Period)/min(a.Period, b.Period), root(float64(c.Fine)/float64(c.Coarse)), c.AngleDeg))
			}
		}
	}
	return pairs
}
