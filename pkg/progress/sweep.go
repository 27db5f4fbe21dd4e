package progress

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"

	"sicgrid/pkg/pipeline"
)

// Runs is what a sweep is shown by: many chains of nodes, each of which is one to those who wait.
type Runs struct {
	Runs    []Run
	Stopped func(r *pipeline.NodeReport) (why string) // why a node that is done ended early; "" = it did not
}

// Run is one chain, by its title and its nodes in order; chains may share nodes.
type Run struct {
	Title string
	Nodes []*pipeline.Node
}

// Sweep shows a run of the pipeline as one of many chains: on a terminal the stages at work and
// below them one line for all,
//
//	[=====>      ]  34 of 192 runs  12 cached  20 done  2 running  0 failed  2 stopped early  1:02:00 left
//
// elsewhere that line at most every ten seconds; and a line for every chain that is finished,
// unless nothing of it had to run.
type Sweep struct {
	*Display
	*reckoner
	runs        Runs
	width       int                      // of the longest title, within reason
	chains      map[*pipeline.Node][]int // that a node is of
	state       []chain
	printed     time.Time
	ended       bool // the last plain line has been written
	interrupted bool // a node was: what is then not reached has not failed
	total       *mpb.Bar
	shown       atomic.Value // string: the line for all
}

// chain is how far one of the runs is.
type chain struct {
	left     int // nodes that are not finished
	ran      time.Duration
	computed bool
	failed   bool
	cut      bool // not to its end: what a node waits for has failed, or the whole was interrupted
	stopped  string
	running  int // nodes at work
}

// NewSweep is NewTotal for a sweep.
func NewSweep(d *Display, nodes []*pipeline.Node, know Reckoning, runs Runs) *Sweep {
	s := &Sweep{Display: d, reckoner: newReckoner(nodes, know), runs: runs, chains: map[*pipeline.Node][]int{}, state: make([]chain, len(runs.Runs)), printed: time.Now()}
	for i, r := range runs.Runs {
		s.state[i].left = len(r.Nodes)
		s.width = min(max(s.width, len([]rune(r.Title))), 64)
		for _, n := range r.Nodes {
			s.chains[n] = append(s.chains[n], i)
		}
	}
	return s
}

// Close removes the live lines.
func (s *Sweep) Close() {
	s.mu.Lock()
	if s.total != nil {
		s.total.Abort(true)
		s.total.Wait()
	}
	s.mu.Unlock()
	s.Display.Close()
}

// Observe shows one event.
func (s *Sweep) Observe(e pipeline.Event) {
	chains := s.chains[e.Node]
	if len(chains) == 0 || s.opt.Verbose {
		s.Display.Observe(e)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.count(e, now)
	for _, i := range chains {
		s.state[i].see(e)
	}
	s.interrupted = s.interrupted || e.Kind == pipeline.Finished && e.Report.State == pipeline.Interrupted
	quietly := len(chains) > 0 && !s.opt.Verbose
	switch e.Kind {
	case pipeline.Started:
		if quietly && s.opt.Live {
			s.start(e)
		}
		s.showTotal()
	case pipeline.Progress:
		if quietly && s.opt.Live {
			s.progress(e)
		}
	case pipeline.Defective:
		if quietly {
			s.print(fmt.Sprintf("%-7s %s  %s\n", "defect", e.Node.Name, e.Note))
		}
	case pipeline.Finished:
		s.sayFinished(e, chains, quietly)
	}
	s.sayTotal(now)
}

func (s *Sweep) sayFinished(e pipeline.Event, chains []int, quietly bool) {
	if st := s.stages[e.Node]; quietly && st != nil {
		st.drop()
		delete(s.stages, e.Node)
	}
	if quietly && e.Report.State == pipeline.Failed {
		s.print(Line(e.Report))
	}
	why := ""
	if len(chains) > 0 && e.Report.Done() && s.runs.Stopped != nil {
		why = s.runs.Stopped(e.Report)
	}
	for _, i := range chains {
		c := &s.state[i]
		if why != "" {
			c.stopped = why
		}
		if c.left > 0 || !c.computed || c.failed || c.cut || s.opt.Quiet {
			continue
		}
		note := c.stopped
		if note != "" {
			note = "stopped early: " + note
		}
		s.print(strings.TrimRight(fmt.Sprintf("%-7s %-*s %9s  %s", "done", s.width, s.runs.Runs[i].Title, fmt.Sprintf("%.1f s", c.ran.Seconds()), note), " ") + "\n")
	}
}

// see counts an event of one of the chain's nodes.
func (c *chain) see(e pipeline.Event) {
	switch e.Kind {
	case pipeline.Started:
		c.running++
		c.computed = true
	case pipeline.Finished:
		c.left--
		c.running = max(0, c.running-1)
		switch e.Report.State {
		case pipeline.Ran:
			c.ran += e.Report.Time
		case pipeline.Fetched:
			c.computed = true
		case pipeline.Failed:
			c.failed = true
		case pipeline.Interrupted, pipeline.NotReached:
			c.cut = true
		}
	}
}

// counts of the chains by what has become of them.
type counts struct {
	finished, cached, done, running, failed, stopped, cut int
}

func (s *Sweep) counts() (n counts) {
	for i := range s.state {
		c := &s.state[i]
		switch {
		case c.failed, c.cut && !s.interrupted:
			n.failed++
		case c.cut:
			n.cut++
		case c.left == 0 && c.computed:
			n.done++
		case c.left == 0:
			n.cached++
		case c.running > 0:
			n.running++
		}
		if c.stopped != "" {
			n.stopped++
		}
	}
	n.finished = n.cached + n.done + n.failed
	return n
}

func (s *Sweep) text(n counts, now time.Time) string {
	text := fmt.Sprintf("%d of %d runs  %d cached  %d done  %d running  %d failed  %d stopped early", n.finished, len(s.state), n.cached, n.done, n.running, n.failed, n.stopped)
	if n.cut > 0 {
		return text + fmt.Sprintf("  %d interrupted", n.cut)
	}
	return text + s.note(now)
}

// showTotal puts the line for all below the others.
func (s *Sweep) showTotal() {
	if !s.opt.Live || s.opt.Quiet || s.total != nil || s.bars == nil {
		return
	}
	s.total = newTotalBar(s.bars, len(s.state), &s.shown)
}

// sayTotal brings the line for all up to date, or writes it where nothing is live: when it is time
// to, and once at the end.
func (s *Sweep) sayTotal(now time.Time) {
	n := s.counts()
	ended := n.finished+n.cut == len(s.state)
	switch {
	case s.total != nil && !ended && now.Sub(s.printed) < refresh:
	case s.total != nil:
		s.printed = now
		s.shown.Store(s.text(n, now))
		s.total.SetCurrent(int64(n.finished))
	case s.opt.Live || s.opt.Quiet || s.ended || !ended && now.Sub(s.printed) < s.opt.Interval:
	default:
		s.printed, s.ended = now, ended
		s.print(fmt.Sprintf("%-7s %s\n", "sweep", s.text(n, now)))
	}
}
