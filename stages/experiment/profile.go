package experiment

import (
	"sicgrid/pkg/sic"
	"sicgrid/pkg/walk"
	"sicgrid/stages/embed"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ideal"
	"sicgrid/stages/selection"
	"sicgrid/stages/spectra"
	"sicgrid/stages/train"
)

// Profile is a parameter file: everything that can be set, and nothing else is.
// The files under params/ say what each number means, its unit and its source.
type Profile struct {
	Seed         uint64         `json:"seed" default:"1" doc:"of the training's random numbers"`
	Seeds        []uint64       `json:"seeds" items:"[1, 12]" default:"[1, 2, 3, 4, 5]" doc:"that the figure \"seeds\" sets side by side"`
	Network      sic.Network    `json:"network" doc:"the recurrent network and its initialisation (section 5.2)"`
	Batch        sic.Batch      `json:"batch" doc:"the data of one batch (section 5.1)"`
	Loss         sic.Loss       `json:"loss" doc:"the terms of the loss (equations 4 to 8)"`
	Optimiser    sic.Optimiser  `json:"optimiser" doc:"AdamW (Table 1)"`
	HistoryEvery int            `json:"history_every" range:">= 1" default:"1000" doc:"steps whose means make one row of the recorded losses"`
	Stop         train.Stop     `json:"stop" doc:"when a training that has clearly failed ends early; 0 = not judged"`
	Attempts     int            `json:"attempts" range:"[1, 100]" default:"1" doc:"trainings of a network, from seeds seed, seed + 1000, ..., of which one is kept"`
	Keep         selection.Keep `json:"keep" doc:"which of several attempts: of those whose states are apart as their places are, the one of lowest loss"`
	Pretraining  Pretraining    `json:"pretraining,omitempty" doc:"start from copies of a smaller network, trained first and each finetuned on walks of a length of its own, or from separate ones"`
	Weights      Weights        `json:"weights,omitempty" doc:"a network that was trained elsewhere, in place of a training"`
	Variants     map[string]any `json:"variants" doc:"the networks that are trained, and in what each differs from the above"`
	Ablate       map[string]any `json:"ablate" doc:"further networks, each with one thing changed (figure 7)"`
	Evaluation   Evaluation     `json:"evaluation" doc:"how a trained network walks while its units are recorded"`
	Analysis     spectra.Params `json:"analysis" doc:"what counts as active, and as a module"`
	Embedding    embed.Params   `json:"embedding" doc:"of the states of the largest module"`
	Ideal        Ideal          `json:"ideal" doc:"the idealised grid code of figures 1, 2 and 9; nothing is trained"`
	Integration  Integration    `json:"integration" doc:"how path integration is tested, on walks that move as in evaluation.motion"`
	Results      Results        `json:"results" doc:"the paper's claims beside ours, of every variant and ablation"`
	Figures      Figures        `json:"figures" doc:"what each figure shows and how it is drawn (ours)"`
}

// Evaluation is where and how a trained network walks while its units are recorded.
type Evaluation struct {
	Seed          uint64      `json:"seed" default:"1" doc:"of the walks' random numbers (ours)"`
	BoxesM        []float64   `json:"boxes_m" unit:"m" range:"> 0" default:"[2, 3, 4]" doc:"sides of the square boxes (2 m: appendix B; 3 and 4: section 6)"`
	Bins          int         `json:"bins" range:">= 2" default:"48" doc:"bins along each side of a ratemap (read off figure 4)"`
	SamplesPerBin float64     `json:"samples_per_bin" range:"> 0" default:"100" doc:"mean samples a bin; sets the number of walks (ours)"`
	Steps         int         `json:"steps" range:">= 2" default:"600" doc:"steps of a walk from the centre of the box (ours)"`
	States        int         `json:"states" range:">= 1" default:"4000" doc:"population states that are kept for the embedding (ours)"`
	Motion        walk.Motion `json:"motion" doc:"a smooth walk that avoids walls, within the range of the training velocities (ours)"`
}

// Ideal is the idealised grid code of figures 1, 2 and 9; its walk moves as those of the
// evaluation.
type Ideal struct {
	ideal.Cells
	ideal.Line
}

// Integration is how path integration is tested, on walks that move as those of the evaluation.
type Integration struct {
	BoxM   float64 `json:"box_m" unit:"m" range:"> 0" default:"2" doc:"side of the box of the walks"`
	Walks  int     `json:"walks" range:">= 1" default:"100" doc:"smooth walks"`
	Steps  int     `json:"steps" range:">= 30" default:"1000" doc:"of each, and the longest time between two states"`
	Places int     `json:"places" range:">= 1" default:"300" doc:"places that are decoded at every radius"`
	ReachM float64 `json:"reach_m" unit:"m" range:"[0.25, 20]" default:"3" doc:"largest radius of those places"`
}

// Results sets the paper's claims beside every variant and ablation of every seed; lattices are
// measured in one box, ablations in that of figure 7.
type Results struct {
	Seeds []uint64 `json:"seeds" items:"[1, 12]" default:"[101, 102, 103, 104, 105]" doc:"each trains every network above"`
	BoxM  float64  `json:"box_m" unit:"m" default:"4" doc:"where lattices are measured; ablations are in the box of figure 7"`
	sheet.Params
}
