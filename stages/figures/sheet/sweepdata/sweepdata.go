// Package sweepdata is what the figures of sweeps share: their parameters, the tables of the
// sweep stage as they read them, and the marks of a run.
package sweepdata

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/sweep/sweeptable"
)

// MarkWidth is that of a mark with its stroke, in mm.
const MarkWidth = 1.5

// Marks says what those of Mark mean, and the bars beside them.
const Marks = "A disc is a run, filled if it has what the paper reports, crossed out if it ended early; bars: medians"

// Mark is a run's disc: filled if it succeeds, crossed out if it ended early.
func Mark(c *figure.Canvas, at figure.Point, ink color.RGBA, r sweeptable.Run) {
	const radius = MarkWidth/2 - 0.13
	switch {
	case r.Stopped != "":
		c.Crosses([]figure.Point{at}, radius, figure.Stroke{Color: ink, Width: 0.8})
	case r.Success:
		c.Discs([]figure.Point{at}, radius+0.1, ink)
	default:
		c.Circles([]figure.Point{at}, radius, figure.Stroke{Color: ink, Width: 0.8})
	}
}

// VariantKeys names the variants' colours in a line from (x, y).
func VariantKeys(c *figure.Canvas, x, y float64, variants []string, titles sheet.Titles) {
	small := figure.Type{Size: figure.Small, Y: figure.Middle}
	for v, name := range variants {
		c.Discs([]figure.Point{{X: x + 0.8, Y: y}}, 0.8, figure.Series(v))
		c.Text(x+2.6, y, titles.Of(name), small)
		x += 8 + figure.TextWidth(titles.Of(name), small)
	}
}

// Params says how the figures of a sweep are drawn, and what the sweep is.
type Params struct {
	sheet.MapParams
	Figure     string       `json:"figure"`     // the name of its files: one sweep has several
	Parameters []string     `json:"parameters"` // that are swept: columns of the tables
	Own        []string     `json:"own"`        // the profile's own values of these
	Designs    []Design     `json:"designs"`
	Titles     sheet.Titles `json:"titles"` // of the variants
}

// Design is one design of a sweep.
type Design struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind"` // "grid", "list" or "random"
	Parameters []string `json:"parameters"`
}

// Data is what the figures of a sweep show.
type Data struct {
	BoxM     float64
	Runs     []sweeptable.Run
	Values   [][]string // of the swept parameters, run by run
	Points   []sweeptable.Point
	Examples []sweeptable.Example // of the phase diagram alone
}

// readSweep reads the tables of a sweep.
func readSweep(r *sheet.Reader, p Params) Data {
	d := Data{Runs: sheet.Read[sweeptable.Run](r, "runs"), Points: sheet.Read[sweeptable.Point](r, "points")}
	d.BoxM = r.Box
	if r.Err != nil {
		return d
	}
	rec := r.Task.Record("runs")
	d.Values = make([][]string, len(d.Runs))
	for _, name := range p.Parameters {
		at := rec.Schema().FieldIndices(name)
		if len(at) != 1 {
			r.Err = fmt.Errorf("input \"runs\": no column %q", name)
			return d
		}
		for i := range d.Runs {
			d.Values[i] = append(d.Values[i], rec.Column(at[0]).ValueStr(i))
		}
	}
	return d
}

// Emit reads a sweep and emits one of its figures.
func Emit(p Params, t *pipeline.Task, examples bool, draw func(Data, Params) ([]sheet.File, error)) error {
	r := sheet.NewReader(t)
	d := readSweep(&r, p)
	if examples {
		d.Examples = sheet.Read[sweeptable.Example](&r, "examples")
	}
	return r.Emit(func() ([]sheet.File, error) { return draw(d, p) })
}

// Of are the runs of a point, variant and purpose.
func (d Data) Of(pt sweeptable.Point) []sweeptable.Run {
	return slices.DeleteFunc(slices.Clone(d.Runs), func(r sweeptable.Run) bool {
		return r.Point != pt.Point || r.Variant != pt.Variant || r.Purpose != pt.Purpose
	})
}

// In are the runs of a design and variant.
func (d Data) In(design int, variant string) []sweeptable.Run {
	return slices.DeleteFunc(slices.Clone(d.Runs), func(r sweeptable.Run) bool {
		return r.Variant != variant || !slices.Contains(r.Designs, int32(design))
	})
}

// Variants are those of the runs, in the order in which they first come.
func (d Data) Variants() []string {
	var out []string
	for _, r := range d.Runs {
		if !slices.Contains(out, r.Variant) {
			out = append(out, r.Variant)
		}
	}
	return out
}

// Value is that of a swept parameter in a run.
func (d Data) Value(p Params, run int32, parameter string) string {
	return d.Values[run][slices.Index(p.Parameters, parameter)]
}

// Levels are the different values of a parameter over the runs: numbers in order, words as they
// come.
func (d Data) Levels(p Params, runs []sweeptable.Run, parameter string) []string {
	var out []string
	for _, r := range runs {
		if v := d.Value(p, r.Run, parameter); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(s, t string) int {
		a, errA := strconv.ParseFloat(s, 64)
		b, errB := strconv.ParseFloat(t, 64)
		if errA != nil || errB != nil {
			return 0
		}
		return cmp.Compare(a, b)
	})
	return out
}

