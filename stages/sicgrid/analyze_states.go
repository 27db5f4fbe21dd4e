package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"sicgrid/pkg/manifold"
	"sicgrid/pkg/ndarray"
	"sicgrid/pkg/outfile"
	"sicgrid/pkg/progress"
	"sicgrid/stages/analysis"
)

// statesFlags are what `sicgrid analyze --states` is told beside the file.
type statesFlags struct {
	topology manifold.TopologyOptions
	given    func(flag string) bool
}

func (s *statesFlags) declare(flags *pflag.FlagSet) {
	o := &s.topology
	*o = manifold.StandardTopology()
	s.given = flags.Changed
	flags.IntVar(&o.Landmarks, "landmarks", o.Landmarks, "states that stand for the shape; 250 take ten times as long")
	flags.Float64Var(&o.Average, "average", o.Average, "`SHARE` of the states over which each is averaged where they are noisy; 0 for none")
	flags.IntVar(&o.Components, "components", o.Components, "principal components in which states are compared")
	flags.BoolVar(&o.SquareRoot, "sqrt", false, "take square roots of the activity first (default: of spike counts, which are whole numbers)")
	flags.BoolVar(&o.ZScore, "zscore", false, "bring each unit to mean 0 and variance 1 then (default: spike counts)")
	flags.IntVar(&o.Field, "field", o.Field, "prime `P` of the coefficients Z/p; a Klein bottle is a torus over 2, but not over 3 or 47")
	flags.IntVar(&o.Controls, "controls", o.Controls, "`NUMBER` of clouds of the same units out of step that a loop or void must outlive; 100 are strict")
	flags.StringVar(&o.Control, "control", o.Control, "`KIND` of control: rolled in time, shuffled, or auto: rolled, but shuffled where units repeat themselves")
}

// options are those for these states: of spike counts, unless told otherwise, square roots are
// taken, and each unit is brought to one scale.
func (s *statesFlags) options(states []float64) manifold.TopologyOptions {
	o := s.topology
	counts := !slices.ContainsFunc(states, func(v float64) bool { return v < 0 || v != math.Floor(v) })
	if counts && !s.given("sqrt") {
		o.SquareRoot = true
	}
	if counts && !s.given("zscore") {
		o.ZScore = true
	}
	o.Threads = runtime.GOMAXPROCS(0)
	return o
}

// shapeRow is the one row that analyze writes of a cloud of states.
type shapeRow struct {
	States       int32     `col:"states" doc:"number of states"`
	Units        int32     `col:"units" doc:"number of units"`
	Used         int32     `col:"used" doc:"states used: every second, third, ..., so that at most 8 000 are left"`
	SquareRoot   bool      `col:"sqrt" doc:"whether square roots of the activity were taken"`
	ZScore       bool      `col:"zscore" doc:"whether each unit was brought to mean 0 and variance 1"`
	Components   int32     `col:"components" doc:"principal components in which states were compared"`
	Averaged     int32     `col:"averaged" doc:"neighbours that each state was averaged with; 0 where their neighbourhoods are flat"`
	Landmarks    int32     `col:"landmarks" doc:"max-min landmarks that stand for the shape"`
	Field        int32     `col:"field" doc:"prime p of the coefficients Z/p"`
	Betti0       float64   `col:"betti0" doc:"components of the shape; empty if undetermined"`
	Betti1       float64   `col:"betti1" doc:"loops that outlive those of all controls and stand out of the others; empty if undetermined"`
	Betti2       float64   `col:"betti2" doc:"voids, likewise"`
	From         float64   `col:"scale_from" doc:"from this scale to scale_to just these classes live; NaN if undetermined"`
	To           float64   `col:"scale_to" doc:"end of that range"`
	Undetermined string    `col:"undetermined" doc:"why the Betti numbers are undetermined; empty if they are not"`
	Controls     int32     `col:"controls" doc:"number of controls"`
	Control      string    `col:"control" doc:"what became of each unit in a control: rolled in time by a random shift (Gardner et al. 2022), or shuffled"`
	ControlLoop  float64   `col:"control_life1" doc:"longest life of a loop of the controls; NaN without controls"`
	ControlVoid  float64   `col:"control_life2" doc:"longest life of a void of the controls; NaN without controls"`
	Cone         float64   `col:"cone" doc:"scale from which on one state is within reach of all; a life is 2 sqrt(death/cone) - 2 sqrt(birth/cone)"`
	H0Birth      []float64 `col:"h0_birth" doc:"births of the longest intervals of the Rips complex's persistent cohomology in dimension 0"`
	H0Death      []float64 `col:"h0_death" doc:"their deaths"`
	H1Birth      []float64 `col:"h1_birth" doc:"likewise in dimension 1"`
	H1Death      []float64 `col:"h1_death" doc:"their deaths"`
	H2Birth      []float64 `col:"h2_birth" doc:"likewise in dimension 2"`
	H2Death      []float64 `col:"h2_death" doc:"their deaths"`
	PCA          []float64 `col:"pca_variance_ratio" doc:"share of the variance along each principal component, descending"`
}

