package pipeline

import "fmt"

// A Reader reads the inputs of a task one after the other and keeps the first error, so that a
// stage of many inputs asks once whether all were there.
type Reader struct {
	Task  *Task
	Err   error // the first
	metas map[string]map[string]string
}

// Rows returns the rows of the input of this role through the view T, as Read does; nil after an
// error.
func Rows[T any](r *Reader, role string) []T {
	if r.Err != nil {
		return nil
	}
	rows, meta, err := Read[T](r.Task, role)
	if r.metas == nil {
		r.metas = map[string]map[string]string{}
	}
	r.metas[role], r.Err = meta, err
	return rows
}

// One returns the row of an input that has one; another number of rows is an error.
func One[T any](r *Reader, role string) (row T) {
	rows := Rows[T](r, role)
	if r.Err == nil && len(rows) != 1 {
		r.Err = fmt.Errorf("input %q: %d rows, want 1", role, len(rows))
	}
	if r.Err != nil {
		return row
	}
	return rows[0]
}

// Meta returns the metadata of an input that was read.
func (r *Reader) Meta(role string) map[string]string { return r.metas[role] }
