package experiment

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sicgrid/pkg/params"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
	"sicgrid/stages/ambiguity"
	"sicgrid/stages/figures/figure1"
	"sicgrid/stages/figures/figure2"
	"sicgrid/stages/figures/figure3"
	"sicgrid/stages/figures/figure4"
	"sicgrid/stages/figures/figure5"
	"sicgrid/stages/figures/figure6"
	"sicgrid/stages/figures/figure7"
	"sicgrid/stages/figures/figure8"
	"sicgrid/stages/figures/figure9"
	"sicgrid/stages/figures/figuretraining"
	"sicgrid/stages/figures/seeds"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/table1"
	"sicgrid/stages/ratemaps"
	"sicgrid/stages/snapshots"
	"sicgrid/stages/spectra"
)

// Figures says what each figure shows, and how it is drawn: a section of the profile each.
type Figures struct {
	RateColours sheet.Colours `json:"rate_colours" default:"jet" doc:"colour map of the ratemaps of every figure: jet as in the paper, or viridis, which is perceptually uniform and safe for colour-blind readers"`

	Figure1 sheet.CorrelationLook `json:"figure_1" doc:"grid cells, idealised"`
	Figure2 sheet.Params          `json:"figure_2" doc:"coding theory of the idealised code"`
	Figure3 sheet.Params          `json:"figure_3" doc:"the losses on a real batch"`
	Figure4 struct {
		Shown
		figure4.Look
	} `json:"figure_4" default:"{variant: full, box_m: 4}" doc:"the cells of each module"`
	Figure5 struct {
		Shown // the box in which states are compared with places; cells are shown in every box
		sheet.Params
		Walks   int     `json:"walks" range:">= 1" default:"60" doc:"walks of the evaluation that are followed"`
		Pairs   int     `json:"pairs" range:">= 1" default:"400000" doc:"random pairs of states"`
		ReachM  float64 `json:"reach_m" unit:"m" range:"> 0" default:"1.5" doc:"largest distance of two places"`
		LagStep int     `json:"lag_step" unit:"steps" range:">= 1" default:"30" doc:"width of a bin of the time between two states"`
	} `json:"figure_5" default:"{variant: full, box_m: 2}" doc:"decorrelation, walks, and the same cells in every box"`
	Figure6 struct {
		Shown
		figure6.Look
	} `json:"figure_6" default:"{variant: no-capacity, box_m: 4}" doc:"spectrum, lattice, phases and torus"`
	Figure7 struct {
		InBox
		figure7.Look
	} `json:"figure_7" default:"{box_m: 2}" doc:"both networks and every ablation"`
	Figure8 struct {
		InBox
		figure8.Look
	} `json:"figure_8" default:"{box_m: 2}" doc:"all units of both networks"`
	Figure9  sheet.Params `json:"figure_9" doc:"construction of the grid code"`
	Training struct {
		Shown
		figuretraining.Look
	} `json:"training" default:"{variant: no-capacity, box_m: 2}" doc:"how one network comes about over the steps of its training, which is repeated for it"`
	Table1 sheet.Params `json:"table_1" doc:"Table 1 beside each profile"`
	Seeds  struct {
		InBox
		sheet.Params
	} `json:"seeds" default:"{box_m: 4}" doc:"both networks of every seed"`
}

// Shown is one network in one box.
type Shown struct {
	Variant string `json:"variant" default:"full" doc:"the network that is shown, one of the variants"`
	InBox
}

// InBox is the box that a figure's networks are shown in.
type InBox struct {
	BoxM float64 `json:"box_m" unit:"m" default:"2" doc:"side of the box, one of evaluation.boxes_m"`
}

