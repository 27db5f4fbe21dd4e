// Package sweep is the stage that puts the outcomes of a sweep's runs into one table, a row a run,
// and counts the successes at every point.
package sweep

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/outcome/outcometable"
	"sicgrid/stages/sweep/sweeptable"
)

// twoModules is the lesser result of the rule of several: modules that need not be independent.
const twoModules = 2

// Role is what the inputs of a run begin with: "run-0007/outcome" and "run-0007/example".
func Role(run int) string { return fmt.Sprintf("run-%04d/", run) }

// Params are the runs, in the order of their inputs.
type Params struct {
	Parameters []string `json:"parameters"` // what is swept: "loss.sigma_g"
	Runs       []Run    `json:"runs"`
}

// Run says where in the sweep a run belongs; its number is its place among the Runs.
type Run struct {
	sweeptable.Place
	Rule   string   `json:"rule"`
	Values []string `json:"values"` // of the parameters, as the training was made with them
}

// Outputs of the stage.
var Outputs = []string{"runs", "points", "examples"}

// Tabulate reads the outcome of every run and makes the table.
func Tabulate(_ context.Context, p Params, t *pipeline.Task) error {
	var rows []sweeptable.Run
	var examples []sweeptable.Example
	var kept map[string]string
	for i, run := range p.Runs {
		role := Role(i)
		if len(run.Values) != len(p.Parameters) {
			return fmt.Errorf("run %d: %d values, want %d", i, len(run.Values), len(p.Parameters))
		}
		r := &pipeline.Reader{Task: t}
		came, shown := pipeline.One[outcometable.Row](r, role+"outcome"), pipeline.Rows[outcometable.Example](r, role+"example")
		if r.Err != nil {
			return r.Err
		}
		kept = r.Meta(role + "outcome")
		row := sweeptable.Run{Place: run.Place, Row: came, Verdict: sweeptable.Verdict{Rule: run.Rule, Success: succeeds(run.Rule, came)}}
		row.Run = int32(i)
		rows = append(rows, row)
		for _, e := range shown {
			examples = append(examples, sweeptable.Example{Run: int32(i), Example: e})
		}
	}
	runs, err := artifact.FromRows(rows, kept)
	if err != nil {
		return err
	}
	if err := t.Emit("runs", p.insert(runs, "steps", func(run int) []string { return p.Runs[run].Values })); err != nil {
		return err
	}
	counted, first := count(rows)
	points, err := artifact.FromRows(counted, kept)
	if err != nil {
		return err
	}
	if err := t.Emit("points", p.insert(points, "", func(point int) []string { return p.Runs[first[point]].Values })); err != nil {
		return err
	}
	return pipeline.Emit(t, "examples", examples, kept)
}

// succeeds judges an outcome by a rule.
func succeeds(rule string, o outcometable.Row) bool {
	if rule == sweeptable.One {
		return o.One
	}
	return o.SeveralIndependent()
}

// insert puts the columns of the swept parameters before a table's column of this name, or at its
// end: numbers where every value is one, else words.
func (p Params) insert(rec arrow.Record, before string, values func(row int) []string) arrow.Record {
	fields, columns, at := rec.Schema().Fields(), slices.Clone(rec.Columns()), int(rec.NumCols())
	if found := rec.Schema().FieldIndices(before); found != nil {
		at = found[0]
	}
	for i, name := range p.Parameters {
		numbers := array.NewFloat64Builder(memory.DefaultAllocator)
		words := array.NewStringBuilder(memory.DefaultAllocator)
		for row := range int(rec.NumRows()) {
			text := values(row)[i]
			words.Append(text)
			if x, err := strconv.ParseFloat(text, 64); err == nil {
				numbers.Append(x)
			}
		}
		var column arrow.Array = words.NewArray()
		if numbers.Len() == int(rec.NumRows()) {
			column = numbers.NewArray()
		}
		about := arrow.NewMetadata([]string{"doc"}, []string{"swept parameter, as the training was made with it"})
		fields = slices.Insert(fields, at+i, arrow.Field{Name: name, Type: column.DataType(), Metadata: about})
		columns = slices.Insert(columns, at+i, column)
	}
	meta := rec.Schema().Metadata()
	return array.NewRecord(arrow.NewSchema(fields, &meta), columns, rec.NumRows())
}
