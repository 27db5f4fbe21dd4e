package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
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
	theirs.wantReason(theirs.wantRan("", theirs.chain(nil)), "c", Cached, "unchanged; fetched from "+theirs.opt.Remote.String())
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

// below1000 makes the node and those before it say that their number must be less than 1000.
func below1000(n *Node) *Node {
	n.Check = func(output string, rec arrow.Record) error {
		rows, err := artifact.Rows[number](rec)
		if err == nil && (len(rows) != 1 || rows[0].Value >= 1000) {
			err = fmt.Errorf("%s: must be less than 1000", output)
		}
		return err
	}
	for _, ref := range n.Inputs {
		below1000(ref.Node)
	}
	return n
}

// forger is a rig that has computed, under the keys of honest stages, other tables.
func forger(t *testing.T, table func(t *Task) error) *rig {
	r := newRig(t)
	last := r.chain(nil)
	var forge func(n *Node)
	forge = func(n *Node) {
		n.Run = func(_ context.Context, t *Task) error { return table(t) }
		for _, ref := range n.Inputs {
			forge(ref.Node)
		}
	}
	forge(last)
	r.run(last)
	return r
}

// Digests and records agree, and still it is nothing that the stage makes.
func TestAResultThatItsStageCannotHaveMadeIsAMiss(t *testing.T) {
	ctx := context.Background()
	forgeries := map[string]func(*Task) error{
		"another value": func(t *Task) error { return Emit(t, "number", []number{{1 << 40}}, nil) },
		"no row":        func(t *Task) error { return Emit(t, "number", []number{}, nil) },
		"another column": func(t *Task) error {
			return Emit(t, "number", []struct {
				V int64 `col:"v"`
			}{{1}}, nil)
		},
		"another type": func(t *Task) error {
			return Emit(t, "number", []struct {
				V float64 `col:"value"`
			}{{1}}, nil)
		},
		"an empty picture": func(t *Task) error {
			return Emit(t, "number", []struct {
				V []byte `col:"value"`
			}{{nil}}, nil)
		},
	}
	for what, table := range forgeries {
		far := forger(t, table).share()
		theirs := newRig(t)
		theirs.opt.Remote = far
		var told []string
		theirs.opt.Observer = func(e Event) {
			if e.Kind == Defective {
				told = append(told, fmt.Sprint(e.Node.Name, ": ", e.Note))
			}
		}
		theirs.wantRan("a b c d e", below1000(theirs.chain(nil)))
		if len(told) < 1 || !strings.Contains(told[0], "it is computed here") {
			t.Errorf("%s: told %q", what, told)
		}

		// What has arrived all the same, say by an older program, is found when it is used.
		late := newRig(t)
		if _, err := far.Pull(ctx, late.opt.Store, nil, nil); err != nil {
			t.Fatal(err)
		}
		last := below1000(late.chain(nil))
		status, err := Status(late.graph(last), late.opt)
		if err != nil {
			t.Fatal(err)
		}
		if s := status[0]; s.State != WouldRun || !strings.Contains(s.Reason, "what was fetched from "+far.String()+" is not what the stage makes") {
			t.Errorf("%s: status says %s (%s)", what, s.State, s.Reason)
		}
		report := late.wantRan("a b c d e", last)
		if got := late.value(report, "a"); got != 1 {
			t.Errorf("%s: a made %d", what, got)
		}
		for _, n := range report.Nodes {
			if n.Node.Name == "a" && (n.State != Ran || len(n.Defects) == 0) {
				t.Errorf("%s: %s, defects %q", what, n.State, n.Defects)
			}
		}
		late.wantRan("", last)
	}
	t.Logf("%d kinds of tables under digests that fit: all found on arrival and on use, and mended", len(forgeries))
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
