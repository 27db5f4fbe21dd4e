package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
)

// Remote is where results of others can be fetched from (store/remote).
type Remote interface {
	// Fetch brings one result into the store, once accept has looked at it; store.ErrMissing if
	// there is none that is sound, fs.ErrNotExist if there is no remote at all.
	Fetch(ctx context.Context, s *store.Store, key, numerics string, exact bool, accept func(*store.Action) error) (*store.Action, error)
	String() string
}

// A Check says what is wrong with a table that should be this output of a stage.
type Check = func(stage, output string, rec arrow.Record) error

// Accept looks at a result that has come from elsewhere, with its objects in s: do its parts make
// its key, do its objects hold the values that it says, and are these what its stage could have
// made? check may be nil.
func Accept(s *store.Store, check Check) func(*store.Action) error {
	return func(a *store.Action) error {
		p := parseParts(a.Parts)
		if p == nil {
			return errors.New("its record does not say what it was made of")
		}
		if err := p.keyIs(a.Key); err != nil {
			return err
		}
		of := func(output string, rec arrow.Record) error {
			if check == nil {
				return nil
			}
			return check(p.Stage, output, rec)
		}
		for _, o := range a.Outputs {
			if err := acceptOutput(s, o, of); err != nil {
				return fmt.Errorf("%s: %w", printable.Line(o.Name), err)
			}
		}
		return nil
	}
}

// accept is Accept for a result of the node.
func (n *Node) accept(s *store.Store) func(*store.Action) error {
	accept := Accept(s, func(_, output string, rec arrow.Record) error {
		if n.Check == nil {
			return nil
		}
		return n.Check(output, rec)
	})
	return func(a *store.Action) error {
		if !n.outputsAre(a) {
			return fmt.Errorf("its record lists other outputs than %s", strings.Join(n.Outputs, ", "))
		}
		return accept(a)
	}
}

// outputsAre reports whether a record lists the node's outputs.
func (n *Node) outputsAre(a *store.Action) bool {
	return slices.EqualFunc(a.Outputs, n.Outputs, func(o store.Output, name string) bool { return o.Name == name })
}

func acceptOutput(s *store.Store, o store.Output, check func(string, arrow.Record) error) error {
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
	return check(o.Name, rec)
}

// checkFetched asks whether a hit that was fetched is what its stage makes; if it is not, it is a
// miss.
func (s *step) checkFetched(c *objectChecks) {
	if s.action == nil || s.node.Check == nil || s.action.From() == "" {
		return
	}
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	if err := s.node.accept(c.opt.Store)(s.action); err != nil {
		s.defect(fmt.Sprintf("what was fetched from %s is not what the stage makes: %v", printable.Line(s.action.From()), err))
		s.comeBack()
	}
}

// fetch looks for the step's result in the remote. A remote that does not answer is not asked again
// in this run.
func (r *run) fetch(ctx context.Context, s *step) (fetched bool, err error) {
	if r.opt.Remote == nil || r.remoteDown.Load() {
		return false, nil
	}
	_, err = r.opt.Remote.Fetch(ctx, r.opt.Store, s.key, r.opt.numerics(s.node), r.opt.Exact, s.node.accept(r.opt.Store))
	switch {
	case err == nil:
		return r.lookAgain(ctx, s)
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, fs.ErrNotExist): // whoever mistypes an address does not want it computed
		return false, err
	case !errors.Is(err, store.ErrMissing):
		if !r.remoteDown.Swap(true) {
			r.observe(Event{Kind: Defective, Node: s.node, Note: err.Error() + "; it is computed here"})
		}
	case err != store.ErrMissing: // there is something, and it is not what it claims to be
		r.observe(Event{Kind: Defective, Node: s.node, Note: err.Error() + "; it is computed here"})
	}
	return false, nil
}
