package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
)

// Run brings every node of the graph up to date: it looks each up, checks the objects of a hit by
// digest, and runs what is missing or defective, up to opt.Jobs stages at once. Nodes that are
// ready start in the graph's order.
//
// When a stage fails, those that are running end normally and nothing new starts, or only what does
// not need it (opt.KeepGoing). When ctx is cancelled, running stages are asked to stop; the error
// is then ctx.Err(), and nothing half-written is visible. The report has every node of the graph in
// any case, except where Run could not begin.
func Run(ctx context.Context, g *Graph, opt Options) (Report, error) {
	begun := time.Now()
	if err := opt.check(g); err != nil {
		return Report{}, err
	}
	use, err := opt.Store.BeginUse()
	if err != nil {
		return Report{}, err
	}
	defer use.End()
	defer opt.Store.SaveIndex()
	r := &run{
		g: g, opt: opt, use: use,
		made: map[*Node]*store.Action{}, messages: make(chan message), remade: map[*Node]int{},
		about: func() map[string]any { return nil },
	}
	if opt.Provenance != nil {
		r.about = sync.OnceValue(opt.Provenance)
	}
	r.objects = newObjectChecks(&r.opt)
	r.foreseen = lookAhead(g, opt.atOnce(), r.objects)
	report, err := r.loop(ctx)
	report.Time = time.Since(begun)
	return report, err
}

// MadeMeanwhile is the reason of a node that another run on the same store has made while this one
// would have.
const MadeMeanwhile = "made meanwhile by another run"

// run is the state of one Run. Only loop's goroutine touches what has no lock.
type run struct {
	g        *Graph
	opt      Options
	objects  *objectChecks
	foreseen foreseen                // as the store was at the beginning
	use      *store.Use              // what garbage collection is told to spare
	made     map[*Node]*store.Action // nodes that are settled
	messages chan message
	remade   map[*Node]int         // how often a node was made again for a reader who found it damaged
	about    func() map[string]any // Options.Provenance, asked once
	running  atomic.Int64          // stages inside their Run function

	remoteDown atomic.Bool // the remote did not answer
	observing  sync.Mutex
}

// message tells loop that a node was looked up (done false), is finished, or cannot be run because
// an input, taken for sound, turned out to be damaged when it was read.
type message struct {
	index   int
	step    *step
	done    bool
	report  NodeReport
	action  *store.Action
	damaged *Node // whose output that is
}

type phase int

const (
	blocked phase = iota // an input is not settled
	probing              // being looked up
	ready                // a miss, waits for a free place
	active               // being run
	settled
)

// schedule is how far each node has come, by its place in the graph's order.
type schedule struct {
	phases    []phase
	waits     []int   // inputs that are not settled
	readers   [][]int // nodes that wait for it
	unblocked []int   // blocked nodes that wait for nothing any more
}

// settle lets those go on that have waited for the node.
func (s *schedule) settle(index int) {
	for _, i := range s.readers[index] {
		if s.waits[i]--; s.waits[i] == 0 {
			s.unblocked = append(s.unblocked, i)
		}
	}
}

// reopen lets a node that found an input damaged wait until the node that made it has been looked
// up again.
func (s *schedule) reopen(reader, index int) {
	s.phases[reader] = blocked
	if s.phases[index] != settled { // it is under way, for another reader
		return
	}
	s.phases[index] = blocked
	s.unblocked = append(s.unblocked, index)
	for _, i := range s.readers[index] {
		s.waits[i]++
	}
}

// begin lists the nodes that are to be looked up now.
func (s *schedule) begin() []int {
	list := slices.DeleteFunc(s.unblocked, func(i int) bool { return s.phases[i] != blocked })
	s.unblocked = nil
	for _, i := range list {
		s.phases[i] = probing
	}
	return list
}

