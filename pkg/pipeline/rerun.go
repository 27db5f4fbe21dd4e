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

// Recomputed says how a node's outputs, computed again, compare with the stored
// ones.
type Recomputed struct {
	Node     *Node
	Same     bool     // all logical digests and bytes are equal
	Differ   []string // "maps: 3 of 400 values differ, most by 1e-07 (...)"
	Numerics string   // of the stored result, where it is another's: then bits are not promised, and Differ is no fault
	Skipped  string   // why it was not compared
	Err      error    // of the stage
	Time     time.Duration
}

// Fault says whether the recomputation shows that something is wrong.
func (r *Recomputed) Fault() bool {
	return r.Err != nil || r.Skipped == "" && !r.Same && r.Numerics == ""
}

// Rerun computes nodes of the graph that have a result again, from their stored
// inputs, and compares the outcome with the stored outputs: those that choose
// picks, or all if it is nil. Nothing is written to the store. Results of other
// numerics are compared too, value by value, but bits are promised only within
// one numerics.
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
		}
		group.Go(func() error {
			begun := time.Now()
			result.Differ, result.Err = r.recompute(ctx, s, made, scratch)
			result.Same = result.Err == nil && len(result.Differ) == 0
			result.Time = time.Since(begun)
			return ctx.Err()
		})
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
		how, err := r.compare(o, t.outputs[o.Name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Name, err)
		}
		if how != "" {
			differ = append(differ, o.Name+": "+how)
		}
	}
	return differ, nil
}

// compare says how a recomputed output differs from the stored one; "" if it is
// the same to the byte.
func (r *run) compare(stored store.Output, rec arrow.Record) (string, error) {
	if logical := artifact.LogicalDigest(rec); logical != stored.Logical {
		data, err := r.opt.Store.Get(stored.Object)
		if err != nil {
			return "", err
		}
		before, err := artifact.Read(data)
		if err != nil {
			return "", err
		}
		defer before.Release()
		return fmt.Sprintf("stored %s, recomputed %s: %s", short(stored.Logical), short(logical), artifact.Compare(before, rec)), nil
	}
	h := sha256.New()
	if err := artifact.Write(h, rec); err != nil {
		return "", err
	}
	if object := hex.EncodeToString(h.Sum(nil)); object != string(stored.Object) {
		return fmt.Sprintf("equal values, other bytes (stored %s, recomputed %s)", short(string(stored.Object)), short(object)), nil
	}
	return "", nil
}
