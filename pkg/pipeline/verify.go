package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/store"
)

// Finding is one thing that is wrong with a store.
type Finding struct {
	Node string // "" when the whole store is verified
	Path string // of the file, where one is at fault
	What string // "object 12ab… (weights) is corrupt"

	object        store.Digest // to be removed; "" = none
	key, numerics string       // of the action record to be removed; "" = none
	file          string       // a record that does not say which key it has
}

// Verification is the outcome of Verify.
type Verification struct {
	Actions, Objects int
	Bytes            int64
	Findings         []Finding
}

// Verify hashes again what the store holds for the graph, or, if g is nil,
// everything in it, and checks that each object still has the logical digest
// that its action record gives. Nodes of the graph without a result are no
// findings: Status names them.
func Verify(ctx context.Context, g *Graph, opt Options) (Verification, error) {
	v := &verifier{store: opt.Store, seen: map[store.Digest]*seenObject{}}
	release, err := opt.Store.Share(ctx) // what is collected meanwhile would look like damage
	if err != nil {
		return v.Verification, err
	}
	defer release()
	if g == nil {
		err = v.everything(ctx)
	} else {
		err = v.graph(ctx, g, &opt)
	}
	return v.Verification, err
}

type verifier struct {
	Verification
	store *store.Store
	seen  map[store.Digest]*seenObject
}

type seenObject struct {
	logical string
	err     error
}

func (v *verifier) graph(ctx context.Context, g *Graph, opt *Options) error {
	if err := opt.check(g); err != nil {
		return err
	}
	made := map[*Node]*store.Action{}
	for _, n := range g.nodes {
		if err := ctx.Err(); err != nil {
			return err
		}
		s, err := resolve(n, opt, made)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		for _, d := range s.defects {
			v.Findings = append(v.Findings, Finding{Node: n.Name, What: d, key: s.key, numerics: opt.numerics(n)})
		}
		if s.action != nil {
			made[n] = s.action
			v.action(n.Name, s.action)
		}
	}
	return nil
}

func (v *verifier) everything(ctx context.Context) error {
	var actions []*store.Action
	err := v.store.Walk(
		func(d store.Digest, path string, err error) error {
			if err != nil {
				f := Finding{Path: path, What: fmt.Sprintf("object %s is corrupt", short(string(d))), object: d}
				if bad := v.object(d); errors.Is(bad.err, store.ErrMissing) && !errors.Is(bad.err, store.ErrCorrupt) {
					f = Finding{Path: path, What: "not an object: " + path, file: path} // not named by a digest
				}
				v.Findings = append(v.Findings, f)
			} else {
				v.object(d) // also if no action names it
			}
			return ctx.Err()
		},
		func(a *store.Action, path string, err error) error {
			if err != nil || a == nil {
				v.Findings = append(v.Findings, Finding{Path: path, What: fmt.Sprintf("action record: %v", err), file: path})
			} else {
				actions = append(actions, a)
			}
			return ctx.Err()
		})
	if err != nil {
		return err
	}
	for _, a := range actions {
		if err := ctx.Err(); err != nil {
			return err
		}
		v.action("", a)
	}
	return nil
}

// action checks the objects that an action record names.
func (v *verifier) action(node string, a *store.Action) {
	v.Actions++
	for _, o := range a.Outputs {
		f := Finding{Node: node, key: a.Key, numerics: a.Numerics}
		switch seen := v.object(o.Object); {
		case errors.Is(seen.err, store.ErrCorrupt):
			f.object = o.Object
			f.What, f.Path = objectDefect(o.Name, o.Object, seen.err), v.store.ObjectPath(o.Object)
		case seen.err != nil:
			f.What = objectDefect(o.Name, o.Object, seen.err)
		case seen.logical != o.Logical:
			f.What = fmt.Sprintf("object %s (%s) has logical digest %s, its action record says %s",
				short(string(o.Object)), o.Name, short(seen.logical), short(o.Logical))
		default:
			continue
		}
		v.Findings = append(v.Findings, f)
	}
}