func (r *run) loop(ctx context.Context) (Report, error) {
	nodes := r.g.nodes
	s := newSchedule(nodes)
	steps := make([]*step, len(nodes))
	report := Report{Nodes: make([]NodeReport, len(nodes))}
	inFlight, inReady, places, stopping := 0, 0, r.opt.jobs(), false
	cancelled := ctx.Done()
	for {
		if !stopping {
			for _, i := range s.begin() {
				inFlight++
				go r.probe(ctx, i, r.inputActions(nodes[i]))
			}
		}
		for i := 0; i < len(nodes) && inReady > 0 && places > 0 && !stopping; i++ {
			if s.phases[i] == ready {
				s.phases[i] = active
				inReady--
				places--
				inFlight++
				go r.execute(ctx, i, steps[i], r.inputActions(nodes[i]))
			}
		}
		if inFlight == 0 {
			break
		}
		select {
		case <-cancelled:
			stopping, cancelled = true, nil
		case m := <-r.messages:
			inFlight--
			if s.phases[m.index] == active {
				places++
			}
			if m.damaged != nil && !stopping && r.remakes(m.damaged) {
				s.reopen(m.index, slices.Index(nodes, m.damaged))
				continue
			}
			if !m.done {
				s.phases[m.index], steps[m.index] = ready, m.step
				inReady++
				continue
			}
			s.phases[m.index] = settled
			m.report.Reason = printable.Line(m.report.Reason) // a stage's error may be anything
			report.Nodes[m.index] = m.report
			if m.action != nil {
				r.made[m.report.Node] = m.action
				s.settle(m.index)
			} else if !r.opt.KeepGoing || m.report.State == Interrupted {
				stopping = true
			}
			r.observe(Event{Kind: Finished, Node: m.report.Node, Report: &m.report})
		}
	}
	return r.finish(ctx, report, s.phases)
}

// remakes forgets that the outputs of a node were found sound, and reports whether it is worth
// while to make them again: a disk that damages them each time is given up.
func (r *run) remakes(n *Node) bool {
	const mostTimes = 3
	r.remade[n]++
	for _, o := range r.made[n].Outputs {
		r.objects.forget(o.Object)
	}
	return r.remade[n] <= mostTimes
}

// finish names the nodes that were not reached and chooses the error.
func (r *run) finish(ctx context.Context, report Report, phases []phase) (Report, error) {
	var failed *NodeReport
	complete := true
	for i := range report.Nodes {
		if phases[i] == settled && report.Nodes[i].State == Failed && failed == nil {
			failed = &report.Nodes[i]
		}
	}
	bad := map[*Node]*Node{} // node -> what it waits for in vain
	for i, n := range r.g.nodes {
		nr := &report.Nodes[i]
		if phases[i] == settled {
			if nr.State == Failed || nr.State == Interrupted {
				bad[n] = n
				complete = false
			}
			continue
		}
		complete = false
		*nr = NodeReport{Node: n, State: NotReached, Reason: "interrupted"}
		for _, role := range slices.Sorted(maps.Keys(n.Inputs)) {
			if cause := bad[n.Inputs[role].Node]; cause != nil {
				bad[n] = cause
				nr.Reason = fmt.Sprintf("needs %s", cause.Name)
				break
			}
		}
		if bad[n] == nil && failed != nil {
			nr.Reason = fmt.Sprintf("stopped after %s failed", failed.Node.Name)
		}
		r.observe(Event{Kind: Finished, Node: n, Report: nr})
	}
	switch {
	case !complete && ctx.Err() != nil:
		return report, ctx.Err()
	case failed != nil:
		return report, failed.Err
	}
	return report, nil
}

// newSchedule blocks every node by its inputs.
func newSchedule(nodes []*Node) *schedule {
	index := map[*Node]int{}
	for i, n := range nodes {
		index[n] = i
	}
	s := &schedule{phases: make([]phase, len(nodes)), waits: make([]int, len(nodes)), readers: make([][]int, len(nodes))}
	for i, n := range nodes {
		for _, ref := range n.Inputs { // once for each role: a node may read several outputs of another
			s.waits[i]++
			s.readers[index[ref.Node]] = append(s.readers[index[ref.Node]], i)
		}
		if s.waits[i] == 0 {
			s.unblocked = append(s.unblocked, i)
		}
	}
	return s
}

