// Package sweep is the stage that puts the outcomes of a sweep's runs into one table, a row a run, and counts the successes at
// every point.
package sweep

import (
	"context"
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/outcome"
)

// Purposes of a run. The seeds of the two are different, so that a rate that is reported is not that of the runs by which its
// settings were found.
const (
	Finding   = "finding"
	Reporting = "reporting"
)

// Rules by which a run succeeds; package outcome has them in full.
const (
	Several = "several" // at least threeModules modules: trained with the capacity loss
	One     = "one"     // one module: trained without it
)

const (
	threeModules = 3
	twoModules   = 2 // the lesser result
)

// Role is what the inputs of a run begin with: "run-0007/outcome" and "run-0007/example".
func Role(run int) string { return fmt.Sprintf("run-%04d/", run) }

// Params are the runs, in the order of their inputs.
type Params struct {
	Parameters []string `json:"parameters"` // what is swept: "loss.sigma_g"
	Runs       []Run    `json:"runs"`
}

// Run says where in the sweep a run belongs.
type Run struct {
	Point   int32    `json:"point"`
	Name    string   `json:"name"`    // of the setting, in a list
	Designs []int32  `json:"designs"` // that have this point, by their place in the file
	Variant string   `json:"variant"`
	Seed    uint64   `json:"seed"`
	Purpose string   `json:"purpose"`
	Rule    string   `json:"rule"`
	Values  []string `json:"values"` // of the parameters, as the training was made with them
}

// Outputs of the stage.
var Outputs = []string{"runs", "points", "examples"}

// place and verdict are the columns of "runs" before and behind the swept parameters; those of outcome.Row follow.
type place struct {
	Run     int32   `col:"run"`
	Point   int32   `col:"point"`
	Name    string  `col:"name"`
	Designs []int32 `col:"designs"`
	Variant string  `col:"variant"`
	Seed    int64   `col:"seed"`
	Purpose string  `col:"purpose"`
}

type verdict struct {
	Rule    string `col:"rule"`
	Success bool   `col:"success"`
}

// Point is a row of "points", without the swept parameters: the runs of one setting, variant and purpose. Intervals are 95 % ones.
type Point struct {
	Point     int32   `col:"point"`
	Name      string  `col:"name"`
	Variant   string  `col:"variant"`
	Purpose   string  `col:"purpose"`
	Rule      string  `col:"rule"`
	N         int32   `col:"n"`
	Successes int32   `col:"successes"`
	Low       float64 `col:"success_low"`
	High      float64 `col:"success_high"`
	Two       int32   `col:"two_modules"` // runs that count with at least two modules: the lesser result of the rule of several
	TwoLow    float64 `col:"two_modules_low"`
	TwoHigh   float64 `col:"two_modules_high"`
	Stopped   int32   `col:"stopped"` // runs that ended early
	Modules   float64 `col:"modules_median"`
	Score     float64 `col:"grid_expanding_median"` // median over runs of the median over units
	Explained float64 `col:"explained_median"`
	Active    float64 `col:"active_median"`
}

// Example is a row of "examples": one ratemap of a run.
type Example struct {
	Run   int32     `col:"run"`
	Unit  int32     `col:"unit"`
	Score float64   `col:"grid_expanding"`
	Map   []float32 `col:"map" shape:"ny,nx"`
}

// Tabulate reads the outcome of every run and makes the table.
func Tabulate(_ context.Context, p Params, t *pipeline.Task) error {
	var places []place
	var rows []outcome.Row
	var verdicts []verdict
	var examples []Example
	var kept map[string]string
	for i, run := range p.Runs {
		role := Role(i)
		one, meta, err := pipeline.Read[outcome.Row](t, role+"outcome")
		if err != nil {
			return err
		}
		shown, _, err := pipeline.Read[outcome.Example](t, role+"example")
		if err != nil {
			return err
		}
		if len(one) != 1 || len(run.Values) != len(p.Parameters) {
			return fmt.Errorf("run %d: %d rows and %d values, want one and %d", i, len(one), len(run.Values), len(p.Parameters))
		}
		kept = meta
		places = append(places, place{int32(i), run.Point, run.Name, run.Designs, run.Variant, int64(run.Seed), run.Purpose})
		rows = append(rows, one[0])
		verdicts = append(verdicts, verdict{run.Rule, run.succeeds(one[0])})
		for _, e := range shown {
			examples = append(examples, Example{int32(i), e.Unit, e.Score, e.Map})
		}
	}
	swept, err := valueColumns(p.Parameters, len(p.Runs), func(run, parameter int) string { return p.Runs[run].Values[parameter] })
	if err != nil {
		return err
	}
	runs, err := join(kept, places, swept, rows, verdicts)
	if err != nil {
		return err
	}
	if err := t.Emit("runs", runs); err != nil {
		return err
	}
	points, first := count(p.Runs, rows)
	if swept, err = valueColumns(p.Parameters, len(points), func(point, parameter int) string { return p.Runs[first[point]].Values[parameter] }); err != nil {
		return err
	}
	table, err := join[Point, struct{}, struct{}](kept, points, swept, nil, nil)
	if err != nil {
		return err
	}
	if err := t.Emit("points", table); err != nil {
		return err
	}
	return pipeline.Emit(t, "examples", examples, kept)
}

// succeeds judges an outcome by the run's rule.
func (r Run) succeeds(o outcome.Row) bool {
	if r.Rule == One {
		return o.One
	}
	return o.Several >= threeModules
}

// valueColumns are the swept parameters' columns: numbers where every value is one, else words.
func valueColumns(names []string, rows int, value func(row, parameter int) string) (arrow.Record, error) {
	fields, columns := make([]arrow.Field, len(names)), make([]arrow.Array, len(names))
	for i, name := range names {
		numbers := array.NewFloat64Builder(memory.DefaultAllocator)
		words := array.NewStringBuilder(memory.DefaultAllocator)
		for row := range rows {
			text := value(row, i)
			words.Append(text)
			if x, err := strconv.ParseFloat(text, 64); err == nil {
				numbers.Append(x)
			}
		}
		if numbers.Len() == rows {
			columns[i] = numbers.NewArray()
		} else {
			columns[i] = words.NewArray()
		}
		fields[i] = arrow.Field{Name: name, Type: columns[i].DataType()}
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(rows)), nil
}

// join sets tables of as many rows side by side: rows, the swept parameters, and more rows; nil rows are left out.
func join[A, B, C any](meta map[string]string, a []A, swept arrow.Record, b []B, c []C) (arrow.Record, error) {
	tables := make([]arrow.Record, 0, 4)
	add := func(rec arrow.Record, err error) error {
		tables = append(tables, rec)
		return err
	}
	if err := add(artifact.FromRows(a, nil)); err != nil {
		return nil, err
	}
	tables = append(tables, swept)
	if b != nil {
		if err := add(artifact.FromRows(b, nil)); err != nil {
			return nil, err
		}
	}
	if c != nil {
		if err := add(artifact.FromRows(c, nil)); err != nil {
			return nil, err
		}
	}
	var fields []arrow.Field
	var columns []arrow.Array
	for _, rec := range tables {
		fields, columns = append(fields, rec.Schema().Fields()...), append(columns, rec.Columns()...)
	}
	about := arrow.MetadataFrom(meta)
	return array.NewRecord(arrow.NewSchema(fields, &about), columns, int64(len(a))), nil
}
