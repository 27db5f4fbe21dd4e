package sheet

import (
	"fmt"
	"math"
	"strconv"

	"sicgrid/pkg/pipeline"
)

// Reader reads a task's inputs, and keeps the box that the tables which name one agree on.
type Reader struct {
	pipeline.Reader
	Box float64 // m
}

// NewReader returns the reader of a task.
func NewReader(t *pipeline.Task) Reader { return Reader{Reader: pipeline.Reader{Task: t}} }

// SeedRole begins the names of the inputs of one network of several seeds.
func SeedRole(variant string, seed uint64) string { return fmt.Sprintf("%s/seed-%d/", variant, seed) }

// Read reads a table; after an error it reads nothing.
func Read[T any](r *Reader, role string) []T {
	rows := pipeline.Rows[T](&r.Reader, role)
	r.agree(role)
	return rows
}

// One reads a table of one row.
func One[T any](r *Reader, role string) T {
	row := pipeline.One[T](&r.Reader, role)
	r.agree(role)
	return row
}

// agree takes note of the box that a table names, which must be that of the tables before it.
func (r *Reader) agree(role string) {
	text, named := r.Meta(role)["box_m"]
	if r.Err != nil || !named {
		return
	}
	box, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || !(box > 0):
		r.Err = fmt.Errorf("input %q: metadata box_m %q is not a length in metres", role, text)
	case r.Box != 0 && box != r.Box:
		r.Err = fmt.Errorf("input %q: box of %g m, other inputs are of %g m", role, box, r.Box)
	}
	r.Box = box
}

// Emit draws and hands over the figure unless reading failed; some input must name the box.
func (r *Reader) Emit(draw func() ([]File, error)) error {
	if r.Err == nil && r.Box == 0 {
		return fmt.Errorf("no input names its box (metadata box_m)")
	}
	return r.EmitUnboxed(draw)
}

// EmitUnboxed is Emit for figures that show no box.
func (r *Reader) EmitUnboxed(draw func() ([]File, error)) error {
	if r.Err != nil {
		return r.Err
	}
	rows, err := draw()
	if err != nil {
		return err
	}
	for _, f := range rows {
		if len(f.Data) == 0 {
			return fmt.Errorf("nothing was drawn in %s", f.Name)
		}
	}
	if err := checkTables(rows, r.Task); err != nil {
		return err
	}
	return pipeline.Emit(r.Task, "figure", rows, nil)
}

// MetaNumber reads a number from a table's metadata.
func MetaNumber(r *Reader, role, key string) float64 {
	if r.Err != nil {
		return math.NaN()
	}
	var v float64
	if _, err := fmt.Sscan(r.Meta(role)[key], &v); err != nil {
		r.Err = fmt.Errorf("input %q: metadata %s %q is not a number", role, key, r.Meta(role)[key])
	}
	return v
}
