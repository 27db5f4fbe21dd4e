package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sicgrid/pkg/store"
)

// A pin keeps a result that is expensive to make usable when the code has moved on: it stands in
// for a node's result if every part of the key but the code digest is as it was. It lies outside of
// the store, among the sources, as the action record and one file an output:
//
//	<Options.Pins>/<Options.DAG>/<node>/<record>.json
//	<Options.Pins>/<Options.DAG>/<node>/<output>.parquet
//
// Like everything from outside it is read only once its digests have been checked.

// MostPinned is the size of the largest output that can be pinned, in bytes.
const MostPinned = 15 << 20

// fromPin begins what the record of a result says of its origin (store.Action.From) where a pin was
// taken into the store.
const fromPin = "pin "

// FromPin says whether a result in the store came from a pin.
func FromPin(a *store.Action) bool { return strings.HasPrefix(a.From(), fromPin) }

// pin is the pin of a node.
type pin struct {
	action *store.Action
	then   *parts // of the pinned result; nil where its record cannot be read
	dir    string
	off    string // why it does not apply; "" = it does
}

func (o *Options) pinDir(n *Node) string {
	return filepath.Join(o.Pins, filepath.FromSlash(o.DAG), filepath.FromSlash(n.Name))
}

func pinFile(dir, output string) string {
	return filepath.Join(dir, strings.ReplaceAll(output, "/", "-")+".parquet")
}

// findPin returns the pin of the step's node, or nil if there is none.
func findPin(s *step, opt *Options) *pin {
	if opt.Pins == "" || s.key == "" {
		return nil
	}
	dir := opt.pinDir(s.node)
	records := pinRecords(dir)
	if len(records) == 0 {
		return nil
	}
	p := &pin{dir: dir}
	if opt.Unpinned {
		p.off = "--unpinned"
		return p
	}
	data, err := store.ReadRegular(records[0], store.MostRecord)
	if err == nil {
		p.action, err = store.DecodeAction(data, filepath.Base(records[0]))
	}
	if err != nil {
		p.off = "damaged: " + err.Error()
		return p
	}
	p.off = p.whyOff(s, opt)
	return p
}

// pinRecords are the action records in a pin's folder; there should be one.
func pinRecords(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var list []string
	for _, e := range entries {
		if store.IsActionName(e.Name()) && e.Type().IsRegular() {
			list = append(list, filepath.Join(dir, e.Name()))
		}
	}
	return list
}

// whyOff compares the pinned result's parts with the present ones, and its files with their digests,
// unless they have been taken into the store before, where objects are hashed when they change.
func (p *pin) whyOff(s *step, opt *Options) string {
	p.then = parseParts(p.action.Parts)
	if p.then == nil || p.then.keyIs(p.action.Key) != nil {
		return "damaged: its parts do not make its key"
	}
	moved := slices.DeleteFunc(changes(p.then, s.parts, nil), func(c change) bool { return c.part == "code" || c.part == "module" })
	if len(moved) > 0 {
		return words(moved)
	}
	if opt.Exact && p.action.Numerics != opt.numerics(s.node) {
		return "made by other numerics " + p.action.Numerics
	}
	if !slices.EqualFunc(p.action.Outputs, s.node.Outputs, func(o store.Output, name string) bool { return o.Name == name }) {
		return "the stage has other outputs now"
	}
	if p.taken(opt.Store, opt.checkObject) {
		return ""
	}
	for _, o := range p.action.Outputs {
		if err := checkPinFile(pinFile(p.dir, o.Name), o); err != nil {
			return "damaged: " + err.Error()
		}
	}
	return ""
}

func checkPinFile(path string, o store.Output) error {
	f, err := store.OpenRegular(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, o.Bytes+1))
	if err == nil && (n != o.Bytes || hex.EncodeToString(h.Sum(nil)) != string(o.Object)) {
		err = fmt.Errorf("%s does not have the bytes that its record says", path)
	}
	return err
}

