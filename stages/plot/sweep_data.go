package plot

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic/loss"
)

// What the figures of sweeps share: their parameters, and the sweep stage's tables as they read them.

// SweepParams says how the figures of a sweep are drawn, and what the sweep is.
type SweepParams struct {
	Figure      string        `json:"figure"`       // the name of its files: one sweep has several
	DPI         int           `json:"dpi"`          // of the PNG
	RateColours string        `json:"rate_colours"` // colour map of ratemaps
	Parameters  []string      `json:"parameters"`   // that are swept: columns of the tables
	Own         []string      `json:"own"`          // the profile's own values of these
	Designs     []SweepDesign `json:"designs"`
}

// SweepDesign is one design of a sweep.
type SweepDesign struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind"` // "grid", "list" or "random"
	Parameters []string `json:"parameters"`
}

// Check returns an error that names the first impossible parameter.
func (p SweepParams) Check() error {
	if err := checkDPI(p.DPI); err != nil {
		return err
	}
	return checkMap("rate_colours", p.RateColours)
}

// SweepRun is a row of "runs".
type SweepRun struct {
	Run       int32   `col:"run"`
	Point     int32   `col:"point"`
	Designs   []int32 `col:"designs"`
	Variant   string  `col:"variant"`
	Seed      int64   `col:"seed"`
	Purpose   string  `col:"purpose"`
	Steps     int64   `col:"steps"`
	Stopped   string  `col:"stopped"`
	Explained float64 `col:"explained"`
	Score     float64 `col:"grid_expanding_median"`
	Modules   int32   `col:"modules"`
	Success   bool    `col:"success"`
}

// SweepPoint is a row of "points".
type SweepPoint struct {
	Point     int32   `col:"point"`
	Name      string  `col:"name"`
	Variant   string  `col:"variant"`
	Purpose   string  `col:"purpose"`
	Rule      string  `col:"rule"`
	N         int32   `col:"n"`
	Successes int32   `col:"successes"`
	Low       float64 `col:"success_low"`
	High      float64 `col:"success_high"`
	Two       int32   `col:"two_modules"`
	Modules   float64 `col:"modules_median"`
	Score     float64 `col:"grid_expanding_median"`
	Explained float64 `col:"explained_median"`
}

// SweepExample is a row of "examples": the ratemap of a run's unit of median score.
type SweepExample struct {
	Run   int32     `col:"run"`
	Unit  int32     `col:"unit"`
	Score float64   `col:"grid_expanding"`
	Map   []float32 `col:"map"`
}

// SweepData is what the figures of a sweep show.
type SweepData struct {
	BoxM     float64
	Runs     []SweepRun
	Values   [][]string // of the swept parameters, run by run
	Points   []SweepPoint
	Examples []SweepExample // of the phase diagram alone
}

// readSweep reads the tables of a sweep.
func readSweep(r *reader, p SweepParams) SweepData {
	d := SweepData{Runs: read[SweepRun](r, "runs"), Points: read[SweepPoint](r, "points")}
	d.BoxM = r.box
	if r.err != nil {
		return d
	}
	rec := r.t.Record("runs")
	d.Values = make([][]string, len(d.Runs))
	for _, name := range p.Parameters {
		at := rec.Schema().FieldIndices(name)
		if len(at) != 1 {
			r.err = fmt.Errorf("input \"runs\": no column %q", name)
			return d
		}
		for i := range d.Runs {
			d.Values[i] = append(d.Values[i], rec.Column(at[0]).ValueStr(i))
		}
	}
	return d
}

// sweepFigure reads a sweep and emits one of its figures.
func sweepFigure(p SweepParams, t *pipeline.Task, examples bool, draw func(SweepData, SweepParams) ([]File, error)) error {
	r := reader{t: t}
	d := readSweep(&r, p)
	if examples {
		d.Examples = read[SweepExample](&r, "examples")
	}
	return r.emit(func() ([]File, error) { return draw(d, p) })
}

// of are the runs of a point, variant and purpose.
func (d SweepData) of(pt SweepPoint) []SweepRun {
	var out []SweepRun
	for _, r := range d.Runs {
		if r.Point == pt.Point && r.Variant == pt.Variant && r.Purpose == pt.Purpose {
			out = append(out, r)
		}
	}
	return out
}

// in are the runs of a design and variant.
func (d SweepData) in(design int, variant string) []SweepRun {
	var out []SweepRun
	for _, r := range d.Runs {
		if r.Variant == variant && slices.Contains(r.Designs, int32(design)) {
			out = append(out, r)
		}
	}
	return out
}

// variants are those of the runs, in the order in which they first come.
func (d SweepData) variants() []string {
	var out []string
	for _, r := range d.Runs {
		if !slices.Contains(out, r.Variant) {
			out = append(out, r.Variant)
		}
	}
	return out
}

// value is that of a swept parameter in a run.
func (d SweepData) value(p SweepParams, run int32, parameter string) string {
	return d.Values[run][slices.Index(p.Parameters, parameter)]
}

// levels are the different values of a parameter over the runs: numbers in order, words as they come.
func (d SweepData) levels(p SweepParams, runs []SweepRun, parameter string) []string {
	var out []string
	for _, r := range runs {
		if v := d.value(p, r.Run, parameter); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, errA := strconv.ParseFloat(out[i], 64)
		b, errB := strconv.ParseFloat(out[j], 64)
		return errA == nil && errB == nil && a < b
	})
	return out
}

