package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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
	Bytes            int64         // that were hashed
	Hashing          time.Duration // of all of them, on all cores
	Contents         time.Duration // reading every artifact with both readers; 0 = not done
	Compared         int           // artifacts that both readers agree on
	Foreign          int           // artifacts encoded by another version of this program, read by one reader only
	Findings         []Finding
}

// VerifyOptions say how far Verify goes.
type VerifyOptions struct {
	// HashOnly leaves out the contents.
	HashOnly bool
	// Progress is told now and then how many bytes of how many have been hashed, or read
	// ("reading"). nil is allowed.
	Progress func(what string, done, total int64)
}

// Verify hashes again what the store holds for the graph, or, if g is nil, everything in it. Of
// each artifact that an action record names it then checks that its values still have the logical
// digest and the length that the record gives, and that Arrow's Parquet reader finds the same
// values as this program's. Nodes of the graph without a result are no findings: Status names them.
func Verify(ctx context.Context, g *Graph, opt Options, how VerifyOptions) (Verification, error) {
	v := &verifier{store: opt.Store, how: how, objects: map[store.Digest]*verified{}}
	if how.Progress == nil {
		v.how.Progress = func(string, int64, int64) {}
	}
	release, err := opt.Store.Share(ctx) // what is collected meanwhile would look like damage
	if err != nil {
		return v.Verification, err
	}
	defer release()
	if g == nil {
		err = v.wholeStore(ctx)
	} else {
		err = v.graph(ctx, g, &opt)
	}
	if err == nil && !how.HashOnly {
		err = v.contents(ctx)
	}
	v.judge()
	return v.Verification, err
}

type verifier struct {
	Verification
	store   *store.Store
	how     VerifyOptions
	objects map[store.Digest]*verified
	actions []foundAction
}

// foundAction is a sound record, and the node that it was found for.
type foundAction struct {
	*store.Action
	node string
}

// verified is what is known of one object.
type verified struct {
	err     error  // of hashing or reading it
	logical string // "" = not read
	rows    int64
	second  error // of the second reader
}

func (v *verifier) graph(ctx context.Context, g *Graph, opt *Options) error {
	if err := opt.check(g); err != nil {
		return err
	}
	made := map[*Node]*store.Action{}
	for _, n := range g.nodes {
		s, err := resolve(n, opt, made)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		for _, d := range s.defects {
			v.Findings = append(v.Findings, Finding{Node: n.Name, What: d, key: s.key, numerics: opt.numerics(n)})
		}
		if made[n] = s.result(); s.action == nil {
			continue
		}
		v.actions = append(v.actions, foundAction{s.action, n.Name})
		for _, o := range s.action.Outputs {
			v.objects[o.Object] = &verified{}
		}
	}
	return v.hash(ctx)
}

func (v *verifier) wholeStore(ctx context.Context) error {
	objects, strays, err := v.store.Objects()
	if err != nil {
		return err
	}
	for _, path := range strays {
		v.Findings = append(v.Findings, Finding{Path: path, What: "not an object: its name is not a digest", file: path})
	}
	for _, d := range objects {
		v.objects[d] = &verified{}
	}
	if err := v.hash(ctx); err != nil {
		return err
	}
	return v.store.Walk(nil, func(a *store.Action, path string, err error) error {
		var defect *store.Defect
		switch {
		case err == nil:
			v.actions = append(v.actions, foundAction{a, ""})
		case errors.As(err, &defect) && defect.Path != path && v.objects[store.Digest(filepath.Base(defect.Path))] != nil:
			// Its object is damaged, which is found by itself; without it, the record is worth
			// nothing.
			v.Findings = append(v.Findings, Finding{Path: path, What: "action record of a damaged object: " + defect.Reason, file: path})
		default:
			v.Findings = append(v.Findings, Finding{Path: path, What: fmt.Sprintf("action record: %v", err), file: path})
		}
		return ctx.Err()
	})
}

// hash hashes all objects, several at once.
func (v *verifier) hash(ctx context.Context) error {
	begun := time.Now()
	defer func() { v.Hashing = time.Since(begun) }()
	total, err := v.each(ctx, "hashing", func(d store.Digest, object *verified) { object.err = v.store.Check(d) })
	v.Objects, v.Bytes = len(v.objects), total
	return err
}

