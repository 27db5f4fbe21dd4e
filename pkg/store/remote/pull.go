package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"sicgrid/pkg/store"
	"sicgrid/pkg/store/failpoint"
)

// Accept looks at a record whose objects have arrived, before it becomes visible: do they hold what
// it says? nil accepts everything.
type Accept = func(*store.Action) error

// Pull fetches every record of the remote that the store lacks, with its objects. Interrupted, it
// continues from there the next time. What is not what it claims to be is a problem, and not taken.
func (r *Remote) Pull(ctx context.Context, s *store.Store, accept Accept, tell Progress) (Transfer, error) {
	t := &tally{tell: tell}
	names := map[string]string{}
	err := r.list(ctx, "actions", "", func(name string, _ int64) { names[name] = name })
	if err != nil {
		return t.Transfer, err
	}
	var mu sync.Mutex
	var wanted []*store.Action
	err = each(ctx, names, func(ctx context.Context, name string) error {
		if _, err := s.Action(name); err == nil {
			t.record(false)
			return nil
		}
		a, err := r.record(ctx, name)
		switch {
		case errors.Is(err, store.ErrCorrupt) || err != nil && missing(err):
			t.problem("actions/%s: %v", name, err)
			return nil
		case err != nil:
			return r.fail("reading actions/"+name, err)
		}
		mu.Lock()
		defer mu.Unlock()
		wanted = append(wanted, a)
		for _, o := range a.Outputs {
			t.total += o.Bytes
		}
		return nil
	})
	if err != nil {
		return t.Transfer, err
	}
	byName := map[string]*store.Action{}
	for _, a := range wanted {
		byName[store.ActionName(a.Key, a.Numerics)] = a
	}
	err = each(ctx, byName, func(ctx context.Context, a *store.Action) error {
		err := r.take(ctx, s, a, accept, t)
		var lie *lieError
		if errors.As(err, &lie) {
			t.problem("%s: %s", store.ActionName(a.Key, a.Numerics), lie.text)
			return nil
		}
		if err == nil {
			t.record(true)
		}
		return err
	})
	return t.Transfer, err
}

// Fetch brings one result into the store: of these numerics or, unless exact, of any other, the
// first in the order of their names. The error is store.ErrMissing if the remote has none that is
// sound.
func (r *Remote) Fetch(ctx context.Context, s *store.Store, key, numerics string, exact bool, accept Accept) (*store.Action, error) {
	own := store.ActionName(key, numerics)
	names := []string{own}
	if !exact {
		if err := r.list(ctx, "actions", key+".", func(name string, _ int64) { names = append(names, name) }); err != nil {
			return nil, err
		}
	}
	var found []*store.Action
	for i, name := range names {
		if i > 0 && name == own {
			continue
		}
		a, err := r.record(ctx, name)
		switch {
		case err == nil:
			found = append(found, a)
		case !errors.Is(err, store.ErrCorrupt) && !missing(err):
			return nil, r.fail("reading actions/"+name, err)
		}
	}
	slices.SortStableFunc(found, func(a, b *store.Action) int {
		switch {
		case a.Numerics == b.Numerics:
			return 0
		case a.Numerics == numerics || b.Numerics != numerics && a.Numerics < b.Numerics:
			return -1
		}
		return 1
	})
	problem := error(store.ErrMissing)
	for _, a := range found {
		err := r.take(ctx, s, a, accept, &tally{})
		var lie *lieError
		if !errors.As(err, &lie) {
			return a, err
		}
		problem = fmt.Errorf("remote %s: %w: %s", r.name, store.ErrMissing, lie.text)
	}
	return nil, problem
}

// lieError says that a result is not what the remote says it is.
type lieError struct{ text string }

func (e *lieError) Error() string { return e.text }

// take fetches the objects of a record that the store lacks, and then publishes the record.
func (r *Remote) take(ctx context.Context, s *store.Store, a *store.Action, accept Accept, t *tally) error {
	for range 3 {
		for _, o := range a.Outputs {
			if s.Check(o.Object) == nil {
				t.spared(o.Bytes)
				continue
			}
			if err := r.fetchObject(ctx, s, o); err != nil {
				return err
			}
			t.object(o.Bytes)
			failpoint.At("pull: object arrived")
		}
		if accept != nil {
			if err := accept(a); err != nil {
				return &lieError{err.Error()}
			}
		}
		err := publishRecord(ctx, s, a)
		if !errors.Is(err, store.ErrMissing) { // else a collection took the objects for garbage: fetch them again
			failpoint.At("pull: record published")
			return err
		}
	}
	return fmt.Errorf("remote %s: garbage collection removes what is fetched; try again after it", r.name)
}

func publishRecord(ctx context.Context, s *store.Store, a *store.Action) error {
	release, err := s.Share(ctx)
	if err != nil {
		return err
	}
	defer release()
	return s.PutAction(a)
}

// fetchObject brings an object into the store; what does not hash to its name, or is longer than
// its record says, does not get in.
func (r *Remote) fetchObject(ctx context.Context, s *store.Store, o store.Output) error {
	if o.Bytes > MostObject {
		return &lieError{fmt.Sprintf("object %s would be %d bytes long, more than the %d that are fetched", o.Object, o.Bytes, int64(MostObject))}
	}
	in, err := r.bucket.NewReader(ctx, "objects/"+string(o.Object), nil)
	switch {
	case err != nil && missing(err):
		return &lieError{fmt.Sprintf("object %s (%s) is not there", o.Object, o.Name)}
	case err != nil:
		return r.fail("reading objects/"+string(o.Object), err)
	}
	defer in.Close()
	var broken error
	err = s.PutAs(o.Object, func(w io.Writer) error {
		n, err := io.Copy(w, io.LimitReader(&noted{in, &broken}, o.Bytes+1))
		if err == nil && n != o.Bytes {
			err = fmt.Errorf("object %s (%s): not of the %d bytes that its record says: %w", o.Object, o.Name, o.Bytes, store.ErrCorrupt)
		}
		return err
	})
	switch {
	case broken != nil:
		return r.fail("reading objects/"+string(o.Object), broken)
	case errors.Is(err, store.ErrCorrupt):
		return &lieError{err.Error()}
	}
	return err
}

// noted remembers the error of a reader, to tell it from one of the disk.
type noted struct {
	in  io.Reader
	err *error
}

func (n *noted) Read(p []byte) (int, error) {
	k, err := n.in.Read(p)
	if err != nil && err != io.EOF {
		*n.err = err
	}
	return k, err
}
