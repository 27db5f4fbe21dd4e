package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/store"
	"sicgrid/pkg/store/failpoint"
)

// compute runs the stage and publishes what it made: objects first, the action record last. Should
// the key's lock have been lost meanwhile, overtaken takes it again and returns what another has
// made, if so; then mine is false.
func (r *run) compute(ctx context.Context, s *step, inputs map[*Node]*store.Action, reason string, overtaken func() (*store.Action, error)) (action *store.Action, mine bool, err error) {
	started := time.Now()
	about := r.about()
	t, err := r.newTask(s.node, inputs)
	if err != nil {
		return nil, false, err
	}
	numerics := r.opt.numerics(s.node)
	t.scratch = func() (string, error) { return scratchDir(r.opt.Store, s.key, numerics) }
	if r.opt.Adopt {
		t.elsewhere = func() ([]string, error) { return otherScratchDirs(s, &r.opt, numerics) }
	}
	failed := r.call(ctx, t)
	failpoint.At("run: stage ended")
	for tries := 1; ; tries++ {
		for ctx.Err() == nil && !r.opt.Store.Holds(s.key) {
			if action, err = overtaken(); err != nil || action != nil {
				return action, false, err
			}
		}
		if failed != nil {
			return nil, false, failed
		}
		err = r.using(ctx, func() (string, error) {
			action, err = r.publish(t, s, started, reason, about)
			return s.key, err
		})
		// Of one that stood still, a collection may also have taken the objects for garbage.
		again := errors.Is(err, store.ErrOvertaken) || errors.Is(err, store.ErrMissing) && tries < 3
		if !again || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, false, err
	}
	failpoint.At("run: published")
	if !r.opt.Store.Holds(s.key) { // whose scratch folder it is now
		return action, true, nil
	}
	if err := r.opt.Store.DropScratch(s.key); err != nil {
		return nil, false, fmt.Errorf("remove the scratch folder: %w", err)
	}
	failpoint.At("run: scratch dropped")
	return action, true, nil
}

// publish writes objects first, the action record after them, the node's name last.
func (r *run) publish(t *Task, s *step, started time.Time, reason string, about map[string]any) (*store.Action, error) {
	action := &store.Action{Format: FormatVersion, Key: s.key, Numerics: r.opt.numerics(s.node)}
	for _, name := range s.node.Outputs {
		rec := t.outputs[name]
		object, size, err := r.opt.Store.Put(func(w io.Writer) error { return artifact.Write(w, rec) })
		if err != nil {
			return nil, fmt.Errorf("publish %s: %w", name, err)
		}
		r.objects.forget(object) // it may have been missing or corrupt until now
		action.Outputs = append(action.Outputs, store.Output{
			Name: name, Object: object, Logical: artifact.LogicalDigest(rec), Bytes: size, Rows: rec.NumRows(),
		})
	}
	failpoint.At("run: objects published")
	var err error
	if action.Parts, err = s.encodeParts(); err != nil {
		return nil, fmt.Errorf("action record: %w", err)
	}
	if action.Provenance, err = provenance(t, &r.opt, started, reason, about); err != nil {
		return nil, fmt.Errorf("provenance: %w", err)
	}
	if err := r.opt.Store.PutAction(action); err != nil {
		return nil, fmt.Errorf("publish the action record: %w", err)
	}
	failpoint.At("run: action recorded")
	if err := r.opt.Store.SetName(nameRecord(&r.opt, s.node), s.key); err != nil {
		return nil, fmt.Errorf("record the node's key: %w", err)
	}
	return action, nil
}

// call runs the stage, counted among those that share the cores.
func (r *run) call(ctx context.Context, t *Task) error {
	r.running.Add(1)
	defer r.running.Add(-1)
	return t.call(ctx)
}

