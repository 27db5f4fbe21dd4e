package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/params"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/walk"
	"sicgrid/stages/embed"
	"sicgrid/stages/ideal"
	"sicgrid/stages/plot"
	"sicgrid/stages/spectra"
	"sicgrid/stages/train"
)

// Profile is a parameter file: everything that can be set, and nothing else is.
// The files under params/ say what each number means, its unit and its source.
type Profile struct {
	Seed         uint64         `json:"seed"`
	Seeds        []uint64       `json:"seeds"`
	Network      sic.Network    `json:"network"`
	Batch        sic.Batch      `json:"batch"`
	Loss         sic.Loss       `json:"loss"`
	Optimiser    sic.Optimiser  `json:"optimiser"`
	HistoryEvery int            `json:"history_every"`
	Stop         train.Stop     `json:"stop"`
	Attempts     int            `json:"attempts"`
	Variants     map[string]any `json:"variants"`
	Ablate       map[string]any `json:"ablate"`
	Evaluation   Evaluation     `json:"evaluation"`
	Analysis     spectra.Params `json:"analysis"`
	Embedding    embed.Params   `json:"embedding"`
	Ideal        Ideal          `json:"ideal"`
	Integration  Integration    `json:"integration"`
	Results      Results        `json:"results"`
	Figures      Figures        `json:"figures"`
}

// Evaluation is where and how a trained network walks while its units are recorded.
type Evaluation struct {
	Seed          uint64      `json:"seed"`
	BoxesM        []float64   `json:"boxes_m"`
	Bins          int         `json:"bins"`
	SamplesPerBin float64     `json:"samples_per_bin"`
	Steps         int         `json:"steps"`
	States        int         `json:"states"`
	Motion        walk.Motion `json:"motion"`
}

// Ideal is the idealised grid code of figures 1, 2 and 9; its walk moves as those of the evaluation.
type Ideal struct {
	ideal.Cells
	ideal.Line
}

// Integration is how path integration is tested, on walks that move as those of the evaluation.
type Integration struct {
	BoxM   float64 `json:"box_m"`
	Walks  int     `json:"walks"`
	Steps  int     `json:"steps"`
	Places int     `json:"places"`
	ReachM float64 `json:"reach_m"`
}

// Results sets the paper's claims beside every variant and ablation of every seed; lattices are measured in one box, ablations in
// that of figure 7.
type Results struct {
	Seeds       []uint64 `json:"seeds"`
	BoxM        float64  `json:"box_m"`
	DPI         int      `json:"dpi"`
	RateColours string   `json:"rate_colours"`
}

// Figures says what each figure shows, and how it is drawn.
type Figures struct {
	Figure1 plot.Figure1Params `json:"figure_1"`
	Figure2 plot.DPIParams     `json:"figure_2"`
	Figure3 plot.DPIParams     `json:"figure_3"`
	Figure4 Figure4            `json:"figure_4"`
	Figure5 Figure5            `json:"figure_5"`
	Figure6 Figure6            `json:"figure_6"`
	Figure7 Figure7            `json:"figure_7"`
	Figure8 Figure8            `json:"figure_8"`
	Figure9 plot.DPIParams     `json:"figure_9"`
	Table1  plot.DPIParams     `json:"table_1"`
	Seeds   Seeds              `json:"seeds"`
}

// Figure4 shows one network in one box.
type Figure4 struct {
	Variant string  `json:"variant"`
	BoxM    float64 `json:"box_m"`
	plot.Figure4Params
}

// Figure5 shows one network in every box; states are compared with places in one.
type Figure5 struct {
	Variant     string  `json:"variant"`
	BoxM        float64 `json:"box_m"`
	DPI         int     `json:"dpi"`
	RateColours string  `json:"rate_colours"`
	Walks       int     `json:"walks"`
	Pairs       int     `json:"pairs"`
	ReachM      float64 `json:"reach_m"`
	LagStep     int     `json:"lag_step"`
}

// Figure7 shows both networks and every ablation in one box.
type Figure7 struct {
	BoxM        float64 `json:"box_m"`
	DPI         int     `json:"dpi"`
	RateColours string  `json:"rate_colours"`
	Cells       int     `json:"cells"`
}

// Figure6 shows one network in one box.
type Figure6 struct {
	Variant string  `json:"variant"`
	BoxM    float64 `json:"box_m"`
	plot.Figure6Params
}

// Figure8 shows both networks in one box.
type Figure8 struct {
	BoxM float64 `json:"box_m"`
	plot.Figure8Params
}

