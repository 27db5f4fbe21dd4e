package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
)

// step is what is known of one node before it is run.
type step struct {
	node    *Node
	parts   *parts          // with the inputs that are known
	unknown map[string]bool // roles whose input will be made anew
	key     string          // "" while inputs are unknown
	action  *store.Action   // a sound record whose objects have not been checked yet; nil = miss
	defects []string        // found on the way to it
	ofPin   bool            // there is a record, of a pin, and Options.Unpinned
	pin     *pin            // of the node, looked at where there is no action; nil = none

	elsewhere *parts // the node's own, while parts and key are those of a hit by other code

	lastKey string        // of this node's last run; "" = never
	last    func() *parts // of that run; nil = never, or its record is gone
}

// resolve looks a node up. outputs maps each input's node to the action that made its outputs; a
// node without one is unknown.
func resolve(n *Node, opt *Options, made map[*Node]*store.Action) (*step, error) {
	s := &step{node: n, unknown: map[string]bool{}}
	inputs, objects := map[string]string{}, map[string]string{}
	for _, role := range slices.Sorted(maps.Keys(n.Inputs)) {
		ref := n.Inputs[role]
		out := output(made[ref.Node], ref.Output)
		if out == nil {
			s.unknown[role] = true
			continue
		}
		inputs[role], objects[role] = out.Logical, string(out.Object)
	}
	var err error
	if s.parts, err = newParts(n, opt, n.code(), inputs, objects); err != nil {
		return nil, err
	}
	if len(s.unknown) > 0 {
		s.remember(opt)
		return s, nil
	}
	if s.key, err = s.parts.recipe.key(); err != nil {
		return nil, err
	}
	s.lookup(opt)
	s.remember(opt)
	if s.action == nil && !opt.Exact && !opt.forced(n) {
		if err := s.lookElsewhere(opt, inputs, objects); err != nil {
			return nil, err
		}
	}
	if s.action == nil {
		s.pin = findPin(s, opt)
	}
	return s, nil
}

// lookElsewhere looks for a result that the same recipe has on another device.
func (s *step) lookElsewhere(opt *Options, inputs, objects map[string]string) error {
	own, ownKey := s.parts, s.key
	for _, name := range s.node.OtherCode {
		var err error
		if s.parts, err = newParts(s.node, opt, name, inputs, objects); err != nil {
			return err
		}
		if s.key, err = s.parts.recipe.key(); err != nil {
			return err
		}
		if s.lookup(opt); s.action != nil {
			s.elsewhere = own
			return nil
		}
	}
	s.parts, s.key = own, ownKey
	return nil
}

// comeBack makes the step a miss under its own key.
func (s *step) comeBack() {
	s.action = nil
	if s.elsewhere == nil {
		return
	}
	s.parts, s.elsewhere = s.elsewhere, nil
	s.key, _ = s.parts.recipe.key() // it had one before
}

// result is the record whose outputs the nodes after this one read: of the node's own result, or of
// the pinned one. nil = it has to be computed.
func (s *step) result() *store.Action {
	if s.action == nil && s.pin != nil && s.pin.off == "" {
		return s.pin.action
	}
	return s.action
}

// lookup finds the action record of the step's key; any defect is a miss.
func (s *step) lookup(opt *Options) {
	s.action = nil
	action, err := opt.find(s.key, opt.numerics(s.node), opt.Exact)
	var defect *store.Defect
	if errors.As(err, &defect) {
		s.defect(defectText(opt.Store, defect))
	} else if err != nil && !errors.Is(err, store.ErrMissing) {
		s.defect("action record: " + err.Error())
	}
	if action == nil {
		return
	}
	if opt.Unpinned && FromPin(action) {
		s.ofPin = true
		return
	}
	names := make([]string, len(action.Outputs))
	for i, o := range action.Outputs {
		names[i] = o.Name
	}
	if !slices.Equal(names, s.node.Outputs) {
		s.defect(fmt.Sprintf("action record lists outputs %s, the node declares %s",
			strings.Join(names, ", "), strings.Join(s.node.Outputs, ", ")))
		return
	}
	s.action = action
}