// inputActions copies what a goroutine needs of made, which loop goes on writing.
func (r *run) inputActions(n *Node) map[*Node]*store.Action {
	m := map[*Node]*store.Action{}
	for _, ref := range n.Inputs {
		m[ref.Node] = r.made[ref.Node]
	}
	return m
}

func (r *run) observe(e Event) {
	if r.opt.Observer == nil {
		return
	}
	e.Note = printable.Line(e.Note)
	r.observing.Lock()
	defer r.observing.Unlock()
	r.opt.Observer(e)
}

// probe looks a node up and checks the objects of a hit.
func (r *run) probe(ctx context.Context, index int, inputs map[*Node]*store.Action) {
	begun := time.Now()
	n := r.g.nodes[index]
	var s *step
	err := r.using(ctx, func() (key string, err error) {
		if s = r.foreseen.of(n, inputs); s == nil || !s.still(r.objects) {
			s, err = resolve(n, &r.opt, inputs)
		}
		if err != nil {
			return "", err
		}
		return s.key, nil
	})
	if err != nil {
		r.messages <- message{index: index, done: true, report: NodeReport{Node: n, State: Failed, Err: fmt.Errorf("%s: %w", n.Name, err), Reason: err.Error()}}
		return
	}
	if r.opt.forced(n) {
		r.messages <- message{index: index, step: s}
		return
	}
	s.checkObjects(r.objects)
	if s.action == nil {
		for _, d := range s.defects {
			r.observe(Event{Kind: Defective, Node: n, Note: d})
		}
		if s.result() != nil {
			r.messages <- r.pinned(ctx, index, s, begun)
			return
		}
		r.messages <- message{index: index, step: s}
		return
	}
	r.messages <- r.cached(index, s, s.reason(&r.opt), begun)
}

// cached is the message of a hit. A names record that cannot be written costs only the words of a
// later Why.
func (r *run) cached(index int, s *step, reason string, begun time.Time) message {
	if s.lastKey != s.key {
		_ = r.opt.Store.SetName(nameRecord(&r.opt, s.node), s.key)
	}
	return message{index: index, done: true, action: s.action, report: NodeReport{
		Node: s.node, State: Cached, Reason: reason, Time: time.Since(begun), Key: s.key,
		Numerics: s.action.Numerics, Outputs: s.action.Outputs, Defects: s.defects,
	}}
}

// pinned is the message of a node for which a pinned result stands in.
func (r *run) pinned(ctx context.Context, index int, s *step, begun time.Time) message {
	a := s.pin.action
	err := r.using(ctx, func() (string, error) { return a.Key, s.pin.take(r.opt.Store, r.objects) })
	if err != nil {
		return message{index: index, done: true, report: NodeReport{Node: s.node, State: Failed, Err: fmt.Errorf("%s: %w", s.node.Name, err), Reason: err.Error()}}
	}
	return message{index: index, done: true, action: a, report: NodeReport{
		Node: s.node, State: Pinned, Reason: s.reason(&r.opt), Time: time.Since(begun), Key: a.Key,
		Numerics: a.Numerics, Outputs: a.Outputs, Defects: s.defects,
	}}
}

