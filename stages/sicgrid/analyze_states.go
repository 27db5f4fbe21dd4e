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

// shapeRow is the one row that analyze writes of a cloud of states. The intervals of each dimension are the longest, each
// with its birth and its death.
type shapeRow struct {
	States    int32     `col:"states"`
	Units     int32     `col:"units"`
	Used      int32     `col:"used"`
	Landmarks int32     `col:"landmarks"`
	Betti0    int32     `col:"betti0"`
	Betti1    int32     `col:"betti1"`
	Betti2    int32     `col:"betti2"`
	From      float64   `col:"scale_from"`
	To        float64   `col:"scale_to"`
	H0Birth   []float64 `col:"h0_birth"`
	H0Death   []float64 `col:"h0_death"`
	H1Birth   []float64 `col:"h1_birth"`
	H1Death   []float64 `col:"h1_death"`
	H2Birth   []float64 `col:"h2_birth"`
	H2Death   []float64 `col:"h2_death"`
	PCA       []float64 `col:"pca_variance_ratio"`
}

var stateDefinitions = definitions{
	{"used", "every second, third, ... state, so that at most 8 000 are left"},
	{"landmarks", "max-min landmarks after projection to 6 principal components and averages over neighbours"},
	{"betti0", "components, with betti1 loops and betti2 voids: the triple that holds over the longest range of log scale"},
	{"scale_from", "scales from here to scale_to have these Betti numbers; NaN where there is no range"},
	{"h1_birth", "longest intervals of the Rips complex's persistent cohomology over Z/2 in each dimension"},
	{"pca_variance_ratio", "share of the variance along each principal component, descending"},
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
	if err := writeTable(f.out, []shapeRow{row}, stateDefinitions); err != nil {
		return err
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), map[string]any{"shape": finiteJSON(row), "written": []string{f.out}, "definitions": stateDefinitions.table()})
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
	fmt.Fprintf(out, "wrote   %s\n\n%s", f.out, definitionText(stateDefinitions))
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

// finiteJSON is a row as a JSON object with the names of its columns, null where a number is not finite.
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