// contents reads the sound objects of the records with both readers.
func (v *verifier) contents(ctx context.Context) error {
	begun := time.Now()
	defer func() { v.Contents = time.Since(begun) }()
	wanted := map[store.Digest]bool{}
	for _, a := range v.actions {
		for _, o := range a.Outputs {
			wanted[o.Object] = true
		}
	}
	_, err := v.each(ctx, "reading", func(d store.Digest, object *verified) {
		if wanted[d] && object.err == nil {
			v.read(d, object)
		}
	})
	return err
}

func (v *verifier) read(d store.Digest, object *verified) {
	data, err := v.store.Get(d) // which hashes again: nothing unhashed may come to a Parquet reader
	if err != nil {
		object.err = err
		return
	}
	rec, err := artifact.Read(data)
	if err != nil {
		object.err = err
		return
	}
	defer rec.Release()
	object.logical, object.rows = artifact.LogicalDigest(rec), rec.NumRows()
	object.second = artifact.CheckWithArrow(data, rec)
}

// each calls do for every object, on all cores, the largest first, and returns the sum of their
// sizes.
func (v *verifier) each(ctx context.Context, what string, do func(store.Digest, *verified)) (int64, error) {
	sizes := map[store.Digest]int64{}
	total := int64(0)
	for d := range v.objects {
		if info, err := os.Stat(v.store.ObjectPath(d)); err == nil {
			sizes[d] = info.Size()
			total += info.Size()
		}
	}
	order := slices.SortedFunc(maps.Keys(v.objects), func(a, b store.Digest) int { return int(sizes[b] - sizes[a]) })
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	var done atomic.Int64
	var telling sync.Mutex
	for _, d := range order {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			do(d, v.objects[d])
			n := done.Add(sizes[d])
			telling.Lock()
			defer telling.Unlock()
			v.how.Progress(what, n, total)
			return nil
		})
	}
	_ = group.Wait() // do returns nothing
	return total, ctx.Err()
}

// judge turns what was found into findings.
func (v *verifier) judge() {
	named := map[store.Digest]bool{}
	for _, a := range v.actions {
		v.Actions++
		if p := parseParts(a.Parts); p == nil || p.keyIs(a.Key) != nil {
			v.Findings = append(v.Findings, Finding{Node: a.node, What: fmt.Sprintf("action record %s: its parts do not make its key", short(a.Key)), key: a.Key, numerics: a.Numerics})
		}
		for _, o := range a.Outputs {
			named[o.Object] = true
			if what := v.objects[o.Object].fault(o); what != "" {
				f := Finding{Node: a.node, What: what, key: a.Key, numerics: a.Numerics, Path: v.store.ObjectPath(o.Object)}
				if errors.Is(v.objects[o.Object].err, store.ErrCorrupt) {
					f.object = o.Object
				}
				v.Findings = append(v.Findings, f)
			}
		}
	}
	for _, d := range slices.Sorted(maps.Keys(v.objects)) {
		object := v.objects[d]
		if object.logical != "" && object.err == nil && object.second == nil {
			v.Compared++
		}
		if errors.Is(object.second, artifact.ErrOtherEncoding) {
			v.Foreign++
		}
		if !named[d] && object.err != nil {
			v.Findings = append(v.Findings, Finding{Path: v.store.ObjectPath(d), What: fmt.Sprintf("object %s is corrupt", short(string(d))), object: d})
		}
	}
}

// fault says what is wrong with the object of an output, or "".
func (object *verified) fault(o store.Output) string {
	name := fmt.Sprintf("object %s (%s)", short(string(o.Object)), o.Name)
	switch {
	case object == nil:
		return name + " is missing"
	case object.err != nil:
		return objectDefect(o.Name, o.Object, object.err)
	case object.logical == "":
		return ""
	case object.logical != o.Logical:
		return fmt.Sprintf("%s has logical digest %s, its action record says %s", name, short(object.logical), short(o.Logical))
	case object.rows != o.Rows:
		return fmt.Sprintf("%s has %d rows, its action record says %d", name, object.rows, o.Rows)
	case object.second != nil && !errors.Is(object.second, artifact.ErrOtherEncoding):
		return fmt.Sprintf("%s: %v", name, object.second)
	}
	return ""
}

// Repair removes the objects and action records that Verify found at fault, so that the next run
// makes them anew. It returns how many it removed. An object that a run has mended since stays.
func Repair(ctx context.Context, s *store.Store, findings []Finding) (int, error) {
	if len(findings) == 0 {
		return 0, nil
	}
	release, err := s.Alone(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	remove := map[string]func() error{} // each once, though several findings may name it
	for _, f := range findings {
		if f.object != "" && s.Check(f.object) != nil {
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
