package pipeline

import (
	"context"
	"testing"
)

func TestAReaderKeepsTheFirstError(t *testing.T) {
	type word struct {
		Text string `col:"text"`
	}
	r := newRig(t)
	source := r.sum("source", sumParams{})
	source.Run = func(_ context.Context, task *Task) error {
		return Emit(task, "number", []number{{1}, {2}}, map[string]string{"box_m": "2"})
	}
	for want, read := range map[string]func(*Reader){
		"": func(r *Reader) {
			if rows := Rows[number](r, "in0"); len(rows) != 2 || r.Meta("in0")["box_m"] != "2" {
				t.Errorf("rows %v, metadata %v", rows, r.Meta("in0"))
			}
		},
		`input "in0": 2 rows, want 1`: func(r *Reader) {
			if row := One[number](r, "in0"); row.Value != 0 {
				t.Errorf("row %v of two", row)
			}
			if rows := Rows[number](r, "nowhere"); rows != nil {
				t.Errorf("rows %v after an error", rows)
			}
		},
		`input "nowhere": not declared by node reader`: func(r *Reader) {
			One[number](r, "nowhere")
			Rows[word](r, "in0")
		},
	} {
		reader := r.custom("reader", func(_ context.Context, task *Task) error {
			in := Reader{Task: task}
			read(&in)
			if got := in.Err; got == nil && want != "" || got != nil && got.Error() != want {
				t.Errorf("%v, want %q", got, want)
			}
			return nil
		}, source)
		reader.Params = want // another node each time
		r.run(reader)
	}
}