// taken says whether the store has the pinned result, with the bytes that the pin has, sound by check.
func (p *pin) taken(s *store.Store, check func(store.Digest) error) bool {
	a, _ := s.Lookup(p.action.Key, p.action.Numerics, true)
	return a != nil && slices.EqualFunc(a.Outputs, p.action.Outputs, func(a, b store.Output) bool {
		return a.Name == b.Name && a.Object == b.Object && check(a.Object) == nil
	})
}

// take puts the pinned result into the store, where the nodes after it read it. Its record there says
// that it is of a pin.
func (p *pin) take(s *store.Store, checks *objectChecks) error {
	if p.taken(s, checks.wait) {
		return nil
	}
	for _, o := range p.action.Outputs {
		err := s.PutAs(o.Object, func(w io.Writer) error {
			f, err := store.OpenRegular(pinFile(p.dir, o.Name))
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(w, io.LimitReader(f, o.Bytes+1))
			return err
		})
		if err != nil {
			return fmt.Errorf("pin %s: %w", p.dir, err)
		}
		checks.forget(o.Object)
	}
	return s.PutAction(p.action.FetchedFrom(fromPin + filepath.ToSlash(p.dir)))
}

// Pin keeps the present result of a node, which must be up to date. It returns the folder that it
// wrote.
func Pin(ctx context.Context, g *Graph, n *Node, opt Options) (string, error) {
	if err := opt.check(g); err != nil {
		return "", err
	}
	steps, _, end, err := inUse(ctx, g, &opt)
	if err != nil {
		return "", err
	}
	defer end()
	s := steps[slices.Index(g.nodes, n)]
	if s.checkObjects(newObjectChecks(&opt)); s.action == nil {
		return "", fmt.Errorf("%s is not up to date (%s); run it first", n.Name, s.reason(&opt))
	}
	for _, o := range s.action.Outputs {
		if o.Bytes > MostPinned {
			return "", fmt.Errorf("%s: output %s has %.1f MiB, and a pin takes at most %d MiB an output", n.Name, o.Name, float64(o.Bytes)/(1<<20), MostPinned>>20)
		}
	}
	record, err := store.EncodeAction(s.action)
	if err != nil {
		return "", err
	}
	dir := opt.pinDir(n)
	if err := removePin(dir, n); err != nil { // the record first: half a pin is none
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("pin %s: %w", n.Name, err)
	}
	for _, o := range s.action.Outputs {
		data, err := opt.Store.Get(o.Object)
		if err == nil {
			err = store.WriteFileAtomic(pinFile(dir, o.Name), data, 0o644)
		}
		if err != nil {
			return "", fmt.Errorf("pin %s: %w", n.Name, err)
		}
	}
	return dir, store.WriteFileAtomic(filepath.Join(dir, store.ActionName(s.action.Key, s.action.Numerics)), record, 0o644)
}

// Unpin removes the pin of a node and returns its folder; "" if there was none.
func Unpin(n *Node, opt Options) (string, error) {
	dir := opt.pinDir(n)
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err := removePin(dir, n); err != nil {
		return "", err
	}
	// The folders above go too, as far as they are empty.
	for up := dir; up != opt.Pins && len(up) > len(opt.Pins); up = filepath.Dir(up) {
		if os.Remove(up) != nil {
			break
		}
	}
	return dir, nil
}

// removePin removes the pin of a node in dir: its record first, then the files of the outputs that
// the record or the node has. What else lies in the folder is not the pin's.
func removePin(dir string, n *Node) error {
	outputs := slices.Clone(n.Outputs)
	records := pinRecords(dir)
	for _, path := range records {
		data, err := store.ReadRegular(path, store.MostRecord)
		if err != nil {
			continue // its outputs are those of the node, or stay
		}
		if a, err := store.DecodeAction(data, filepath.Base(path)); err == nil {
			for _, o := range a.Outputs {
				outputs = append(outputs, o.Name)
			}
		}
	}
	files := records
	for _, o := range outputs {
		files = append(files, pinFile(dir, o))
	}
	for _, path := range files {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("unpin: %w", err)
		}
	}
	return nil
}
