package experiment

import (
	"math"

	"sicgrid/pkg/params"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/walk"
	"sicgrid/stages/best"
	"sicgrid/stages/embed"
	"sicgrid/stages/figures/results"
	"sicgrid/stages/ideal"
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
	Keep         best.Keep      `json:"keep"`
	Parts        Parts          `json:"parts,omitempty"`
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
	Seeds []uint64 `json:"seeds"`
	BoxM  float64  `json:"box_m"`
	results.Look
}

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
	"loss.capacity_start":     params.NotNegative,
	"loss.capacity_warmup":    params.NotNegative,
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

	"keep.by":      params.OneOf(best.ByLoss, best.ByIsotropy, best.BySeparation),
	"keep.reach_m": params.Positive,
	"keep.within":  params.AtLeast(1),

	"parts.scales":             params.Positive,
	"parts.lengths":            params.Between(1, 10000),
	"parts.turns_deg":          params.Between(0, 360),
	"parts.further_steps":      params.AtLeast(1),
	"parts.attempts":           params.Between(1, 100),
	"parts.keep.by":            params.OneOf(best.ByLoss, best.ByIsotropy, best.BySeparation),
	"parts.keep.reach_m":       params.Positive,
	"parts.keep.within":        params.AtLeast(1),
	"parts.steps":              params.AtLeast(1),
	"parts.learning_rate":      params.Positive,
	"parts.sigma_g":            params.Positive,
	"parts.conformal_isometry": params.NotNegative,

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
