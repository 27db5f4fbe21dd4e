package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"golang.org/x/sync/errgroup"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/store"
)

// Recomputed says how a node's outputs, computed again, compare with the stored ones.
type Recomputed struct {
	Node     *Node
	Same     bool       // all logical digests and bytes are equal
	Differ   []string   // "maps: 3 of 400 values differ, most by 1e-07 (...)"
	Numerics string     // of the stored result, where it is another's: then Measures are compared
	Measures []Compared // across numerics
	Skipped  string     // why it was not compared
	Err      error      // of the stage
	Time     time.Duration
}

// Fault reports whether the recomputation shows that something is wrong.
func (r *Recomputed) Fault() bool {
	return r.Err != nil || len(r.Differ) > 0 || slices.ContainsFunc(r.Measures, func(c Compared) bool { return !c.Agrees() })
}

// Rerun computes nodes of the graph that have a result again, from their stored inputs, and
// compares the outcome with the stored outputs: those that choose picks, or all if it is nil.
// Nothing is written to the store. Bits are promised only within one numerics: of results of
// another, measures and verdicts are compared.
func Rerun(ctx context.Context, g *Graph, opt Options, choose func(*Node) bool) ([]Recomputed, error) {
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
	if choose != nil {
		steps = slices.DeleteFunc(steps, func(s *step) bool { return !choose(s.node) })
	}
	r := &run{g: g, opt: opt}
	results := make([]Recomputed, len(steps))
	var group errgroup.Group
	group.SetLimit(opt.jobs())
	for i, s := range steps {
		result := &results[i]
		result.Node = s.node
		if s.action == nil {
			result.Skipped = "not in the store"
			continue
		}
		if s.action.Numerics != opt.numerics(s.node) {
			result.Numerics = s.action.Numerics
			if s.node.Measures == nil {
				result.Skipped = "made by other numerics " + result.Numerics + ", and has no measures to compare"
				continue
			}
		}
		group.Go(func() error {
			begun := time.Now()
			result.Err = r.recompute(ctx, s, made, scratch, result)
			result.Time = time.Since(begun)
			return ctx.Err()
		})
	}
	return results, group.Wait()
}

// recompute runs a stage on its stored inputs and says how its outputs compare with the stored
// ones.
func (r *run) recompute(ctx context.Context, s *step, inputs map[*Node]*store.Action, scratch string, result *Recomputed) error {
	t, err := r.newTask(s.node, inputs)
	if err != nil {
		return err
	}
	t.scratch = func() (string, error) { return os.MkdirTemp(scratch, strings.ReplaceAll(s.node.Name, "/", "-")+"-") }
	r.observe(Event{Kind: Started, Node: s.node, Reason: "verify"})
	if err := r.call(ctx, t); err != nil {
		return err
	}
	if result.Numerics != "" {
		result.Measures, err = s.node.measure(r.opt.Store, s.action, t.outputs)
		return err
	}
	for _, o := range s.action.Outputs {
		how, err := r.compare(o, t.outputs[o.Name])
		if err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
		if how != "" {
			result.Differ = append(result.Differ, o.Name+": "+how)
		}
	}
	result.Same = len(result.Differ) == 0
	return nil
}

// compare says how a recomputed output differs from the stored one; "" if it is the same to the
// byte, or in all but what columns are said to mean.
func (r *run) compare(stored store.Output, rec arrow.Record) (string, error) {
	h := sha256.New()
	if err := artifact.Write(h, rec); err != nil {
		return "", err
	}
	object := hex.EncodeToString(h.Sum(nil))
	if object == string(stored.Object) {
		return "", nil
	}
	data, err := r.opt.Store.Get(stored.Object)
	if err != nil {
		return "", err
	}
	before, err := artifact.Read(data)
	if err != nil {
		return "", err
	}
	defer before.Release()
	if logical := artifact.LogicalDigest(rec); logical != stored.Logical {
		return fmt.Sprintf("stored %s, recomputed %s: %s", short(stored.Logical), short(logical), artifact.Compare(before, rec)), nil
	}
	if slices.Equal(artifact.Columns(before.Schema()), artifact.Columns(rec.Schema())) {
		return fmt.Sprintf("equal values, other bytes (stored %s, recomputed %s)", short(string(stored.Object)), short(object)), nil
	}
	return "", nil
}
