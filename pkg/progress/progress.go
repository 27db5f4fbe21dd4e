// Package progress shows what the pipeline does while it does it: on a terminal one live line for
// each running stage (bar, share, rate, time left, the stage's own note), elsewhere a plain line
// for each stage at most every ten seconds. When a node is done, its line gives the outcome:
//
//	ran     train/full               212.3 s  first time
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"golang.org/x/term"

	"sicgrid/pkg/pipeline"
)

// Options of a Display. The zero value shows plain lines.
type Options struct {
	Live    bool // draw bars: the output is a terminal
	Quiet   bool // only failures and defects
	Verbose bool // also when a stage starts, and the stack of one that panicked
	// Interval is the least time between two plain lines of one stage; 0 means ten seconds.
	Interval time.Duration
}

// Display shows the events of a run.
type Display struct {
	out    io.Writer
	opt    Options
	bars   *mpb.Progress // nil until the first live line
	mu     sync.Mutex
	stages map[*pipeline.Node]*stage
}

// IsTerminal reports whether w is a terminal that can show live lines.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// New returns a display that writes to out. Its Observe is an Options.Observer of the pipeline;
// Close ends it.
func New(out io.Writer, opt Options) *Display {
	if opt.Interval == 0 {
		opt.Interval = 10 * time.Second
	}
	return &Display{out: out, opt: opt, stages: map[*pipeline.Node]*stage{}}
}

// Close removes the live lines that are left.
func (d *Display) Close() {
	d.mu.Lock()
	for _, s := range d.stages {
		s.drop()
	}
	d.stages = map[*pipeline.Node]*stage{}
	d.mu.Unlock()
	if d.bars != nil {
		d.bars.Wait()
	}
}

// Observe shows one event.
func (d *Display) Observe(e pipeline.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Kind {
	case pipeline.Started:
		d.start(e)
	case pipeline.Waiting:
		if !d.opt.Quiet {
			d.print(fmt.Sprintf("%-7s %s  %s\n", "waiting", e.Node.Name, e.Note))
		}
	case pipeline.Defective:
		d.print(fmt.Sprintf("%-7s %s  %s\n", "defect", e.Node.Name, e.Note))
	case pipeline.Progress:
		d.progress(e)
	case pipeline.Finished:
		if s := d.stages[e.Node]; s != nil {
			s.drop()
			delete(d.stages, e.Node)
		}
		if d.opt.Quiet && e.Report.State != pipeline.Failed {
			return
		}
		d.print(Line(e.Report))
		if d.opt.Verbose && e.Report.Stack != "" {
			d.print(e.Report.Stack)
		}
	}
}

func (d *Display) start(e pipeline.Event) {
	if d.opt.Quiet {
		return
	}
	s := &stage{meter: meter{begun: time.Now()}, printed: time.Now()}
	d.stages[e.Node] = s
	if d.opt.Live {
		// Not before it is needed: a run of cached nodes need not wait for a drawing.
		if d.bars == nil {
			d.bars = mpb.New(mpb.WithOutput(d.out), mpb.WithRefreshRate(200*time.Millisecond), mpb.WithAutoRefresh())
		}
		s.bar = newBar(d.bars, e.Node.Name, s)
	} else if d.opt.Verbose {
		d.print(fmt.Sprintf("%-7s %s  %s\n", "start", e.Node.Name, e.Reason))
	}
}

func (d *Display) progress(e pipeline.Event) {
	s := d.stages[e.Node]
	if s == nil {
		return
	}
	now := time.Now()
	s.update(now, e)
	if s.bar != nil {
		s.bar.SetTotal(e.Total, false)
		s.bar.SetCurrent(e.Done)
		return
	}
	if now.Sub(s.printed) >= d.opt.Interval {
		s.printed = now
		d.print(fmt.Sprintf("%-7s %s  %s\n", "running", e.Node.Name, s.text(now)))
	}
}

// print writes a line above the live ones.
func (d *Display) print(line string) {
	if d.bars != nil {
		_, _ = d.bars.Write([]byte(line))
		return
	}
	_, _ = io.WriteString(d.out, line)
}

// Line is the one line that gives the outcome of a node.
func Line(r *pipeline.NodeReport) string {
	took := ""
	if r.State != pipeline.NotReached {
		took = fmt.Sprintf("%.1f s", r.Time.Seconds())
	}
	line := fmt.Sprintf("%-7s %-24s %9s  %s", r.State, r.Node.Name, took, r.Reason)
	return strings.TrimRight(line, " ") + "\n"
}
