package sheet

import (
	"fmt"
	"math"
	"strconv"

	"sicgrid/pkg/pipeline"
)

// Reader reads a task's inputs and keeps the first error, the metadata of the last
// table, and the box that the tables which name one agree on.
type Reader struct {
	Task *pipeline.Task
	Meta map[string]string
	Box  float64 // m
	Err  error
}

// Read reads a table; after an error it reads nothing.
func Read[T any](r *Reader, role string) []T {
	if r.Err != nil {
		return nil
	}
	rows, meta, err := pipeline.Read[T](r.Task, role)
	if err != nil {
		r.Err = err
		return nil
	}
	r.Meta = meta
	if text, ok := meta["box_m"]; ok {
		box, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil || !(box > 0):
			r.Err = fmt.Errorf("input %q: metadata box_m %q is not a length in metres", role, text)
		case r.Box != 0 && box != r.Box:
			r.Err = fmt.Errorf("input %q: box of %g m, other inputs are of %g m", role, box, r.Box)
		}
		r.Box = box
	}
	return rows
}

// One reads a table of one row.
func One[T any](r *Reader, role string) T {
	var none T
	rows := Read[T](r, role)
	if r.Err != nil {
		return none
	}
	if len(rows) != 1 {
		r.Err = fmt.Errorf("input %q: %d rows, want 1", role, len(rows))
		return none
	}
	return rows[0]
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
	return pipeline.Emit(r.Task, "figure", rows, nil)
}

// MetaNumber reads a number from a table's metadata.
func MetaNumber(r *Reader, role, key string) float64 {
	if r.Err != nil {
		return math.NaN()
	}
	var v float64
	if _, err := fmt.Sscan(r.Meta[key], &v); err != nil {
		r.Err = fmt.Errorf("input %q: metadata %s %q is not a number", role, key, r.Meta[key])
	}
	return v
}