// Seeds shows both networks of every seed in one box.
type Seeds struct {
	BoxM float64 `json:"box_m"`
	DPI  int     `json:"dpi"`
}

// requiredVariants are drawn by the figures; a profile may have more.
var requiredVariants = []string{"full", "no-capacity"}

// trainingSections are what a variant may change.
var trainingSections = []string{"network", "batch", "loss", "optimiser", "history_every", "stop", "attempts"}

// allowed is the range of every parameter that has one.
var allowed = params.Rules{
	"network.units":         params.AtLeast(2),
	"network.hidden":        params.AtLeast(1),
	"network.layers":        params.AtLeast(2),
	"network.init":          params.OneOf(sic.InitIdentity, sic.InitPyTorch),
	"network.init_scale":    params.Positive,
	"network.initial_state": params.OneOf(sic.InitialStateLearned, sic.InitialStateFixed),

	"batch.trajectories": params.AtLeast(1),
	"batch.length":       params.AtLeast(1),
	"batch.velocity_max": params.Positive,
	"batch.pairs":        params.NotNegative,

	"loss.sigma_x":            params.Positive,
	"loss.sigma_g":            params.Positive,
	"loss.separation":         params.NotNegative,
	"loss.invariance":         params.NotNegative,
	"loss.capacity":           params.NotNegative,
	"loss.conformal_isometry": params.NotNegative,
	"loss.isometry_warmup":    params.NotNegative,
	"loss.isometry_radius":    params.NotNegative,
	"loss.reduction":          params.OneOf(sic.ReductionMean, sic.ReductionSum),

	"optimiser.steps":         params.AtLeast(1),
	"optimiser.learning_rate": params.Positive,
	"optimiser.beta1":         params.Below(0, 1),
	"optimiser.beta2":         params.Below(0, 1),
	"optimiser.epsilon":       params.Positive,
	"optimiser.weight_decay":  params.NotNegative,
	"optimiser.clip":          params.NotNegative,
	"optimiser.accumulate":    params.AtLeast(1),
	"optimiser.schedule":      params.OneOf(sic.ScheduleCosine, sic.SchedulePlateau, sic.ScheduleConstant),
	"optimiser.warmup_steps":  params.NotNegative,
	"optimiser.final_rate":    params.NotNegative,
	"optimiser.window":        params.AtLeast(1),
	"optimiser.patience":      params.NotNegative,
	"optimiser.factor":        {Must: "greater than 0 and less than 1", Number: func(x float64) bool { return x > 0 && x < 1 }},
	"optimiser.min_rate":      params.NotNegative,
	"optimiser.threshold":     params.NotNegative,

	"history_every": params.AtLeast(1),
	"attempts":      params.Between(1, 100),

	"stop.from_step": params.NotNegative,
	"stop.diverged":  {Must: "greater than 1, or 0 for never", Number: func(x float64) bool { return x == 0 || x > 1 }},
	"stop.died":      params.Below(0, 1),
	"stop.unformed":  params.NotNegative,

	"evaluation.boxes_m":               params.Positive,
	"evaluation.bins":                  params.AtLeast(2),
	"evaluation.samples_per_bin":       params.Positive,
	"evaluation.steps":                 params.AtLeast(2),
	"evaluation.states":                params.AtLeast(1),
	"evaluation.motion.step_min_m":     params.Positive,
	"evaluation.motion.step_max_m":     params.Positive,
	"evaluation.motion.step_scale_m":   params.Positive,
	"evaluation.motion.step_memory":    params.Positive,
	"evaluation.motion.turn_sd":        params.NotNegative,
	"evaluation.motion.turn_memory":    params.Positive,
	"evaluation.motion.velocity_max_m": params.Positive,
	"evaluation.motion.wall_m":         params.NotNegative,
	"evaluation.motion.wall_turn":      {Must: "from 0 to pi/2", Number: func(x float64) bool { return x >= 0 && x <= math.Pi/2 }},
	"evaluation.motion.wall_slow":      {Must: "greater than 0 and at most 1", Number: func(x float64) bool { return x > 0 && x <= 1 }},

	"analysis.active_fraction":        params.Between(0, 1),
	"analysis.module_units":           params.AtLeast(1),
	"analysis.module_score":           params.Between(-2, 2),
	"analysis.module_period_ratio":    params.AtLeast(1),
	"analysis.module_orientation_deg": params.Between(0, 30),
	"analysis.module_misfit":          params.Positive,
	"analysis.module_core_distance":   params.Positive,

	"embedding.components":  params.AtLeast(1),
	"embedding.dimensions":  params.AtLeast(1),
	"embedding.neighbours":  params.AtLeast(1),
	"embedding.eigenvalues": params.AtLeast(1),
	"embedding.max_points":  params.AtLeast(2),

	"embedding.isomap_landmarks": params.AtLeast(2),
	"embedding.landmarks":        params.Between(2, 500),
	"embedding.average":          params.Below(0, 1),

	"ideal.box_m":            params.Positive,
	"ideal.bins":             params.AtLeast(8),
	"ideal.steps":            params.AtLeast(2),
	"ideal.smooth_m":         params.NotNegative,
	"ideal.periods_m":        params.Positive,
	"ideal.orientation_deg":  params.Between(0, 60),
	"ideal.cells_per_module": params.AtLeast(6),
	"ideal.spikes_at_peak":   params.Between(0, 1),
	"ideal.range_m":          params.Between(0.1, 1000),
	"ideal.thickness_rad":    params.Between(0.01, 3),
	"ideal.most_modules":     params.Between(2, 6),
	"ideal.draws":            params.AtLeast(3),

	"integration.box_m":   params.Positive,
	"integration.walks":   params.AtLeast(1),
	"integration.steps":   params.AtLeast(30),
	"integration.places":  params.AtLeast(1),
	"integration.reach_m": params.Between(0.25, 20),

	"results.dpi":          dpi,
	"results.rate_colours": colours,

	"figures.figure_1.dpi":                 dpi,
	"figures.figure_1.rate_colours":        colours,
	"figures.figure_1.correlation_colours": colours,
	"figures.figure_2.dpi":                 dpi,
	"figures.figure_3.dpi":                 dpi,
	"figures.figure_9.dpi":                 dpi,
	"figures.table_1.dpi":                  dpi,
	"figures.figure_4.dpi":                 dpi,
	"figures.figure_4.cells_per_module":    params.Between(2, 7),
	"figures.figure_4.max_modules":         params.Between(1, 8),
	"figures.figure_4.rate_colours":        colours,
	"figures.figure_4.correlation_colours": colours,
	"figures.figure_5.dpi":                 dpi,
	"figures.figure_5.rate_colours":        colours,
	"figures.figure_5.walks":               params.AtLeast(1),
	"figures.figure_5.pairs":               params.AtLeast(1),
	"figures.figure_5.reach_m":             params.Positive,
	"figures.figure_5.lag_step":            params.AtLeast(1),
	"figures.figure_6.dpi":                 dpi,
	"figures.figure_6.power_scale":         params.OneOf("linear", "log"),
	"figures.figure_6.power_colours":       colours,
	"figures.figure_6.phase_colours":       colours,
	"figures.figure_6.azimuth_deg":         params.Between(-360, 360),
	"figures.figure_6.elevation_deg":       params.Between(-90, 90),
	"figures.figure_7.dpi":                 dpi,
	"figures.figure_7.rate_colours":        colours,
	"figures.figure_7.cells":               params.Between(2, 5),
	"figures.figure_8.dpi":                 dpi,
	"figures.figure_8.columns":             params.Between(8, 20),
	"figures.figure_8.rate_colours":        colours,
	"figures.seeds.dpi":                    dpi,
}

