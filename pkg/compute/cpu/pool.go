package cpu

import (
	"runtime"
	"sync/atomic"
)

// pool runs the tasks of one phase on a bounded number of threads. Which thread
// takes which task is left to chance; results must not depend on it.
type pool struct {
	threads int
	helpers []*helper
	phase   func(worker, task int)
	tasks   int
	queues  int              // that the tasks stand in
	next    [maxThreads]turn // the next task of each queue
	busy    atomic.Int64     // helpers still in the phase
}

// A turn is a number that threads change, alone on its cache line.
type turn struct {
	atomic.Int64
	_ [56]byte
}

type helper struct {
	worker int
	signal atomic.Uint32 // idle, asked, parked or closed
	wake   chan struct{}
}

const (
	idle uint32 = iota
	asked
	parked
	closed
)

// maxThreads bounds the workers, each of which has its own scratch memory.
const maxThreads = 64

// spins is how often a helper looks for the next phase before it sleeps: phases
// follow one another within microseconds, waking takes longer.
const spins = 40000

func newPool() *pool { return &pool{threads: 1} }

// resize sets the number of threads for later phases.
func (p *pool) resize(n int) {
	p.threads = min(max(n, 1), maxThreads)
	for len(p.helpers) < p.threads-1 {
		h := &helper{worker: len(p.helpers) + 1, wake: make(chan struct{}, 1)}
		p.helpers = append(p.helpers, h)
		go p.help(h)
	}
}

func (p *pool) close() {
	for _, h := range p.helpers {
		if h.signal.Swap(closed) == parked {
			h.wake <- struct{}{}
		}
	}
	p.helpers, p.threads = nil, 1
}

// run calls phase(worker, task) for every task in [0, tasks) and returns when
// all are done. Each worker has tasks of its own, those beside one another.
func (p *pool) run(tasks int, phase func(worker, task int)) { p.start(tasks, p.threads, phase) }

// inOrder is run with tasks that are begun in their order, so that one may wait for another before
// it.
func (p *pool) inOrder(tasks int, phase func(worker, task int)) { p.start(tasks, 1, phase) }

func (p *pool) start(tasks, queues int, phase func(worker, task int)) {
	n := min(p.threads, tasks)
	if n <= 1 {
		for task := range tasks {
			phase(0, task)
		}
		return
	}
	p.phase, p.tasks, p.queues = phase, tasks, min(queues, n)
	for i := range p.queues {
		p.next[i].Store(int64(i * tasks / p.queues))
	}
	p.busy.Store(int64(n - 1))
	for _, h := range p.helpers[:n-1] {
		if h.signal.Swap(asked) == parked {
			h.wake <- struct{}{}
		}
	}
	p.work(0)
	for i := 0; p.busy.Load() > 0; i++ {
		linger(i)
	}
}

// linger is called while a thread waits for another, for the i-th time: now and then it lets others
// run, for there may be fewer processors than threads.
func linger(i int) {
	if i%64 == 63 {
		runtime.Gosched()
	}
}

// work runs the worker's own tasks, which are the same in every phase with as many tasks, so that
// it finds in its own cache what it left there; then those that others have not come to.
func (p *pool) work(worker int) {
	// The three lie beside the first turn: each task taken would fetch them anew.
	phase, tasks, queues := p.phase, p.tasks, p.queues
	for i := range queues {
		owner := (worker + i) % queues
		end := int64((owner + 1) * tasks / queues)
		for task := p.next[owner].Add(1) - 1; task < end; task = p.next[owner].Add(1) - 1 {
			phase(worker, int(task))
		}
	}
}

func (p *pool) help(h *helper) {
	for {
		for i := 0; h.signal.Load() == idle; i++ {
			linger(i)
			if i > spins && h.signal.CompareAndSwap(idle, parked) {
				<-h.wake
				break
			}
		}
		if h.signal.Load() == closed {
			return
		}
		h.signal.CompareAndSwap(asked, idle)
		p.work(h.worker)
		p.busy.Add(-1)
	}
}