// still says whether what was found when the step was resolved is there now.
func (s *step) still(c *objectChecks) bool {
	if s.action == nil {
		return s.result() != nil && s.pin.taken(c.opt.Store, c.wait)
	}
	now, _ := c.opt.Store.Lookup(s.action.Key, s.action.Numerics, true)
	return now == s.action
}

func (s *step) defect(text string) {
	text = printable.Line(text) // of a file's own words
	if !slices.Contains(s.defects, text) {
		s.defects = append(s.defects, text)
	}
}

// remember finds the node's last run. Its parts are read when somebody asks for them: of a hit, which
// is what most nodes of most runs are, nobody does.
func (s *step) remember(opt *Options) {
	s.last = func() *parts { return nil }
	key, err := opt.Store.Name(nameRecord(opt, s.node))
	if err != nil {
		return
	}
	s.lastKey = key
	action := s.action // spares reading the record again
	if action == nil || key != s.key {
		action, _ = opt.find(key, opt.numerics(s.node), false)
	}
	if action != nil {
		s.last = sync.OnceValue(func() *parts { return parseParts(action.Parts) })
	}
}

func nameRecord(opt *Options, n *Node) string { return opt.DAG + "/" + n.Name }

// output returns the action's output of this name, or nil.
func output(a *store.Action, name string) *store.Output {
	if a == nil {
		return nil
	}
	for i := range a.Outputs {
		if a.Outputs[i].Name == name {
			return &a.Outputs[i]
		}
	}
	return nil
}

// reason says in words why the node is run (or, of a hit, why it need not be).
func (s *step) reason(opt *Options) string {
	text := s.ownReason(opt)
	switch {
	case s.action == nil && s.pin != nil && s.pin.off != "":
		text += "; pin off: " + s.pin.off
	case s.action == nil && s.pin != nil:
		text = strings.TrimSuffix("pinned result; "+words(changes(s.pin.then, s.parts, nil)), "; ")
	}
	return printable.Line(text) // parameters and records say what they like
}

// ownReason leaves pins out.
func (s *step) ownReason(opt *Options) string {
	if s.action != nil {
		var text string
		switch {
		case s.key == s.lastKey:
			text = "unchanged"
		case s.last() != nil:
			text = "made before; " + words(changes(s.last(), s.parts, nil))
		default:
			text = "made before"
		}
		if from := s.action.From(); from != "" {
			text += "; fetched from " + from
		}
		if s.action.Numerics != opt.numerics(s.node) {
			text = "cached from other numerics " + s.action.Numerics
		}
		return text
	}
	switch {
	case len(s.defects) > 0:
		return strings.Join(s.defects, "; ")
	case s.ofPin:
		return "its result is of a pin"
	case s.lastKey == "":
		return "first time"
	case s.key == s.lastKey && opt.Exact:
		return "no result of numerics " + opt.numerics(s.node)
	case s.key == s.lastKey:
		return "its action record is gone"
	case s.last() == nil:
		return "changed (the record of the last run is gone)"
	}
	cs := changes(s.last(), s.parts, s.unknown)
	if s.lastElsewhere(opt) { // the code is another device's and need not have changed
		cs = slices.DeleteFunc(cs, func(c change) bool { return c.part == "code" || c.part == "module" })
		if len(cs) == 0 {
			return "first time on this device"
		}
	}
	if len(cs) > 0 {
		return words(cs)
	}
	return "changed"
}

// lastElsewhere reports whether the node's last run was by the code of another device.
func (s *step) lastElsewhere(opt *Options) bool {
	return slices.ContainsFunc(s.node.OtherCode, func(name string) bool { return opt.Code[name].Digest == s.last().Code })
}

// encodeParts returns the parts as they go into the action record.
func (s *step) encodeParts() (json.RawMessage, error) { return canonicalJSON(s.parts) }

// objectChecks checks each object at most once in a run, several at a time: it hashes what has
// changed since it was last hashed, or everything (Options.Paranoid).
type objectChecks struct {
	opt   *Options
	slots chan struct{}
	mu    sync.Mutex
	calls map[store.Digest]*objectCheck
}