var parameterTitles = map[string]string{
	"loss.sigma_x":               "σ_x",
	"loss.sigma_g":               "σ_g",
	"loss.separation":            "weight of separation",
	"loss.invariance":            "weight of invariance",
	"loss.capacity":              "weight of capacity",
	"loss.conformal_isometry":    "weight of isometry",
	"loss.isometry_warmup":       "isometry warm-up (steps)",
	"loss.capacity_start":        "capacity from step",
	"loss.capacity_warmup":       "capacity warm-up (steps)",
	"network.units":              "units",
	"network.init_scale":         "scale of initialisation",
	"network.init_speed":         "speed of initialisation (m a step)",
	"network.initial_state":      "g_0",
	"optimiser.accumulate":       "batches a step",
	"optimiser.learning_rate":    "learning rate",
	"batch.pairs":                "states in the pair losses",
	"batch.trajectories":         "trajectories a batch",
	"evaluation.samples_per_bin": "samples a bin",
}

// ParameterTitle is what a parameter is called on an axis, one variant's as the profile's.
func ParameterTitle(key string) string {
	if ofVariant, ok := strings.CutPrefix(key, "variants."); ok {
		_, key, _ = strings.Cut(ofVariant, ".")
	}
	if title, ok := parameterTitles[key]; ok {
		return title
	}
	return strings.ReplaceAll(key[strings.LastIndex(key, ".")+1:], "_", " ")
}

// ValueText is a value as it is written in a figure.
func ValueText(v string) string {
	if x, err := strconv.ParseFloat(v, 64); err == nil && x < 0 {
		return "−" + v[1:]
	}
	return strings.ReplaceAll(v, "_", " ")
}

// Over collects one value of each run.
func Over(runs []sweeptable.Run, value func(sweeptable.Run) float64) []float64 {
	out := make([]float64, len(runs))
	for i, r := range runs {
		out[i] = value(r)
	}
	return out
}

// Middle is the median over runs: one whose measure is undefined counts as lower than every other.
func Middle(values []float64) float64 {
	for i, v := range values {
		if math.IsNaN(v) {
			values[i] = math.Inf(-1)
		}
	}
	if m := sheet.Median(values); !math.IsInf(m, 0) {
		return m
	}
	return math.NaN()
}

func Score(r sweeptable.Run) float64 { return r.Score }

func Modules(r sweeptable.Run) float64 { return float64(r.Modules) }

func Explained(r sweeptable.Run) float64 { return r.Explained }

// ScoreAxis is an axis of median grid scores that holds those of all runs.
func (d Data) ScoreAxis() figure.Axis {
	lo, hi := -0.6, 1.5
	for _, v := range Defined(d.Runs, Score) {
		lo, hi = math.Min(lo, math.Floor(v*5)/5-0.1), math.Max(hi, math.Ceil(v*5)/5+0.1)
	}
	return figure.Axis{Min: lo, Max: hi, Label: "grid score, median", Ticks: figure.Ticks(lo, hi, 4)}
}

// ExplainedAxis is one of the variance that position explains, which is negative where the mean of
// all states explains more.
func (d Data) ExplainedAxis() figure.Axis {
	lo := -0.04
	for _, v := range Defined(d.Runs, Explained) {
		lo = math.Min(lo, math.Floor(v*5)/5-0.1)
	}
	return figure.Axis{Min: lo, Max: 1.04, Label: "explained by position", Ticks: figure.Ticks(lo, 1, 2)}
}

// Defined are the values of the runs that are not NaN, ascending.
func Defined(runs []sweeptable.Run, value func(sweeptable.Run) float64) []float64 {
	return sheet.Defined(Over(runs, value))
}

// MostModules is the top of the axes of module numbers: at least three, which the paper reports.
func (d Data) MostModules() float64 {
	most := 3.0
	for _, r := range d.Runs {
		most = math.Max(most, float64(r.Modules))
	}
	return most
}

// runNumbers is a run in numbers.json.
type runNumbers struct {
	Point     int32        `json:"point"`
	Variant   string       `json:"variant"`
	Seed      int64        `json:"seed"`
	Purpose   string       `json:"purpose"`
	Values    []string     `json:"values"`
	Steps     int64        `json:"steps"`
	Stopped   string       `json:"stopped,omitempty"`
	Modules   int32        `json:"modules"`
	Score     sheet.Number `json:"grid_expanding_median"`
	Explained sheet.Number `json:"explained"`
	Success   bool         `json:"success"`
}

// pointNumbers is a point, variant and purpose in numbers.json.
type pointNumbers struct {
	Point     int32        `json:"point"`
	Name      string       `json:"name,omitempty"`
	Variant   string       `json:"variant"`
	Purpose   string       `json:"purpose"`
	Rule      string       `json:"rule"`
	N         int32        `json:"n"`
	Successes int32        `json:"successes"`
	Low       sheet.Number `json:"success_low"`
	High      sheet.Number `json:"success_high"`
	Two       int32        `json:"two_modules"`
}

type shownNumbers struct {
	Figure     string         `json:"figure"`
	BoxM       sheet.Number   `json:"box_m"`
	Parameters []string       `json:"parameters"`
	Designs    []Design       `json:"designs"`
	Points     []pointNumbers `json:"points"`
	Runs       []runNumbers   `json:"runs"`
}

// Numbers are the numbers of a sweep's figure.
func Numbers(d Data, p Params) shownNumbers {
	out := shownNumbers{Figure: p.Figure, BoxM: sheet.Number(d.BoxM), Parameters: p.Parameters, Designs: p.Designs}
	for _, pt := range d.Points {
		out.Points = append(out.Points, pointNumbers{pt.Point, pt.Name, pt.Variant, pt.Purpose, pt.Rule, pt.N, pt.Successes, sheet.Number(pt.Low), sheet.Number(pt.High), pt.Two})
	}
	for i, r := range d.Runs {
		out.Runs = append(out.Runs, runNumbers{r.Point, r.Variant, r.Seed, r.Purpose, d.Values[i], r.Steps, r.Stopped, r.Modules, sheet.Number(r.Score), sheet.Number(r.Explained), r.Success})
	}
	return out
}