// wireFigures draws every figure of what was made.
func wireFigures(d *DAG, p *Parameters, m made) {
	f, full := p.Figures, p.Variant("full")
	draw(d, "figure-1", sheet.CorrelationParams{CorrelationLook: f.Figure1, RateColours: f.RateColours}, figure1.Run, inputs{}.with("", m.ideal, "walk", "maps").with("", m.measured, "units", "modules", "autocorrelograms"))
	draw(d, "figure-2", f.Figure2, figure2.Run, inputs{}.with("", m.ideal, "line", "near", "capacity", "separation", "distance", "routes"))
	draw(d, "figure-3", figure3.Params{Params: f.Figure3, Units: full.Network.Units, Layers: full.Network.Layers}, figure3.Run,
		inputs{}.with("", m.batch, "states", "summary"))
	draw(d, "figure-4", p.figure4(), figure4.Run, m.cells(d, p))
	draw(d, "figure-5", p.figure5(), figure5.Run, m.generalisation(p))
	draw(d, "figure-6", figure6.Params{Look: f.Figure6.Look, Network: p.titles().Of(f.Figure6.Variant)}, figure6.Run, m.of(f.Figure6.Shown, "units", "modules", "spectrum", "summary").
		with("", m.networks[f.Figure6.Variant].embed[f.Figure6.BoxM], "pca", "points", "eigenvalues", "intervals", "topology"))
	draw(d, "figure-7", p.figure7(), figure7.Run, m.ablations(p))
	draw(d, "figure-8", figure8.Params{Look: f.Figure8.Look, RateColours: f.RateColours, Titles: p.titles()}, figure8.Run,
		m.each([]string{"full", "no-isometry", "no-capacity"}, f.Figure8.BoxM, "units"))
	draw(d, "figure-9", f.Figure9, figure9.Run, inputs{}.with("", m.ideal, "tuning", "line"))
	draw(d, "table-1", table1.Params{Params: f.Table1, Profiles: p.profiles}, table1.Run, nil)

	m.training(d, p)

	several := seeds.Params{Params: f.Seeds.Params, Seeds: p.Seeds, Variants: p.pair(), Titles: p.titles()}
	slices.Reverse(several.Variants) // the simpler one first
	runs := inputs{}
	for _, seed := range p.Seeds {
		for _, v := range several.Variants {
			runs.with(seeds.Role(v, seed), m.networks[p.networkName(v, seed)].spectra[f.Seeds.BoxM], "units", "modules", "summary")
		}
	}
	draw(d, "seeds", several, seeds.Run, runs)
}

// acting are the keys of the loss terms that have a weight.
func acting(l sic.Loss) (keys []string) {
	for _, term := range loss.Table {
		if *term.Weight(&l) != 0 {
			keys = append(keys, term.Key)
		}
	}
	return keys
}

// TrainingName is the figure of how a network comes about.
const TrainingName = "figure-training"

// training draws how a network comes about, of snapshots of its training. It has to be asked for, as
// that costs one training more.
func (m made) training(d *DAG, p *Parameters) {
	f := p.Figures.Training
	n, t := m.networks[f.Variant], p.trainingOf(f.Variant)
	from := inputs{"weights": n.train.Ref("weights")}
	if n.train.Stage == selectStage {
		from["attempts"] = n.train.Ref("attempts")
	}
	kept := newNode("snapshots", f.Variant, snapshots.Params{Network: t.Network, Batch: t.Batch, Loss: t.Loss, Optimiser: t.Optimiser, SeedStep: attemptSeeds},
		snapshots.Run, snapshots.Outputs, p.Seed, from)
	d.Nodes = append(d.Nodes, kept)
	steps := snapshots.Steps(t.Optimiser.Steps)
	in := inputs{"history": n.train.Ref("history")}
	for i, step := range steps {
		at := fmt.Sprintf("%s/step-%d/%s", f.Variant, step, boxName(f.BoxM))
		recorded := newNode("ratemaps", at, p.ratemaps(), ratemaps.Run, ratemaps.Outputs, 0, inputs{"weights": kept.Ref(snapshots.Output(i)), "walks": m.walks[f.BoxM].Ref("walks")})
		measured := newNode("spectra", at, p.Analysis, spectra.Run, spectra.Outputs, 0, inputs{}.with("", recorded, "maps", "occupancy"))
		d.Nodes = append(d.Nodes, recorded, measured)
		in.with(figuretraining.Role(i), recorded, "maps").with(figuretraining.Role(i), measured, "units", "spectrum", "summary")
	}
	d.Nodes = append(d.Nodes, newFigure(TrainingName, "figuretraining",
		figuretraining.Params{Look: f.Look, RateColours: p.Figures.RateColours, Network: p.titles().Of(f.Variant), Terms: acting(t.Loss), Steps: steps}, figuretraining.Run, in))
}