// topIntervals is how many intervals of each dimension are written.
const topIntervals = 10

func (f *analyzeFlags) analyzeStates(cmd *cobra.Command, show *progress.Work) error {
	a, err := unlessInterrupted(cmd.Context(), func() (*ndarray.Array, error) { return analysis.Read(f.states, f.request.Column) })
	if err != nil {
		return err
	}
	if len(a.Shape) != 2 || a.Shape[0] < 2 || a.Shape[1] < 1 {
		return fmt.Errorf("%s: has the shape %s, must be [states, units] with at least two states", f.states, a.ShapeText())
	}
	o := f.shape.options(a.Values)
	shape, err := unlessInterrupted(cmd.Context(), func() (*manifold.Shape, error) { return findShape(cmd.Context(), a, o, show) })
	if err != nil {
		return fmt.Errorf("%s: %w", f.states, err)
	}
	show.Close()
	row := newShapeRow(a.Shape, o, shape)
	if err := writeShape(cmd.Context(), f.out, row); err != nil {
		return err
	}
	written := []string{f.out}
	if f.figure != "" {
		if err := writeFigure(cmd.Context(), f.figure, func() ([]byte, []byte, error) { return analysis.DrawShape(shape) }); err != nil {
			return err
		}
		written = append(written, f.figure)
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), map[string]any{"shape": finiteJSON(row), "written": written, "definitions": definitions[shapeRow]()})
	}
	if verbosityOf(cmd) < 0 {
		return nil
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%swrote   %s\n\n%s", row.summary(), strings.Join(written, "\nwrote   "), definitionText[shapeRow]())
	return nil
}

func findShape(ctx context.Context, a *ndarray.Array, o manifold.TopologyOptions, show *progress.Work) (*manifold.Shape, error) {
	if err := enoughMemory(o.Memory(a.Shape[0], a.Shape[1])); err != nil {
		return nil, err
	}
	show.Update("analyze", 0, 0, fmt.Sprintf("%d states", a.Shape[0]))
	o.Progress = func(done, total int) { show.Update("analyze", int64(done), int64(total), "controls") }
	return manifold.Topology(ctx, mat.NewDense(a.Shape[0], a.Shape[1], a.Values), o)
}