var (
	dpi     = params.Between(50, 1200)
	colours = params.OneOf("cyclic", "diverging", "grey", "jet", "viridis")
)

// Parameters are a profile as it was read, with every value checked.
type Parameters struct {
	Profile
	Path     string
	Name     string // the file's name without folder and ending: "laptop"
	Sets     []string
	variants []Variant
	ablated  []Variant // networks of figure 7 beyond the variants
	profiles []plot.Table1Profile
	doc      *params.Document
}

// Variant is one way of training.
type Variant struct {
	Name     string
	Training Training
}

// Training is how a network is trained, and how often before the best is kept.
type Training struct {
	train.Params
	Attempts int `json:"attempts"`
}

// readParameters reads a profile, puts the --set values in their places and
// checks every value, so that nothing runs on parameters that will fail later.
func readParameters(path string, sets []string) (*Parameters, error) {
	doc, err := params.Read(path)
	if err != nil {
		return nil, err
	}
	p, err := checkParameters(path, doc, sets)
	if err != nil {
		return nil, err
	}
	p.profiles = profileTable(path, doc)
	return p, nil
}

func checkParameters(path string, doc *params.Document, sets []string) (*Parameters, error) {
	for _, s := range sets {
		if err := doc.Set(s); err != nil {
			return nil, err
		}
	}
	p := &Parameters{Path: path, Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), Sets: sets, doc: doc}
	if err := doc.Decode(&p.Profile, allowed); err != nil {
		return nil, err
	}
	if err := p.readVariants(doc); err != nil {
		return nil, err
	}
	for _, check := range []func(*params.Document) error{p.checkSeeds, p.checkEvaluation, p.checkEmbedding, p.checkIdeal, p.checkFigures} {
		if err := check(doc); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Parameters) readVariants(doc *params.Document) (err error) {
	if p.variants, err = readTrainings(doc, "variants", p.Variants); err != nil {
		return err
	}
	if len(p.variants) == 0 {
		return doc.Errorf("variants", "found no variant, must name at least one")
	}
	p.ablated, err = readTrainings(doc, "ablate", p.Ablate)
	for _, v := range p.ablated {
		if _, twice := p.Variants[v.Name]; twice {
			return doc.Errorf("ablate."+v.Name, "found a name that is among the variants, must be another")
		}
	}
	return err
}

