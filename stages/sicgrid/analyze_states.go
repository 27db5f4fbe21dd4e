package main

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/mat"

	"sicgrid/pkg/manifold"
	"sicgrid/pkg/progress"
)

// shapeRow is the one row that analyze writes of a cloud of states.
type shapeRow struct {
	States    int32     `col:"states" doc:"number of states"`
	Units     int32     `col:"units" doc:"number of units"`
	Used      int32     `col:"used" doc:"states used: every second, third, ..., so that at most 8 000 are left"`
	Landmarks int32     `col:"landmarks" doc:"max-min landmarks after projection to 6 principal components and averages over neighbours"`
	Betti0    int32     `col:"betti0" doc:"components, with betti1 loops and betti2 voids: the triple that holds over the longest range of log scale"`
	Betti1    int32     `col:"betti1" doc:"loops"`
	Betti2    int32     `col:"betti2" doc:"voids"`
	From      float64   `col:"scale_from" doc:"scales from here to scale_to have these Betti numbers; NaN where there is no range"`
	To        float64   `col:"scale_to" doc:"end of that range"`
	H0Birth   []float64 `col:"h0_birth" doc:"births of the longest intervals of the Rips complex's persistent cohomology over Z/2 in dimension 0"`
	H0Death   []float64 `col:"h0_death" doc:"their deaths"`
	H1Birth   []float64 `col:"h1_birth" doc:"likewise in dimension 1"`
	H1Death   []float64 `col:"h1_death" doc:"their deaths"`
	H2Birth   []float64 `col:"h2_birth" doc:"likewise in dimension 2"`
	H2Death   []float64 `col:"h2_death" doc:"their deaths"`
	PCA       []float64 `col:"pca_variance_ratio" doc:"share of the variance along each principal component, descending"`
}

// topIntervals is how many intervals of each dimension are written.
const topIntervals = 10

func (f *analyzeFlags) analyzeStates(cmd *cobra.Command, show *progress.Work) error {
	a, err := f.read(f.states)
	if err != nil {
		return err
	}
	if len(a.Shape) != 2 || a.Shape[0] < 2 || a.Shape[1] < 1 {
		return fmt.Errorf("%s: has the shape %s, must be [states, units] with at least two states", f.states, a.ShapeText())
	}
	o := manifold.StandardTopology()
	o.Landmarks, o.Average, o.Threads = f.landmarks, f.average, runtime.GOMAXPROCS(0)
	show.Update("analyze", 0, 0, fmt.Sprintf("%d states", a.Shape[0]))
	shape, err := manifold.Topology(mat.NewDense(a.Shape[0], a.Shape[1], a.Values), o)
	if err != nil {
		return fmt.Errorf("%s: %w", f.states, err)
	}
	show.Close()
	row := newShapeRow(a.Shape, shape)
	if err := writeTable(f.out, []shapeRow{row}); err != nil {
		return err
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), map[string]any{"shape": finiteJSON(row), "written": []string{f.out}, "definitions": definitions[shapeRow]()})
	}
	if verbosityOf(cmd) < 0 {
		return nil
	}
	out := cmd.OutOrStdout()
	if math.IsNaN(row.From) {
		fmt.Fprintf(out, "%d states of %d units: no range of scales, no Betti numbers\n", row.States, row.Units)
	} else {
		fmt.Fprintf(out, "%d states of %d units: Betti numbers %d, %d, %d from scale %.3g to %.3g\n",
			row.States, row.Units, row.Betti0, row.Betti1, row.Betti2, row.From, row.To)
	}
	fmt.Fprintf(out, "wrote   %s\n\n%s", f.out, definitionText[shapeRow]())
	return nil
}

func newShapeRow(size []int, s *manifold.Shape) shapeRow {
	numbers, from, to, ok := s.Betti()
	if !ok {
		from, to = math.NaN(), math.NaN()
	}
	r := shapeRow{States: int32(size[0]), Units: int32(size[1]), Used: int32(s.Points), Landmarks: int32(s.Landmarks),
		Betti0: int32(numbers[0]), Betti1: int32(numbers[1]), Betti2: int32(numbers[2]), From: from, To: to, PCA: s.PCA.Ratio}
	for d, ends := range [][2]*[]float64{{&r.H0Birth, &r.H0Death}, {&r.H1Birth, &r.H1Death}, {&r.H2Birth, &r.H2Death}} {
		for _, i := range s.Intervals[d][:min(topIntervals, len(s.Intervals[d]))] {
			*ends[0], *ends[1] = append(*ends[0], i.Birth), append(*ends[1], i.Death)
		}
	}
	return r
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