type objectCheck struct {
	done chan struct{}
	err  error
}

func newObjectChecks(opt *Options) *objectChecks {
	return &objectChecks{opt: opt, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), calls: map[store.Digest]*objectCheck{}}
}

// start begins to hash the object unless that has been done or is under way.
func (c *objectChecks) start(d store.Digest) *objectCheck {
	c.mu.Lock()
	defer c.mu.Unlock()
	if call := c.calls[d]; call != nil {
		return call
	}
	call := &objectCheck{done: make(chan struct{})}
	c.calls[d] = call
	go func() {
		c.slots <- struct{}{}
		call.err = c.opt.checkObject(d)
		<-c.slots
		close(call.done)
	}()
	return call
}

// wait returns what is wrong with the object, or nil.
func (c *objectChecks) wait(d store.Digest) error {
	call := c.start(d)
	<-call.done
	return call.err
}

// forget makes the next check hash the object again.
func (c *objectChecks) forget(d store.Digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, d)
}

// checkObjects hashes all objects of the step's hit; a defect makes it a miss.
func (s *step) checkObjects(c *objectChecks) {
	if s.action == nil {
		return
	}
	for _, o := range s.action.Outputs {
		c.start(o.Object)
	}
	sound := true
	for _, o := range s.action.Outputs {
		err := c.wait(o.Object)
		if err == nil {
			continue
		}
		sound = false
		s.defect(objectDefect(o.Name, o.Object, err))
	}
	if !sound {
		s.comeBack()
	} else {
		s.checkFetched(c)
	}
	if s.action == nil {
		s.pin = findPin(s, c.opt)
	}
}

// defectText names a defective file by its path in the store.
func defectText(s *store.Store, d *store.Defect) string {
	path := d.Path
	if rel, err := filepath.Rel(s.Dir(), path); err == nil {
		path = filepath.ToSlash(rel)
	}
	return path + ": " + d.Reason
}

func objectDefect(output string, d store.Digest, err error) string {
	switch {
	case errors.Is(err, store.ErrCorrupt):
		return fmt.Sprintf("object %s (%s) is corrupt", short(string(d)), output)
	case errors.Is(err, store.ErrMissing):
		return fmt.Sprintf("object %s (%s) is missing", short(string(d)), output)
	}
	return fmt.Sprintf("object %s (%s): %v", short(string(d)), output, err)
}

// foreseen is what lookAhead found: the steps of hits, and the records that it took for made.
type foreseen struct {
	steps map[*Node]*step
	made  map[*Node]*store.Action
}

// lookAhead resolves the graph as far as hits reach, several nodes at a time, and starts to hash
// their objects, so that a chain of cached nodes is hashed in parallel.
func lookAhead(g *Graph, opt *Options, c *objectChecks) foreseen {
	f := foreseen{map[*Node]*step{}, map[*Node]*store.Action{}}
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	settled := map[*Node]chan struct{}{}
	for _, n := range g.nodes {
		settled[n] = make(chan struct{})
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, n := range g.nodes {
		all.Go(func() {
			defer close(settled[n])
			made := map[*Node]*store.Action{}
			for _, ref := range n.Inputs {
				<-settled[ref.Node]
				mu.Lock()
				made[ref.Node] = f.made[ref.Node]
				mu.Unlock()
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			s, err := resolve(n, opt, made)
			if err != nil || s.result() == nil {
				return
			}
			mu.Lock()
			f.made[n], f.steps[n] = s.result(), s
			mu.Unlock()
			if s.action == nil {
				return
			}
			for _, o := range s.action.Outputs {
				c.start(o.Object)
			}
		})
	}
	all.Wait()
	return f
}

// of is the step of a node if what it reads has turned out to be made as was foreseen, else nil.
func (f foreseen) of(n *Node, made map[*Node]*store.Action) *step {
	for _, ref := range n.Inputs {
		if made[ref.Node] == nil || made[ref.Node] != f.made[ref.Node] {
			return nil
		}
	}
	return f.steps[n]
}