// readTrainings reads the trainings of a section, each of which changes something of the profile, and puts them in full into decoded.
func readTrainings(doc *params.Document, section string, decoded map[string]any) ([]Variant, error) {
	var out []Variant
	for _, name := range doc.Keys(section) {
		key := section + "." + name
		if name == "" || strings.ContainsAny(name, "/. ") {
			return nil, doc.Errorf(key, "found the name %q, must have no slash, point or space", name)
		}
		v := Variant{Name: name}
		var err error
		if v.Training, err = readTraining(doc.Overlay(key, trainingSections)); err != nil {
			return nil, err
		}
		out = append(out, v)
		decoded[name] = v.Training
	}
	return out, nil
}

func readTraining(doc *params.Document) (t Training, err error) {
	if err := doc.Decode(&t, allowed); err != nil {
		return t, err
	}
	return t, checkTraining(doc, t.Params)
}

// checkTraining finds values that are possible one by one but not together.
func checkTraining(doc *params.Document, t train.Params) error {
	if states := t.Batch.States(); t.Batch.Pairs > states {
		return doc.Errorf("batch.pairs", "found %d, must be at most %d, all states of a batch (0 takes all)", t.Batch.Pairs, states)
	}
	if o := t.Optimiser; o.Schedule == sic.ScheduleCosine {
		if o.WarmupSteps >= o.Steps {
			return doc.Errorf("optimiser.warmup_steps", "found %d, must be less than %d, the steps of the optimiser", o.WarmupSteps, o.Steps)
		}
		if o.FinalRate > o.LearningRate {
			return doc.Errorf("optimiser.final_rate", "found %v, must be at most %v, the learning rate", o.FinalRate, o.LearningRate)
		}
	}
	trainingBytes := func(sizes map[string]float64) float64 {
		s := compute.Spec{Network: t.Network, Batch: t.Batch}
		s.Network.Units, s.Network.Hidden, s.Network.Layers = int(sizes["network.units"]), int(sizes["network.hidden"]), int(sizes["network.layers"])
		s.Batch.Trajectories, s.Batch.Length = int(sizes["batch.trajectories"]), int(sizes["batch.length"])
		return cpu.Bytes(s)
	}
	return checkMemory(doc, trainingBytes, map[string]float64{
		"network.units": float64(t.Network.Units), "network.hidden": float64(t.Network.Hidden), "network.layers": float64(t.Network.Layers),
		"batch.trajectories": float64(t.Batch.Trajectories), "batch.length": float64(t.Batch.Length),
	})
}

func (p *Parameters) checkSeeds(doc *params.Document) error {
	for _, list := range []struct {
		key   string
		seeds []uint64
	}{{"seeds", p.Seeds}, {"results.seeds", p.Results.Seeds}} {
		if n := len(list.seeds); n < 1 || n > 12 {
			return doc.Errorf(list.key, "found %d seeds, must be 1 to 12, as many as the figure has room for", n)
		}
		for i, s := range list.seeds {
			if j := slices.Index(list.seeds, s); j < i {
				return doc.Errorf(list.key, "found %d twice, must be given once", s)
			}
		}
	}
	return nil
}

// stepsAcross is the width of the smallest box in longest steps: in a smaller
// one the walls decide every step (walk.Motion.Check).
const stepsAcross = 4