var parameterTitles = map[string]string{
	"loss.sigma_x":               "σ_x",
	"loss.sigma_g":               "σ_g",
	"loss.isometry_warmup":       "isometry warm-up (steps)",
	"loss.capacity_start":        "capacity from step",
	"loss.capacity_warmup":       "capacity warm-up (steps)",
	"network.units":              "units",
	"network.init_scale":         "scale of initialisation",
	"network.initial_state":      "g_0",
	"optimiser.accumulate":       "batches a step",
	"optimiser.learning_rate":    "learning rate",
	"batch.pairs":                "states in the pair losses",
	"batch.trajectories":         "trajectories a batch",
	"evaluation.samples_per_bin": "samples a bin",
}

func init() {
	for _, term := range loss.Table {
		parameterTitles["loss."+term.Key] = "weight of " + term.Short
	}
}

// parameterTitle is what a parameter is called on an axis, one variant's as the profile's.
func parameterTitle(key string) string {
	if ofVariant, ok := strings.CutPrefix(key, "variants."); ok {
		_, key, _ = strings.Cut(ofVariant, ".")
	}
	if title, ok := parameterTitles[key]; ok {
		return title
	}
	return strings.ReplaceAll(key[strings.LastIndex(key, ".")+1:], "_", " ")
}

// valueText is a value as it is written in a figure.
func valueText(v string) string {
	if x, err := strconv.ParseFloat(v, 64); err == nil && x < 0 {
		return "−" + v[1:]
	}
	return strings.ReplaceAll(v, "_", " ")
}

// over collects one value of each run.
func over(runs []SweepRun, value func(SweepRun) float64) []float64 {
	out := make([]float64, len(runs))
	for i, r := range runs {
		out[i] = value(r)
	}
	return out
}

// middle is the median over runs: one whose measure is undefined counts as lower than every other.
func middle(values []float64) float64 {
	for i, v := range values {
		if math.IsNaN(v) {
			values[i] = math.Inf(-1)
		}
	}
	if m := median(values); !math.IsInf(m, 0) {
		return m
	}
	return math.NaN()
}

func runScore(r SweepRun) float64     { return r.Score }
func runModules(r SweepRun) float64   { return float64(r.Modules) }
func runExplained(r SweepRun) float64 { return r.Explained }

// mostModules is the top of the axes of module numbers: at least three, which the paper reports.
func (d SweepData) mostModules() float64 {
	most := 3.0
	for _, r := range d.Runs {
		most = math.Max(most, float64(r.Modules))
	}
	return most
}

// inkOn is the colour of type on a ground.
func inkOn(ground color.RGBA) color.RGBA {
	if 0.299*float64(ground.R)+0.587*float64(ground.G)+0.114*float64(ground.B) < 140 {
		return figure.White
	}
	return figure.Black
}

// sweepRunNumbers is a run in numbers.json.
type sweepRunNumbers struct {
	Point     int32    `json:"point"`
	Variant   string   `json:"variant"`
	Seed      int64    `json:"seed"`
	Purpose   string   `json:"purpose"`
	Values    []string `json:"values"`
	Steps     int64    `json:"steps"`
	Stopped   string   `json:"stopped,omitempty"`
	Modules   int32    `json:"modules"`
	Score     number   `json:"grid_expanding_median"`
	Explained number   `json:"explained"`
	Success   bool     `json:"success"`
}

// sweepPointNumbers is a point, variant and purpose in numbers.json.
type sweepPointNumbers struct {
	Point     int32  `json:"point"`
	Name      string `json:"name,omitempty"`
	Variant   string `json:"variant"`
	Purpose   string `json:"purpose"`
	Rule      string `json:"rule"`
	N         int32  `json:"n"`
	Successes int32  `json:"successes"`
	Low       number `json:"success_low"`
	High      number `json:"success_high"`
	Two       int32  `json:"two_modules"`
}

type sweepNumbers struct {
	Figure     string              `json:"figure"`
	BoxM       number              `json:"box_m"`
	Parameters []string            `json:"parameters"`
	Designs    []SweepDesign       `json:"designs"`
	Points     []sweepPointNumbers `json:"points"`
	Runs       []sweepRunNumbers   `json:"runs"`
}

// sweepTable are the numbers of a sweep's figure.
func sweepTable(d SweepData, p SweepParams) sweepNumbers {
	out := sweepNumbers{Figure: p.Figure, BoxM: number(d.BoxM), Parameters: p.Parameters, Designs: p.Designs}
	for _, pt := range d.Points {
		out.Points = append(out.Points, sweepPointNumbers{pt.Point, pt.Name, pt.Variant, pt.Purpose, pt.Rule, pt.N, pt.Successes, number(pt.Low), number(pt.High), pt.Two})
	}
	for i, r := range d.Runs {
		out.Runs = append(out.Runs, sweepRunNumbers{r.Point, r.Variant, r.Seed, r.Purpose, d.Values[i], r.Steps, r.Stopped, r.Modules, number(r.Score), number(r.Explained), r.Success})
	}
	return out
}
