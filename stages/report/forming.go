package report

import (
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/printable"
	"sicgrid/stages/experiment"
	"sicgrid/stages/figures/figuretraining"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// formingData are ratemaps of a few units at some steps of a training: how they form.
type formingData struct {
	State  State         `json:"state"`
	Reason string        `json:"reason"`
	Of     string        `json:"of"` // which units these are
	Side   value         `json:"side"`
	Bins   int           `json:"bins"`
	Units  []int32       `json:"units"`
	Steps  []formingStep `json:"steps"`           // ascending
	Maps   string        `json:"maps"`            // identifier of the bytes [steps][units][bins, bins]
	Bytes  []byte        `json:"bytes,omitempty"` // themselves, where they come as news
}

// formingStep is what the network had come to, and each of the units.
type formingStep struct {
	Step      int      `json:"step"`
	Score     value    `json:"score"`     // median over active units
	Explained value    `json:"explained"` // share of the states' variance that position explains
	Finds     string   `json:"finds"`
	Units     []string `json:"units"` // likewise, of each unit
}

// snapshot is a network at one step of its training, in one box.
type snapshot struct {
	step    int
	maps    []ratemapstable.Map
	units   []spectratable.Unit
	modules []spectratable.Module
	summary spectratable.Summary
}

// forming reads the snapshots of the network whose training figure-training shows, if all have been
// recorded and measured; those of another code or other parameters are stale.
func (p *Page) forming() *formingData {
	f := p.source.Parameters.Figures.Training
	node := p.results.of(experiment.TrainingName).node
	if node == nil {
		return nil
	}
	d := &formingData{State: Current, Side: value(f.BoxM)}
	var list []snapshot
	for i, step := range node.Params.(figuretraining.Params).Steps {
		recorded, measured := p.results.of(node.Inputs[figuretraining.Role(i)+"maps"].Node.Name), p.results.of(node.Inputs[figuretraining.Role(i)+"units"].Node.Name)
		s := snapshot{step: step, maps: rows[ratemapstable.Map](p.results, recorded, "maps"), units: rows[spectratable.Unit](p.results, measured, "units"),
			modules: rows[spectratable.Module](p.results, measured, "modules")}
		summary, ok := single[spectratable.Summary](p.results, measured, "summary")
		if !ok || len(s.maps) == 0 {
			return nil
		}
		s.summary = summary
		for _, one := range []*Result{recorded, measured} {
			if worst[one.State] > worst[d.State] {
				d.State, d.Reason = one.State, one.Node+": "+one.Reason
			}
		}
		list = append(list, s)
	}
	if !d.take(list, f.Cells) {
		return nil
	}
	d.Maps = p.addBlob("forming-"+f.Variant, d.Bytes)
	d.Bytes = nil
	return d
}

// take takes the maps of as many units that are typical of the last snapshot; false where the
// snapshots are not of one network.
func (d *formingData) take(list []snapshot, cells int) bool {
	last := list[len(list)-1]
	net, err := sheet.NewNetwork(last.units, last.maps)
	if err != nil {
		return false
	}
	examples, _ := net.Examples()
	d.Bins, d.Of = net.Bins, "typical of the network at the end"
	for _, u := range examples[:min(len(examples), cells)] {
		d.Units = append(d.Units, u.Unit)
	}
	for _, s := range list {
		net, err := sheet.NewNetwork(s.units, s.maps)
		if err != nil || net.Bins != d.Bins {
			return false
		}
		step := formingStep{Step: s.step, Score: value(s.summary.Score), Explained: value(s.summary.Explained), Finds: s.finds()}
		for _, number := range d.Units {
			i := slices.IndexFunc(s.units, func(u spectratable.Unit) bool { return u.Unit == number })
			if i < 0 {
				return false
			}
			step.Units = append(step.Units, unitFinds(s.units[i]))
			d.Bytes = appendScaled(d.Bytes, net.Maps[number], 0, s.units[i].Peak)
		}
		d.Steps = append(d.Steps, step)
	}
	return len(d.Units) > 0
}

// finds says in words what the network has come to.
func (s snapshot) finds() string {
	h := (&box{modules: s.modules}).hexagonal()
	text := "no hexagonal module"
	if len(h) > 0 {
		text = printable.Count(len(h), "hexagonal module") + " of " + periods(h)
	}
	return fmt.Sprintf("%s, median grid score %s, %s of the states’ variance explained by position", text, number(s.summary.Score, 2), percent(s.summary.Explained))
}

// unitFinds says it of a unit.
func unitFinds(u spectratable.Unit) string {
	if !u.Active {
		return "not active"
	}
	if math.IsNaN(u.Period) {
		return fmt.Sprintf("grid score %s, no period", number(u.Score, 2))
	}
	return fmt.Sprintf("grid score %s, period %s", number(u.Score, 2), metres(u.Period))
}

// unformed says why there are no ratemaps of a network's training, and which commands make them, if
// any do.
func (p *Page) unformed(n *network) (text string, commands []string) {
	f := p.source.Parameters.Figures.Training
	switch {
	case n.parts > 0:
		return "It starts from networks that have their maps, so that none forms here.", nil
	case n.name == f.Variant:
		return "Its ratemaps at some steps are made by training it once more:", []string{"bin/sicgrid run " + experiment.TrainingName + p.source.Flags}
	case n.variant:
		set := p.source.Flags + " --set figures.training.variant=" + n.name
		return "Ratemaps at some steps are made of one network, and shown, by:", []string{"bin/sicgrid run " + experiment.TrainingName + set, "bin/sicgrid report" + set}
	}
	return "Ratemaps at some steps can be made of variants alone, not of ablations.", nil
}
