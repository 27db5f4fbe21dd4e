package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/store"
	"sicgrid/pkg/store/remote"
)

// share pushes everything that the rig has to a new remote, which it returns.
func (r *rig) share() *remote.Remote {
	r.t.Helper()
	far, err := remote.Make(context.Background(), "file://"+r.t.TempDir())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { far.Close() })
	var actions []*store.Action
	err = r.opt.Store.Walk(nil, func(a *store.Action, _ string, err error) error { actions = append(actions, a); return err })
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := far.Push(context.Background(), r.opt.Store, actions, nil); err != nil {
		r.t.Fatal(err)
	}
	return far
}

func TestARunFetchesWhatAColleagueHasMade(t *testing.T) {
	ours := newRig(t)
	first, _ := ours.run(ours.chain(nil))
	theirs := newRig(t)
	theirs.opt.Remote = ours.share()
	report := theirs.wantRan("", theirs.chain(nil))
	if report.Count(Fetched) != 5 {
		t.Errorf("fetched %d of 5", report.Count(Fetched))
	}
	theirs.wantReason(report, "c", Fetched, "from "+theirs.opt.Remote.String()+"; first time")
	if !slices.Equal(logical(first), logical(report)) {
		t.Error("other results")
	}
	theirs.wantReason(theirs.wantRan("", theirs.chain(nil)), "c", Cached, "unchanged")
	// What nobody has made is computed.
	theirs.wantRan("c e", theirs.chain(func(name string, p *sumParams) {
		if name == "c" {
			p.Add = 50
		}
	}))
	// Forced is forced.
	theirs = newRig(t)
	theirs.opt.Remote, theirs.opt.Force = ours.share(), []string{"a"}
	theirs.wantRan("a", theirs.chain(nil))
}

// liar is a remote that says of its results what change makes of it.
type liar struct {
	*remote.Remote
	change func(*store.Action)
}

func (l liar) Fetch(ctx context.Context, s *store.Store, key, numerics string, exact bool, accept func(*store.Action) error) (*store.Action, error) {
	var reason error
	a, err := l.Remote.Fetch(ctx, s, key, numerics, exact, func(a *store.Action) error {
		l.change(a)
		reason = accept(a)
		return reason
	})
	if err == nil && reason == nil {
		return nil, errors.New("a lie was accepted")
	}
	return a, err
}

func TestAResultThatIsNotWhatItsRecordSaysIsComputed(t *testing.T) {
	ours := newRig(t)
	ours.run(ours.chain(nil))
	for what, change := range map[string]func(*store.Action){
		"the values":         func(a *store.Action) { a.Outputs[0].Logical = strings.Repeat("0", 64) },
		"the rows":           func(a *store.Action) { a.Outputs[0].Rows++ },
		"the recipe":         func(a *store.Action) { a.Parts = []byte(strings.Replace(string(a.Parts), `"seed":0`, `"seed":1`, 1)) },
		"without its recipe": func(a *store.Action) { a.Parts = nil },
	} {
		theirs := newRig(t)
		theirs.opt.Remote = liar{ours.share(), change}
		var told []string
		theirs.opt.Observer = func(e Event) {
			if e.Kind == Defective {
				told = append(told, fmt.Sprint(e.Node.Name, ": ", e.Note))
			}
		}
		theirs.wantRan("a b c d e", theirs.chain(nil))
		if len(told) != 5 || !strings.Contains(told[0], "it is computed here") {
			t.Errorf("%s: told %q", what, told)
		}
	}
}

// silent is a remote that cannot be reached.
type silent struct{ asked int }

func (s *silent) String() string { return "s3://nowhere" }

func (s *silent) Fetch(context.Context, *store.Store, string, string, bool, func(*store.Action) error) (*store.Action, error) {
	s.asked++
	return nil, errors.New("remote s3://nowhere: no route to host")
}

func TestARemoteThatDoesNotAnswerIsAskedOnce(t *testing.T) {
	r := newRig(t)
	s := &silent{}
	r.opt.Remote, r.opt.Jobs = s, 1
	r.wantRan("a b c d e", r.chain(nil))
	if s.asked != 1 {
		t.Errorf("asked %d times", s.asked)
	}
}
