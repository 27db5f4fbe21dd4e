package progress

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"sicgrid/pkg/pipeline"
)

// Runs is what a sweep is shown by: many chains of nodes, each of which is one to those who wait.
type Runs struct {
	Runs     []Run
	Todo     int                                       // how many are not up to date
	Estimate time.Duration                             // of the whole; 0 = not known
	Stopped  func(r *pipeline.NodeReport) (why string) // why a node that is done ended early; "" = it did not
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
	runs    Runs
	width   int // of the longest title, within reason
	of      map[*pipeline.Node][]int
	state   []chain
	begun   time.Time
	printed time.Time
	ended   bool // the last plain line has been written
	total   *mpb.Bar
	shown   atomic.Value // string: the line for all
}

// chain is how far one of the runs is.
type chain struct {
	left     int // nodes that are not finished
	ran      time.Duration
	computed bool
	failed   bool
	stopped  string
	running  int     // nodes at work
	from, at float64 // share of the longest node's work that was done at its first report, and now
	reported bool
}

// NewSweep is New for a sweep.
func NewSweep(d *Display, runs Runs) *Sweep {
	s := &Sweep{Display: d, runs: runs, of: map[*pipeline.Node][]int{}, state: make([]chain, len(runs.Runs)), begun: time.Now(), printed: time.Now()}
	for i, r := range runs.Runs {
		s.state[i].left = len(r.Nodes)
		s.width = min(max(s.width, len([]rune(r.Title))), 64)
		for _, n := range r.Nodes {
			s.of[n] = append(s.of[n], i)
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
	chains := s.of[e.Node]
	if len(chains) == 0 || s.opt.Verbose {
		s.Display.Observe(e)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range chains {
		s.state[i].see(e)
	}
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
		s.finished(e, chains, quietly)
	}
	s.sayTotal()
}

func (s *Sweep) finished(e pipeline.Event, chains []int, quietly bool) {
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
		if c.left > 0 || !c.computed || c.failed || s.opt.Quiet {
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
	case pipeline.Progress:
		// The stage of most work comes first and is the only one that says how far it is for long.
		if share := float64(e.Done) / float64(max(e.Total, 1)); !c.reported {
			c.reported, c.from, c.at = true, share, share
		} else if share > c.at {
			c.at = share
		}
	case pipeline.Finished:
		c.left--
		c.running = max(0, c.running-1)
		switch e.Report.State {
		case pipeline.Ran:
			c.ran += e.Report.Time
		case pipeline.Fetched:
			c.computed = true
		case pipeline.Failed, pipeline.Interrupted, pipeline.NotReached:
			c.failed = true
		}
	}
}

// counts of the chains by what has become of them.
type counts struct {
	finished, cached, done, running, failed, stopped, waiting int
	work, left                                                float64 // in runs: what was done, what is to be done
}

func (s *Sweep) counts() (n counts) {
	for i := range s.state {
		c := &s.state[i]
		switch {
		case c.failed:
			n.failed++
		case c.left == 0 && c.computed:
			n.done++
			n.work += 1 - c.from
		case c.left == 0:
			n.cached++
		case c.running > 0:
			n.running++
			n.work += c.at - c.from
			n.left -= c.at
		default:
			n.waiting++
		}
		if c.stopped != "" {
			n.stopped++
		}
	}
	n.finished = n.cached + n.done + n.failed
	n.left += float64(s.runs.Todo - n.done - n.failed)
	return n
}

// remaining estimates the time left: by what was measured in this run, at first by what is known of
// like ones. NaN = not known.
func (s *Sweep) remaining(n counts, now time.Time) float64 {
	elapsed := now.Sub(s.begun).Seconds()
	switch {
	case n.left <= 0:
		return 0
	case n.work > 0.5 || n.work > 0.02 && s.runs.Estimate == 0:
		return elapsed * n.left / n.work
	case s.runs.Estimate > 0:
		return math.Max(0, s.runs.Estimate.Seconds()-elapsed)
	}
	return math.NaN()
}

func (s *Sweep) text(now time.Time) string {
	n := s.counts()
	text := fmt.Sprintf("%d of %d runs  %d cached  %d done  %d running  %d failed  %d stopped early", n.finished, len(s.state), n.cached, n.done, n.running, n.failed, n.stopped)
	if left := s.remaining(n, now); !math.IsNaN(left) && n.finished < len(s.state) {
		text += "  " + clock(time.Duration(left*float64(time.Second))) + " left"
	}
	return text
}

// showTotal puts the line for all below the others.
func (s *Sweep) showTotal() {
	if !s.opt.Live || s.opt.Quiet || s.total != nil || s.bars == nil {
		return
	}
	s.total = s.bars.New(int64(len(s.state)),
		mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"), mpb.BarWidth(24), mpb.BarPriority(math.MaxInt32),
		// Drawn from mpb's own goroutine, which must never wait for ours.
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			text, _ := s.shown.Load().(string)
			return text
		})))
}

// sayTotal brings the line for all up to date, or writes it where nothing is live: when it is time
// to, and once at the end.
func (s *Sweep) sayTotal() {
	now, n := time.Now(), s.counts()
	ended := n.finished == len(s.state)
	switch {
	case s.total != nil:
		s.shown.Store(s.text(now))
		s.total.SetCurrent(int64(n.finished))
	case s.opt.Live || s.opt.Quiet || s.ended || !ended && now.Sub(s.printed) < s.opt.Interval:
	default:
		s.printed, s.ended = now, ended
		s.print(fmt.Sprintf("%-7s %s\n", "sweep", s.text(now)))
	}
}