func (p *Parameters) checkEvaluation(doc *params.Document) error {
	e, m := &p.Evaluation, &p.Evaluation.Motion
	if m.StepMaxM <= m.StepMinM {
		return doc.Errorf("evaluation.motion.step_max_m", "found %v, must be greater than %v, the shortest step", m.StepMaxM, m.StepMinM)
	}
	if m.StepMaxM > m.VelocityMaxM {
		return doc.Errorf("evaluation.motion.step_max_m", "found %v, must be at most %v, the bound on its components", m.StepMaxM, m.VelocityMaxM)
	}
	for i, box := range e.BoxesM {
		at := fmt.Sprintf("evaluation.boxes_m[%d]", i)
		if least := stepsAcross * m.StepMaxM; box < least {
			return doc.Errorf(at, "found %v m, must be at least %v m, %d of the longest steps", box, least, stepsAcross)
		}
		if box <= 2*m.WallM {
			return doc.Errorf(at, "found %v m, must be more than %v m, twice the reach of a wall", box, 2*m.WallM)
		}
		if j := slices.Index(e.BoxesM, box); j < i {
			return doc.Errorf(at, "found %v m twice, must be given once", box)
		}
		if err := m.Check(box); err != nil {
			return doc.Errorf("evaluation.motion", "%v", err)
		}
	}
	return checkMemory(doc, evaluationBytes, map[string]float64{
		"network.units": float64(p.Network.Units), "evaluation.bins": float64(e.Bins), "evaluation.samples_per_bin": e.SamplesPerBin,
		"evaluation.steps": float64(e.Steps), "evaluation.states": float64(e.States),
	})
}

func (p *Parameters) checkEmbedding(doc *params.Document) error {
	e := p.Embedding
	if e.Eigenvalues < e.Dimensions {
		return doc.Errorf("embedding.eigenvalues", "found %d, must be at least %d, the dimensions", e.Eigenvalues, e.Dimensions)
	}
	if e.MaxPoints <= e.Neighbours {
		return doc.Errorf("embedding.max_points", "found %d, must be more than %d, the neighbours of each point", e.MaxPoints, e.Neighbours)
	}
	if err := e.Check(); err != nil {
		return doc.Errorf("embedding", "%v", err)
	}
	return nil
}

func (p *Parameters) checkIdeal(doc *params.Document) error {
	if err := p.ideal().Check(); err != nil {
		return doc.Errorf("ideal", "%v", err)
	}
	return nil
}

func (p *Parameters) checkFigures(doc *params.Document) error {
	f, names := &p.Figures, doc.Keys("variants")
	for _, required := range requiredVariants {
		if !slices.Contains(names, required) {
			return doc.Errorf("variants", "found %s, must have %s", strings.Join(names, ", "), strings.Join(requiredVariants, " and "))
		}
	}
	for _, choice := range []struct{ key, variant string }{{"figure_4", f.Figure4.Variant}, {"figure_5", f.Figure5.Variant}, {"figure_6", f.Figure6.Variant}} {
		if !slices.Contains(names, choice.variant) {
			return doc.Errorf("figures."+choice.key+".variant", "found %q, must be one of %s", choice.variant, strings.Join(names, ", "))
		}
	}
	if !slices.Contains(p.Evaluation.BoxesM, p.Results.BoxM) {
		return doc.Errorf("results.box_m", "found %v, must be one of evaluation.boxes_m, %v", p.Results.BoxM, p.Evaluation.BoxesM)
	}
	for _, v := range requiredVariants {
		if err := p.integration(v).Check(); err != nil {
			return doc.Errorf("integration", "%v", err)
		}
	}
	for _, choice := range []struct {
		key string
		box float64
	}{{"figure_4", f.Figure4.BoxM}, {"figure_5", f.Figure5.BoxM}, {"figure_7", f.Figure7.BoxM}, {"figure_6", f.Figure6.BoxM}, {"figure_8", f.Figure8.BoxM}, {"seeds", f.Seeds.BoxM}} {
		if !slices.Contains(p.Evaluation.BoxesM, choice.box) {
			return doc.Errorf("figures."+choice.key+".box_m", "found %v, must be one of evaluation.boxes_m, %v", choice.box, p.Evaluation.BoxesM)
		}
	}
	for _, check := range []struct {
		key string
		err error
	}{{"figure_1", f.Figure1.Check()}, {"figure_5", p.distances(f.Figure5.Variant).Check()}, {"figure_5", p.figure5().Check()}, {"figure_7", p.figure7().Check()}, {"figure_4", f.Figure4.Check()}, {"figure_6", f.Figure6.Check()}, {"figure_8", f.Figure8.Check()}} {
		if check.err != nil {
			return doc.Errorf("figures."+check.key, "%v", check.err)
		}
	}
	return nil
}