// execute runs a node that was a miss, under its key's lock.
func (r *run) execute(ctx context.Context, index int, s *step, inputs map[*Node]*store.Action) {
	begun := time.Now()
	m := message{index: index, done: true, report: NodeReport{Node: s.node, Key: s.key, Numerics: r.opt.numerics(s.node)}}
	// What loop hears of a stage that ends its goroutine.
	m.report.State, m.report.Reason = Failed, "the stage ended without returning"
	m.report.Err = fmt.Errorf("%s: %s", s.node.Name, m.report.Reason)
	defer func() { r.messages <- m }()
	made, err := r.make(ctx, index, s, inputs, begun)
	if err == nil {
		m = made
		return
	}
	name := s.node.Name
	var p *panicked
	var damaged *damagedInput
	switch {
	case errors.As(err, &damaged):
		m.damaged, m.step = damaged.of, s
		r.observe(Event{Kind: Defective, Node: s.node, Note: err.Error()})
		m.report.Reason = err.Error()
	case ctx.Err() != nil:
		m.report.State, err = Interrupted, ctx.Err()
		m.report.Reason = "interrupted"
	case errors.As(err, &p):
		name += " (key " + short(s.key) + ")"
		m.report.Reason, m.report.Stack = err.Error(), p.stack
	default:
		m.report.Reason = err.Error()
	}
	m.report.Err = fmt.Errorf("%s: %w", name, err)
	m.report.Time, m.report.Defects = time.Since(begun), s.defects
}

// make takes the lock of the step's key and takes its result from another run, from the remote or
// from the stage.
func (r *run) make(ctx context.Context, index int, s *step, inputs map[*Node]*store.Action, begun time.Time) (m message, err error) {
	unlock, err := r.lock(ctx, s)
	if err != nil {
		return m, err
	}
	defer func() { unlock() }()

	forced := r.opt.forced(s.node)
	reason := "forced"
	if !forced {
		reason = s.reason(&r.opt)
	}
	hit, err := r.lookAgain(ctx, s)
	if err != nil {
		return m, err
	}
	if hit && !forced {
		return r.cached(index, s, MadeMeanwhile, begun), nil
	}
	if !forced {
		if hit, err = r.fetch(ctx, s); err != nil {
			return m, err
		}
		if hit {
			m = r.cached(index, s, "from "+r.opt.Remote.String()+"; "+reason, begun)
			m.report.State = Fetched
			return m, nil
		}
	}
	r.observe(Event{Kind: Started, Node: s.node, Reason: reason})
	// Of a process that was suspended somebody may have taken the lock, and the place with it.
	overtaken := func() (*store.Action, error) {
		unlock()
		unlock = func() {}
		again, err := r.lock(ctx, s)
		if err != nil {
			return nil, err
		}
		unlock = again
		if hit, err := r.lookAgain(ctx, s); err != nil || !hit || forced {
			return nil, err
		}
		return s.action, nil
	}
	action, mine, err := r.compute(ctx, s, inputs, reason, overtaken)
	if err != nil {
		return m, err
	}
	if !mine {
		return r.cached(index, s, MadeMeanwhile, begun), nil
	}
	return message{index: index, done: true, action: action, report: NodeReport{
		Node: s.node, Key: s.key, Numerics: r.opt.numerics(s.node), State: Ran, Reason: reason, Time: time.Since(begun),
		Outputs: action.Outputs, Defects: s.defects,
	}}, nil
}

// lock takes the lock of the step's key and says so when that takes a while.
func (r *run) lock(ctx context.Context, s *step) (func(), error) {
	const patience = 300 * time.Millisecond
	timer := time.AfterFunc(patience, func() {
		r.observe(Event{Kind: Waiting, Node: s.node, Note: "another run is computing it"})
	})
	defer timer.Stop()
	return r.opt.Store.Lock(ctx, s.key)
}

// lookAgain looks the step up once more, now that its lock is held: another process may have made
// it.
func (r *run) lookAgain(ctx context.Context, s *step) (hit bool, err error) {
	err = r.using(ctx, func() (string, error) {
		s.lookup(&r.opt)
		return s.key, nil
	})
	if err != nil || s.action == nil {
		return false, err
	}
	for _, o := range s.action.Outputs {
		r.objects.forget(o.Object)
	}
	s.checkObjects(r.objects)
	return s.action != nil, nil
}

// using puts the key that do finds or publishes on the list of what this run uses, with no garbage
// collection in between.
func (r *run) using(ctx context.Context, do func() (key string, err error)) error {
	release, err := r.opt.Store.Share(ctx)
	if err != nil {
		return err
	}
	defer release()
	key, err := do()
	if err != nil || key == "" {
		return err
	}
	return r.use.Add(key)
}
