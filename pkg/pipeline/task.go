package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
)

// progressInterval is the least time between two progress events of one task.
const progressInterval = 100 * time.Millisecond

// Task is what a running stage sees of the pipeline. Its methods may be called from several
// goroutines.
type Task struct {
	node    *Node
	inputs  map[string]arrow.Record
	scratch func() (string, error)
	// elsewhere is nil where checkpoints of other numerics may not be taken up.
	elsewhere func() ([]string, error)
	threads   func() int
	report    func(done, total int64, note string)
	begun     time.Time
	reported  atomic.Int64 // time of the last progress event, ns since begun

	mu      sync.Mutex
	outputs map[string]arrow.Record
	notes   map[string]any
}

// Seed returns the node's seed.
func (t *Task) Seed() uint64 { return t.node.Seed }

// Record returns the input of this role, or nil if the node declares no such input. Its digest has
// been verified.
func (t *Task) Record(role string) arrow.Record { return t.inputs[role] }

// Emit hands over one output. It is published when the stage has returned without an error and
// every declared output is there.
func (t *Task) Emit(output string, rec arrow.Record) error {
	if !slices.Contains(t.node.Outputs, output) {
		return fmt.Errorf("emit %q: not an output of this stage (it declares %s)", output, strings.Join(t.node.Outputs, ", "))
	}
	if rec == nil {
		return fmt.Errorf("emit %q: no record", output)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.outputs[output] != nil {
		return fmt.Errorf("emit %q: emitted twice", output)
	}
	t.outputs[output] = rec
	return nil
}

// Read returns the rows and the metadata of the input of this role. T is a view: it names the
// columns that are wanted, the others are ignored.
func Read[T any](t *Task, role string) ([]T, map[string]string, error) {
	rec := t.Record(role)
	if rec == nil {
		return nil, nil, fmt.Errorf("input %q: not declared by node %s", role, t.node.Name)
	}
	rows, err := artifact.Rows[T](rec)
	if err != nil {
		return nil, nil, fmt.Errorf("input %q: %w", role, err)
	}
	return rows, artifact.Meta(rec), nil
}

// Emit hands over one output as rows with metadata.
func Emit[T any](t *Task, output string, rows []T, meta map[string]string) error {
	rec, err := artifact.FromRows(rows, meta)
	if err != nil {
		return fmt.Errorf("emit %q: %w", output, err)
	}
	return t.Emit(output, rec)
}

// Progress says that done of total units of work are done; total 0 means that the total is unknown.
// It may be called often: most calls only read a clock.
func (t *Task) Progress(done, total int64, note string) {
	now := int64(time.Since(t.begun))
	last := t.reported.Load()
	if last != 0 && now-last < int64(progressInterval) && done != total {
		return
	}
	if t.reported.CompareAndSwap(last, now) {
		t.report(done, total, note)
	}
}

// Threads returns this stage's present fair share of the cores, at least 1. It may change between
// calls; no result may depend on it.
func (t *Task) Threads() int { return t.threads() }

// Scratch returns a folder that belongs to this node's key and numerics, for checkpoints. It
// survives interruption and is removed once the results are published.
func (t *Task) Scratch() (string, error) { return t.scratch() }

// Elsewhere returns the scratch folders that the same recipe has on other devices, if the run may
// take up a checkpoint from there.
func (t *Task) Elsewhere() ([]string, error) {
	if t.elsewhere == nil {
		return nil, nil
	}
	return t.elsewhere()
}

// Note records a value in the provenance: the device, the driver. The value must be encodable as
// JSON.
func (t *Task) Note(key string, value any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes[key] = value
}

// missing returns the declared outputs that were not emitted.
func (t *Task) missing() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var names []string
	for _, o := range t.node.Outputs {
		if t.outputs[o] == nil {
			names = append(names, o)
		}
	}
	return names
}

// panicked is the error of a stage that panicked.
type panicked struct {
	value any
	stack string
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// call runs the stage and turns a panic into an error.
func (t *Task) call(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{v, stack()}
		}
	}()
	if err := t.node.Run(ctx, t); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		// A stage that was asked to stop may have stopped anywhere.
		return err
	}
	if m := t.missing(); len(m) > 0 {
		return fmt.Errorf("the stage ended without emitting %s", strings.Join(m, ", "))
	}
	return nil
}
