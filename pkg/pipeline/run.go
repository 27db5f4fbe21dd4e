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
	r := &run{
		g: g, opt: opt, use: use,
		made: map[*Node]*store.Action{}, messages: make(chan message),
		about: func() map[string]any { return nil },
	}
	if opt.Provenance != nil {
		r.about = sync.OnceValue(opt.Provenance)
	}
	r.objects = newObjectChecks(&r.opt)
	lookAhead(g, opt.atOnce(), r.objects)
	report, err := r.loop(ctx)
	report.Time = time.Since(begun)
	return report, err
}

// MadeMeanwhile is the reason of a node that another run on the same store has made while this one would
// have.
const MadeMeanwhile = "made meanwhile by another run"

// run is the state of one Run. Only loop's goroutine touches what has no lock.
type run struct {
	g        *Graph
	opt      Options
	objects  *objectChecks
	use      *store.Use              // what garbage collection is told to spare
	made     map[*Node]*store.Action // nodes that are settled
	messages chan message
	about    func() map[string]any // Options.Provenance, asked once
	running  atomic.Int64          // stages inside their Run function

	remoteDown atomic.Bool // the remote did not answer
	observing  sync.Mutex
}

// message tells loop that a node was looked up (done false) or is finished.
type message struct {
	index  int
	step   *step
	done   bool
	report NodeReport
	action *store.Action
}

type phase int

const (
	blocked phase = iota // an input is not settled
	probing              // being looked up
	ready                // a miss, waits for a free place
	active               // being run
	settled
)

func (r *run) loop(ctx context.Context) (Report, error) {
	nodes := r.g.nodes
	phases := make([]phase, len(nodes))
	steps := make([]*step, len(nodes))
	report := Report{Nodes: make([]NodeReport, len(nodes))}
	inFlight, places, stopping := 0, r.opt.jobs(), false
	cancelled := ctx.Done()

	waits, readers := waiting(nodes)
	unblocked, inReady := []int{}, 0
	for i, n := range waits {
		if n == 0 {
			unblocked = append(unblocked, i)
		}
	}
	for {
		for _, i := range unblocked {
			if !stopping {
				phases[i] = probing
				inFlight++
				go r.probe(ctx, i, r.inputActions(nodes[i]))
			}
		}
		unblocked = unblocked[:0]
		for i := 0; i < len(nodes) && inReady > 0 && places > 0 && !stopping; i++ {
			if phases[i] == ready {
				phases[i] = active
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
			if phases[m.index] == active {
				places++
			}
			if !m.done {
				phases[m.index], steps[m.index] = ready, m.step
				inReady++
				continue
			}
			phases[m.index] = settled
			report.Nodes[m.index] = m.report
			if m.action != nil {
				r.made[m.report.Node] = m.action
				for _, i := range readers[m.index] {
					if waits[i]--; waits[i] == 0 {
						unblocked = append(unblocked, i)
					}
				}
			} else if !r.opt.KeepGoing || m.report.State == Interrupted {
				stopping = true
			}
			r.observe(Event{Kind: Finished, Node: m.report.Node, Report: &m.report})
		}
	}
	return r.finish(ctx, report, phases)
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

// waiting counts, for each node, the inputs that it has to wait for, and lists the nodes that wait
// for it.
func waiting(nodes []*Node) (waits []int, readers [][]int) {
	index := map[*Node]int{}
	for i, n := range nodes {
		index[n] = i
	}
	waits, readers = make([]int, len(nodes)), make([][]int, len(nodes))
	for i, n := range nodes {
		for _, ref := range n.Inputs { // once for each role: a node may read several outputs of another
			waits[i]++
			readers[index[ref.Node]] = append(readers[index[ref.Node]], i)
		}
	}
	return waits, readers
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
		if s, err = resolve(n, &r.opt, inputs); err != nil {
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
	switch {
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
