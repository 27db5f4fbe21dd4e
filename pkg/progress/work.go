package progress

import (
	"io"

	"sicgrid/pkg/pipeline"
)

// Work shows something that is no run of the pipeline, such as a transfer, as a stage is shown.
type Work struct {
	*Display
	node *pipeline.Node // under its present name; nil before the first
}

// NewWork returns a display of work on out; Close ends it and may be called again.
func NewWork(out io.Writer, quiet bool) *Work {
	return &Work{Display: New(out, Options{Live: IsTerminal(out), Quiet: quiet})}
}

// Update says how much of what has been done, with a note. Another name begins another line.
func (w *Work) Update(name string, done, total int64, note string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.node == nil || w.node.Name != name {
		if s := w.stages[w.node]; s != nil {
			s.drop()
			delete(w.stages, w.node)
		}
		w.node = &pipeline.Node{Name: name}
		w.start(pipeline.Event{Node: w.node})
	}
	w.progress(pipeline.Event{Node: w.node, Done: done, Total: total, Note: note})
}

// UpdateBytes is Update in megabytes.
func (w *Work) UpdateBytes(name string, done, total int64) {
	w.Update(name, done/1e6, total/1e6, "MB")
}
