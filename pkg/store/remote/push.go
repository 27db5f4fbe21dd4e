package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
	"sicgrid/pkg/store/failpoint"
)

// A Transfer is the outcome of a push or a pull.
type Transfer struct {
	Records, Objects int      // that were sent or fetched
	Bytes            int64    // of these objects
	Present          int      // records that were there already
	Problems         []string // of single results, which are left out
}

// Progress is told how many bytes of how many have been transferred.
type Progress func(done, total int64)

// tally counts a transfer from many goroutines.
type tally struct {
	mu sync.Mutex
	Transfer
	total int64
	tell  Progress
}

func (t *tally) object(bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Objects++
	t.Bytes += bytes
	if t.tell != nil {
		t.tell(t.Bytes, t.total)
	}
}

// spared says that so many bytes need not be transferred after all.
func (t *tally) spared(bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total -= bytes
}

func (t *tally) record(sent bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if sent {
		t.Records++
	} else {
		t.Present++
	}
}

func (t *tally) problem(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Problems = append(t.Problems, printable.Short(fmt.Sprintf(format, args...), mostText))
}

// Push sends the records, and what they need of objects that the remote lacks. Interrupted, it
// continues from there the next time. A result that is damaged here, or of which the remote has
// another, is a problem and does not keep the others back.
func (r *Remote) Push(ctx context.Context, s *store.Store, actions []*store.Action, tell Progress) (Transfer, error) {
	t := &tally{tell: tell}
	there := map[string]int64{}
	err := r.list(ctx, "objects", "", r.names, func(name string, size int64) error {
		there[name] = size
		return nil
	})
	if err != nil && !missing(err) {
		return t.Transfer, err
	}
	lacking := map[store.Digest]store.Output{}
	for _, a := range actions {
		for _, o := range a.Outputs {
			if size, ok := there[string(o.Object)]; (!ok || size != o.Bytes) && lacking[o.Object].Object == "" {
				lacking[o.Object] = o
				t.total += o.Bytes
			}
		}
	}
	var mu sync.Mutex
	damaged := map[store.Digest]bool{}
	err = each(ctx, lacking, func(ctx context.Context, o store.Output) error {
		err := r.send(ctx, s, o.Object)
		if errors.Is(err, store.ErrMissing) {
			mu.Lock()
			defer mu.Unlock()
			damaged[o.Object] = true
			t.problem("%v", err)
			return nil
		}
		if err == nil {
			t.object(o.Bytes)
			failpoint.At("push: object sent")
		}
		return err
	})
	if err != nil {
		return t.Transfer, err
	}
	byName := map[string]*store.Action{}
actions:
	for _, a := range actions {
		for _, o := range a.Outputs {
			if damaged[o.Object] {
				continue actions
			}
		}
		byName[store.ActionName(a.Key, a.Numerics)] = a
	}
	err = each(ctx, byName, func(ctx context.Context, a *store.Action) error { return r.sendRecord(ctx, a, t) })
	return t.Transfer, err
}

// each calls do for every value of m, several at once, and stops at the first error.
func each[K comparable, V any](ctx context.Context, m map[K]V, do func(context.Context, V) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, v := range m {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return do(ctx, v)
		})
	}
	return group.Wait()
}

// openSound opens an object that is not damaged. Else the error is ErrMissing.
func openSound(s *store.Store, d store.Digest) (*os.File, error) {
	if err := s.Check(d); err != nil {
		return nil, err
	}
	f, err := os.Open(s.ObjectPath(d))
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", d, store.ErrMissing)
	}
	return f, nil
}

// send uploads an object, but none that is damaged. The error is then ErrMissing.
func (r *Remote) send(ctx context.Context, s *store.Store, d store.Digest) error {
	f, err := openSound(s, d)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.fail("writing objects/"+string(d), r.write(ctx, "objects/"+string(d), true, f))
}

// sendRecord writes a record unless there is one, and looks whether that one says the same.
func (r *Remote) sendRecord(ctx context.Context, a *store.Action, t *tally) error {
	name := store.ActionName(a.Key, a.Numerics)
	data, err := store.EncodeAction(a)
	if err != nil {
		return err
	}
	put := func(replace bool) error {
		return r.fail("writing actions/"+name, r.write(ctx, "actions/"+name, replace, bytes.NewReader(data)))
	}
	err = put(false)
	if err == nil {
		t.record(true)
		failpoint.At("push: record sent")
		return nil
	}
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	theirs, err := r.record(ctx, name)
	switch {
	case errors.Is(err, store.ErrCorrupt):
		t.record(true)
		return put(true) // it was worth nothing
	case err != nil:
		return r.fail("reading actions/"+name, err)
	case !sameOutputs(a, theirs):
		t.problem("%s: the remote has other results of this computation (%s, ours %s); they stay", name, logical(theirs), logical(a))
	}
	t.record(false)
	return nil
}

func sameOutputs(a, b *store.Action) bool { return logical(a) == logical(b) }

// logical names the values of a result.
func logical(a *store.Action) string {
	text := ""
	for i, o := range a.Outputs {
		if i > 0 {
			text += ", "
		}
		text += o.Name + " " + o.Logical[:min(12, len(o.Logical))]
	}
	return text
}
