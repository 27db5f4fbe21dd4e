package pipeline

import (
	"context"
	"errors"
	"fmt"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/store"
)

// Remote is where results of others can be fetched from (store/remote).
type Remote interface {
	// Fetch brings one result into the store, once accept has looked at it; store.ErrMissing if
	// there is none that is sound.
	Fetch(ctx context.Context, s *store.Store, key, numerics string, exact bool, accept func(*store.Action) error) (*store.Action, error)
	String() string
}

// Accept looks at a result that has come from elsewhere, with its objects in s: do its parts make
// its key, and do its objects hold the values that it says?
func Accept(s *store.Store) func(*store.Action) error {
	return func(a *store.Action) error {
		p := parseParts(a.Parts)
		if p == nil {
			return errors.New("its record does not say what it was made of")
		}
		if err := p.keyIs(a.Key); err != nil {
			return err
		}
		for _, o := range a.Outputs {
			if err := acceptOutput(s, o); err != nil {
				return fmt.Errorf("%s: %w", o.Name, err)
			}
		}
		return nil
	}
}

func acceptOutput(s *store.Store, o store.Output) error {
	data, err := s.Get(o.Object)
	if err != nil {
		return err
	}
	rec, err := artifact.Read(data)
	if err != nil {
		return err
	}
	defer rec.Release()
	if logical := artifact.LogicalDigest(rec); logical != o.Logical || rec.NumRows() != o.Rows {
		return fmt.Errorf("holds %d rows of digest %s, its record says %d of %s", rec.NumRows(), short(logical), o.Rows, short(o.Logical))
	}
	return nil
}

// fetch looks for the step's result in the remote. A remote that does not answer is not asked again
// in this run.
func (r *run) fetch(ctx context.Context, s *step) (fetched bool, err error) {
	if r.opt.Remote == nil || r.remoteDown.Load() {
		return false, nil
	}
	_, err = r.opt.Remote.Fetch(ctx, r.opt.Store, s.key, r.opt.numerics(s.node), r.opt.Exact, Accept(r.opt.Store))
	switch {
	case err == nil:
		return r.lookAgain(ctx, s)
	case ctx.Err() != nil:
		return false, ctx.Err()
	case !errors.Is(err, store.ErrMissing):
		if !r.remoteDown.Swap(true) {
			r.observe(Event{Kind: Defective, Node: s.node, Note: err.Error() + "; it is computed here"})
		}
	case err != store.ErrMissing: // there is something, and it is not what it claims to be
		r.observe(Event{Kind: Defective, Node: s.node, Note: err.Error() + "; it is computed here"})
	}
	return false, nil
}