// draw adds a figure of this name, whose code is in the folder of its name without hyphens.
func draw[P any](d *DAG, name string, p P, run func(context.Context, P, *pipeline.Task) error, in inputs) {
	d.put(newFigure(name, strings.ReplaceAll(name, "-", ""), p, run, in), name)
}

// newFigure makes a figure, which is called by its name alone.
func newFigure[P any](name, folder string, p P, run func(context.Context, P, *pipeline.Task) error, in inputs) *pipeline.Node {
	n := newNode(FigureStage, name, p, run, sheet.Outputs, 0, in)
	n.Name, n.Code = name, FigureStage+"/"+folder
	return n
}

// of are the maps of a network in a box and these outputs of their spectra.
func (m made) of(s Shown, outputs ...string) inputs {
	n := m.networks[s.Variant]
	return inputs{}.with("", n.ratemaps[s.BoxM], "maps").with("", n.spectra[s.BoxM], outputs...)
}

// each are the same of several networks, those that there are.
func (m made) each(variants []string, box float64, outputs ...string) inputs {
	in := inputs{}
	for _, v := range variants {
		if n, ok := m.networks[v]; ok { // a profile may do without
			in.with(v+"/", n.ratemaps[box], "maps").with(v+"/", n.spectra[box], outputs...)
		}
	}
	return in
}

// generalisation is one network in every box, and its states beside places.
func (m made) generalisation(p *Parameters) inputs {
	f := p.Figures.Figure5
	n, own := m.networks[f.Variant], m.compared[f.Variant]
	in := inputs{"decorrelation": own.Ref("summary"), "training": m.batch.Ref("distances"), "batch": m.batch.Ref("states"), "walks": m.walks[f.BoxM].Ref("walks")}
	in.with("", own, "density", "lags")
	for _, box := range p.figure5().BoxesM {
		in.with(boxName(box)+"/", n.ratemaps[box], "maps").with(boxName(box)+"/", n.spectra[box], "units", "modules")
	}
	return in
}

// figure5 shows the boxes from the smallest to the largest, at most four.
func (p *Parameters) figure5() figure5.Params {
	boxes := slices.Sorted(slices.Values(p.Evaluation.BoxesM))
	f := p.Figures.Figure5
	return figure5.Params{MapParams: p.mapParams(f.Params), Network: p.titles().Of(f.Variant), BoxesM: boxes[:min(4, len(boxes))]}
}

func (p *Parameters) figure4() figure4.Params {
	f := p.Figures
	return figure4.Params{Look: f.Figure4.Look, RateColours: f.RateColours, Network: p.titles().Of(f.Figure4.Variant), FinerBoxM: p.finerBox()}
}

// finerBox is the smallest box, as a map of as many bins as another has the smallest ones in it; 0
// if figure 4 is of that box.
func (p *Parameters) finerBox() float64 {
	if least := slices.Min(p.Evaluation.BoxesM); least < p.Figures.Figure4.BoxM {
		return least
	}
	return 0
}

// cells are those of figure 4's network, also in a smaller box.
func (m made) cells(d *DAG, p *Parameters) inputs {
	shown := p.Figures.Figure4.Shown
	in := m.of(shown, "units", "modules", "autocorrelograms", "summary")
	told, _ := m.tell(d, p, shown.Variant, shown.Variant, shown.BoxM)
	in[ambiguity.Output] = told.Ref(ambiguity.Output)
	if box := p.finerBox(); box > 0 {
		in["finer"] = m.networks[shown.Variant].ratemaps[box].Ref("maps")
	}
	return in
}

// mapParams are those of a figure with ratemaps, in the colours of all figures.
func (p *Parameters) mapParams(of sheet.Params) sheet.MapParams {
	return sheet.MapParams{Params: of, RateColours: p.Figures.RateColours}
}