// newTask reads and decodes the inputs of a node. Their digests are verified before they are
// decoded.
func (r *run) newTask(n *Node, inputs map[*Node]*store.Action) (*Task, error) {
	t := &Task{
		node: n, begun: time.Now(),
		inputs: map[string]arrow.Record{}, outputs: map[string]arrow.Record{}, notes: map[string]any{},
		threads: func() int { return max(1, r.opt.cores()/max(1, int(r.running.Load()))) },
		report: func(done, total int64, note string) {
			r.observe(Event{Kind: Progress, Node: n, Done: done, Total: total, Note: note})
		},
	}
	for _, role := range slices.Sorted(maps.Keys(n.Inputs)) {
		ref := n.Inputs[role]
		out := output(inputs[ref.Node], ref.Output)
		data, err := r.opt.Store.Get(out.Object)
		if errors.Is(err, store.ErrMissing) {
			return nil, &damagedInput{ref.Node, fmt.Errorf("input %s: %w", role, err)}
		}
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", role, err)
		}
		if t.inputs[role], err = artifact.Read(data); err != nil {
			return nil, fmt.Errorf("input %s: object %s: %w", role, short(string(out.Object)), err)
		}
	}
	return t, nil
}

// damagedInput is the error of an input that is not what it was taken for.
type damagedInput struct {
	of  *Node // whose output it is
	err error
}

func (d *damagedInput) Error() string { return d.err.Error() }
func (d *damagedInput) Unwrap() error { return d.err }

// scratchDir is one folder for each numerics in the key's scratch folder: a checkpoint is resumed
// under the numerics that made it.
func scratchDir(s *store.Store, key, numerics string) (string, error) {
	dir, err := s.Scratch(key)
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, scratchName(numerics))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("scratch folder: %w", err)
	}
	return dir, nil
}

func scratchName(numerics string) string {
	return "on-" + strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' {
			return c
		}
		return '_'
	}, numerics)
}

// ScratchPath is the folder that Task.Scratch gives the stage of a node that would run, if there is
// one yet; "" while the node's key is not known.
func (o *Options) ScratchPath(s NodeStatus) string {
	dir, err := o.Store.ScratchPath(s.Key)
	if err != nil {
		return ""
	}
	return filepath.Join(dir, scratchName(s.Numerics))
}

// ScratchPaths are the folders of all stages that have been given one and have not ended, by the key
// of what each computes.
func (o *Options) ScratchPaths() map[string][]string {
	of := map[string][]string{}
	for _, key := range o.Store.ScratchKeys() {
		dir, err := o.Store.ScratchPath(key)
		if err != nil {
			continue
		}
		entries, _ := os.ReadDir(dir) // it may be gone by now
		for _, e := range entries {
			of[key] = append(of[key], filepath.Join(dir, e.Name()))
		}
	}
	return of
}

// otherScratchDirs are the scratch folders that the step's recipe has under other numerics and on
// other devices.
func otherScratchDirs(s *step, opt *Options, numerics string) ([]string, error) {
	own, err := scratchDir(opt.Store, s.key, numerics)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, name := range append([]string{s.node.code()}, s.node.OtherCode...) {
		p, err := newParts(s.node, opt, name, s.parts.Inputs, s.parts.Objects)
		if err != nil {
			return nil, err
		}
		key, err := p.recipe.key()
		if err != nil {
			return nil, err
		}
		from := filepath.Join(own, "..", "..", key)
		found, err := fs.Glob(os.DirFS(from), "on-*") // the folder's own name is no pattern
		if err != nil {
			return nil, err
		}
		for _, dir := range found {
			dirs = append(dirs, filepath.Join(from, dir))
		}
	}
	return slices.DeleteFunc(dirs, func(dir string) bool { return dir == own }), nil
}

// provenance says how a result came about. None of it enters a key.
func provenance(t *Task, opt *Options, started time.Time, reason string, about map[string]any) (json.RawMessage, error) {
	p := map[string]any{
		"node":           t.node.Name,
		"reason":         reason,
		"started":        started.UTC().Format(time.RFC3339),
		"wall_seconds":   time.Since(started).Seconds(),
		"peak_rss_bytes": PeakMemory(), // of the whole process, other stages included
		"go":             runtime.Version(),
		"platform":       runtime.GOOS + "/" + runtime.GOARCH,
		"numerics":       opt.numerics(t.node),
	}
	maps.Copy(p, about)
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.Copy(p, t.notes)
	return json.Marshal(p)
}

func stack() string { return string(debug.Stack()) }