// object reads an object, which verifies it, and finds its logical digest.
func (v *verifier) object(d store.Digest) *seenObject {
	if seen := v.seen[d]; seen != nil {
		return seen
	}
	seen := &seenObject{}
	v.seen[d] = seen
	data, err := v.store.Get(d)
	if err != nil {
		seen.err = err
		return seen
	}
	v.Objects++
	v.Bytes += int64(len(data))
	rec, err := artifact.Read(data)
	if err != nil {
		seen.err = err
		return seen
	}
	seen.logical = artifact.LogicalDigest(rec)
	rec.Release()
	return seen
}

// Repair removes the objects and action records that Verify found at fault, so
// that the next run makes them anew. It returns how many it removed.
func Repair(s *store.Store, findings []Finding) (int, error) {
	remove := map[string]func() error{} // each once, though several findings may name it
	for _, f := range findings {
		if f.object != "" {
			remove["object "+string(f.object)] = func() error { return s.Remove(f.object) }
		}
		if f.key != "" {
			remove["action "+f.key+" "+f.numerics] = func() error { return s.RemoveAction(f.key, f.numerics) }
		}
		if f.file != "" {
			remove["file "+f.file] = func() error { return os.Remove(f.file) }
		}
	}
	removed := 0
	for _, name := range slices.Sorted(maps.Keys(remove)) {
		if err := remove[name](); err != nil && !errors.Is(err, os.ErrNotExist) {
			return removed, fmt.Errorf("repair: %w", err)
		}
		removed++
	}
	return removed, nil
}

// Recomputed says how a node's outputs, computed again, compare with the stored
// ones.
type Recomputed struct {
	Node    *Node
	Same    bool     // all logical digests and bytes are equal
	Differ  []string // "maps: values differ (12ab… stored, 34cd… recomputed)"
	Skipped string   // why it was not compared
	Err     error    // of the stage
	Time    time.Duration
}

// Rerun computes every node that has a result again, from its stored inputs, and
// compares the outcome with the stored outputs. Nothing is written to the store.
// Nodes of other numerics are skipped: bits are promised only within one.
func Rerun(ctx context.Context, g *Graph, opt Options) ([]Recomputed, error) {
	if err := opt.check(g); err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "rerun-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)

	steps, made, end, err := inUse(ctx, g, &opt)
	if err != nil {
		return nil, err
	}
	defer end()
	r := &run{g: g, opt: opt}
	results := make([]Recomputed, len(g.nodes))
	var group errgroup.Group
	group.SetLimit(opt.jobs())
	for i, s := range steps {
		result := &results[i]
		result.Node = s.node
		switch {
		case s.action == nil:
			result.Skipped = "not in the store"
		case s.action.Numerics != opt.numerics(s.node):
			result.Skipped = "made by other numerics " + s.action.Numerics
		default:
			group.Go(func() error {
				begun := time.Now()
				result.Differ, result.Err = r.recompute(ctx, s, made, scratch)
				result.Same = result.Err == nil && len(result.Differ) == 0
				result.Time = time.Since(begun)
				return ctx.Err()
			})
		}
	}
	return results, group.Wait()
}

// recompute runs a stage on its stored inputs and says in what its outputs
// differ from the stored ones.
func (r *run) recompute(ctx context.Context, s *step, inputs map[*Node]*store.Action, scratch string) ([]string, error) {
	t, err := r.newTask(s.node, inputs)
	if err != nil {
		return nil, err
	}
	t.scratch = func() (string, error) { return os.MkdirTemp(scratch, strings.ReplaceAll(s.node.Name, "/", "-")+"-") }
	r.observe(Event{Kind: Started, Node: s.node, Reason: "verify"})
	if err := r.call(ctx, t); err != nil {
		return nil, err
	}
	var differ []string
	for _, o := range s.action.Outputs {
		rec := t.outputs[o.Name]
		logical := artifact.LogicalDigest(rec)
		h := sha256.New()
		if err := artifact.Write(h, rec); err != nil {
			return nil, err
		}
		if logical != o.Logical {
			differ = append(differ, fmt.Sprintf("%s: values differ (%s stored, %s recomputed)", o.Name, short(o.Logical), short(logical)))
		} else if object := hex.EncodeToString(h.Sum(nil)); object != string(o.Object) {
			differ = append(differ, fmt.Sprintf("%s: equal values, other bytes (%s stored, %s recomputed)", o.Name, short(string(o.Object)), short(object)))
		}
	}
	return differ, nil
}