func (p *Parameters) figure7() figure7.Params {
	out := figure7.Params{Look: p.Figures.Figure7.Look, RateColours: p.Figures.RateColours, Reference: p.reference(), Titles: p.titles()}
	if out.OverSeeds {
		out.Seeds = slices.DeleteFunc(slices.Clone(p.Results.Seeds), func(s uint64) bool { return s == p.Seed })
	}
	out.Variants = []string{out.Reference}
	for _, v := range p.everyVariant() {
		switch {
		case v == out.Reference:
		case p.pretrained(v):
			out.Others = append(out.Others, v)
		default:
			out.Variants = append(out.Variants, v)
		}
	}
	return out
}

// reference is the variant that is trained as the profile's own values say, which the ablations
// change one thing of; "full" if there is none.
func (p *Parameters) reference() string {
	for _, v := range p.variants {
		if !p.pretrained(v.Name) && len(differences(p.own(), v.Training)) == 0 {
			return v.Name
		}
	}
	return "full"
}

// pretrained says whether a variant starts from copies of a smaller network.
func (p *Parameters) pretrained(name string) bool {
	return slices.ContainsFunc(p.variants, func(v Variant) bool { return v.Name == name && len(v.Training.Pretraining.Lengths) > 0 })
}

// ablations are the networks of figure 7, and the summaries of those of further seeds.
func (m made) ablations(p *Parameters) inputs {
	f, variants := p.Figures.Figure7, p.everyVariant()
	in := m.each(variants, f.BoxM, "units", "modules", "summary")
	for _, seed := range p.figure7().Seeds {
		for _, v := range variants {
			in.with(sheet.SeedRole(v, seed), m.networks[p.networkName(v, seed)].spectra[f.BoxM], "summary")
		}
	}
	return in
}

// pair are the networks of the figures of both, those that the profile has.
func (p *Parameters) pair() []string {
	return slices.DeleteFunc(slices.Clone(pairVariants), func(name string) bool { return !slices.Contains(p.VariantNames(), name) })
}

// everyVariant are those of the figures of both, then the others and every ablation, in the order of the
// file.
func (p *Parameters) everyVariant() []string {
	names := p.pair()
	for _, v := range slices.Concat(p.variants, p.ablated) {
		if !slices.Contains(names, v.Name) {
			names = append(names, v.Name)
		}
	}
	return names
}

// checkFigures finds sections of figures whose network or box there is not, or that cannot be
// drawn.
func (p *Parameters) checkFigures(doc *params.Document) error {
	names := doc.Keys("variants")
	if !slices.Contains(names, pairVariants[0]) {
		return doc.Errorf("variants", "found %s, must have %s", strings.Join(names, ", "), pairVariants[0])
	}
	sections := reflect.ValueOf(p.Figures)
	for i := range sections.NumField() {
		key := "figures." + sections.Type().Field(i).Tag.Get("json")
		section := sections.Field(i)
		if section.Kind() != reflect.Struct {
			continue
		}
		if f := section.FieldByName("Variant"); f.IsValid() && !slices.Contains(names, f.String()) {
			return doc.Errorf(key+".variant", "found %q, must be one of %s", f.String(), strings.Join(names, ", "))
		}
		if f := section.FieldByName("BoxM"); f.IsValid() && !slices.Contains(p.Evaluation.BoxesM, f.Float()) {
			return doc.Errorf(key+".box_m", "found %v, must be one of evaluation.boxes_m, %v", f.Float(), p.Evaluation.BoxesM)
		}
	}
	if v := p.Figures.Training.Variant; p.pretrained(v) {
		return doc.Errorf("figures.training.variant", "found %q, must be a variant that starts from random initialisation, and not from copies of a network", v)
	}
	if n := len(p.everyVariant()); n > figure7.MostRows {
		return doc.Errorf("ablate", "found %d networks with the variants, must be at most %d, as many as figure 7 has room for", n, figure7.MostRows)
	}
	return nil
}