func newShapeRow(size []int, o manifold.TopologyOptions, s *manifold.Shape) shapeRow {
	nan := math.NaN()
	v := s.Verdict
	r := shapeRow{States: int32(size[0]), Units: int32(size[1]), Used: int32(s.Points), SquareRoot: o.SquareRoot, ZScore: o.ZScore,
		Components: int32(min(o.Components, len(s.PCA.Variance))), Averaged: int32(s.Averaged), Landmarks: int32(s.Landmarks), Field: int32(o.Field),
		Betti0: nan, Betti1: nan, Betti2: nan, From: v.From, To: v.To, Undetermined: v.Reason,
		Controls: int32(o.Controls), Control: s.Control, ControlLoop: nan, ControlVoid: nan, Cone: s.Cone, PCA: s.PCA.Ratio}
	if o.Controls > 0 {
		r.ControlLoop, r.ControlVoid = slices.Max(s.Longest[1]), slices.Max(s.Longest[2])
	}
	if v.Numbers != nil {
		r.Betti0, r.Betti1, r.Betti2 = float64(v.Numbers[0]), float64(v.Numbers[1]), float64(v.Numbers[2])
	}
	for d, ends := range [][2]*[]float64{{&r.H0Birth, &r.H0Death}, {&r.H1Birth, &r.H1Death}, {&r.H2Birth, &r.H2Death}} {
		for _, i := range s.Intervals[d][:min(topIntervals, len(s.Intervals[d]))] {
			*ends[0], *ends[1] = append(*ends[0], i.Birth), append(*ends[1], i.Death)
		}
	}
	return r
}

// summary is what a person reads first: the verdict, and how it came about.
func (r *shapeRow) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d states of %d units: ", r.States, r.Units)
	if r.Undetermined != "" {
		fmt.Fprintf(&b, "Betti numbers undetermined: %s\n", r.Undetermined)
	} else {
		fmt.Fprintf(&b, "Betti numbers %g, %g, %g over Z/%d from scale %.3g to %.3g\n", r.Betti0, r.Betti1, r.Betti2, r.Field, r.From, r.To)
	}
	var prepared []string
	if r.SquareRoot {
		prepared = append(prepared, "square roots of the activity")
	}
	if r.ZScore {
		prepared = append(prepared, "z-scored units")
	}
	if len(prepared) == 0 {
		prepared = append(prepared, "the activity as it is")
	}
	fmt.Fprintf(&b, "of %s, in %d principal components, ", strings.Join(prepared, ", "), r.Components)
	if r.Averaged > 0 {
		fmt.Fprintf(&b, "averaged over %d neighbours, ", r.Averaged)
	}
	fmt.Fprintf(&b, "%d landmarks, %d controls whose units are %s\n", r.Landmarks, r.Controls, r.Control)
	return b.String()
}

// writeShape writes the row as writeTable does, but that of Betti numbers which are undetermined
// the cells of a CSV file are empty.
func writeShape(ctx context.Context, path string, row shapeRow) error {
	if filepath.Ext(path) != ".csv" {
		return writeTable(ctx, path, []shapeRow{row})
	}
	rec, err := tableOf([]shapeRow{row}, nil)
	if err != nil {
		return err
	}
	defer rec.Release()
	data, err := csvFile(rec)
	if err != nil {
		return err
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return err
	}
	for i, name := range lines[0] {
		if strings.HasPrefix(name, "betti") && lines[1][i] == "NaN" {
			lines[1][i] = ""
		}
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(lines); err != nil {
		return err
	}
	return outfile.Write(ctx, path, b.Bytes())
}

// finiteJSON is a row as a JSON object with the names of its columns, null where a number is not
// finite.
func finiteJSON(row any) json.RawMessage {
	v := reflect.ValueOf(row)
	var parts []string
	for i := range v.NumField() {
		name, _ := json.Marshal(v.Type().Field(i).Tag.Get("col"))
		parts = append(parts, string(name)+":"+finiteValue(v.Field(i)))
	}
	return json.RawMessage("{" + strings.Join(parts, ",") + "}")
}

func finiteValue(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Slice:
		var parts []string
		for i := range v.Len() {
			parts = append(parts, finiteValue(v.Index(i)))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case reflect.Float64:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			return "null"
		}
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return "null"
	}
	return string(text)
}
