package progress

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"sicgrid/pkg/pipeline"
)

// A Reckoning is what is known beforehand of how long nodes take.
type Reckoning struct {
	Jobs int // how many stages run at once
	// Work is a kind of work and how much of it a node is: nodes of one kind take as long for each
	// unit.
	Work func(n *pipeline.Node) (kind string, units float64)
	// Earlier is asked once, when the first stage starts, and may take a while: seconds a unit of a
	// kind in earlier runs, 0 where there are none. nil is allowed.
	Earlier func() func(kind string) float64
}

// Total shows a run of the pipeline as a Display does, and below it, or elsewhere at most every ten
// seconds, how far the whole is:
//
//	[=====>      ]  34 of 58 stages  12:30 left
//
// The time left is reckoned from earlier runs at first, and then more and more from what this one
// measures.
type Total struct {
	*Display
	nodes    []*pipeline.Node // inputs first
	know     Reckoning
	finished map[*pipeline.Node]bool
	of       map[*pipeline.Node]*reckoned // nil until a stage starts: a run without work need not be reckoned
	kinds    map[string]*measured
	earlier  atomic.Value // func(kind string) float64
	printed  time.Time
	bar      *mpb.Bar
	shown    atomic.Value // string
}

// reckoned is how far one node is.
type reckoned struct {
	kind     string
	units    float64
	begun    time.Time // zero: it waits
	first    time.Time // of the first report, from which on its speed is measured: a checkpoint's steps are none
	last     time.Time
	from, at float64 // share that was done at the first report, and at the last
}

// measured is what finished nodes of a kind took.
type measured struct{ seconds, units float64 }

// NewTotal is New for a run of these nodes, inputs first.
func NewTotal(d *Display, nodes []*pipeline.Node, know Reckoning) *Total {
	return &Total{Display: d, nodes: nodes, know: know, finished: map[*pipeline.Node]bool{}, kinds: map[string]*measured{}, printed: time.Now()}
}

// begin reckons with the nodes, of which none had to run until now.
func (t *Total) begin() {
	t.of = map[*pipeline.Node]*reckoned{}
	for _, n := range t.nodes {
		r := &reckoned{}
		r.kind, r.units = t.know.Work(n)
		t.of[n] = r
	}
	if t.know.Earlier != nil {
		go func() { t.earlier.Store(t.know.Earlier()) }() // nothing waits for it
	}
}

// Close removes the live lines.
func (t *Total) Close() {
	t.mu.Lock()
	if t.bar != nil {
		t.bar.Abort(true)
		t.bar.Wait()
	}
	t.mu.Unlock()
	t.Display.Close()
}

// Observe shows one event.
func (t *Total) Observe(e pipeline.Event) {
	t.Display.Observe(e)
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.count(e, now)
	if t.of != nil && !t.opt.Quiet {
		t.say(now)
	}
}

// count takes note of an event.
func (t *Total) count(e pipeline.Event, now time.Time) {
	if e.Kind == pipeline.Finished {
		t.finished[e.Node] = true
	}
	if t.of == nil && e.Kind == pipeline.Started {
		t.begin()
	}
	r := t.of[e.Node]
	if r == nil {
		return
	}
	switch e.Kind {
	case pipeline.Started:
		r.begun = now
	case pipeline.Progress:
		share := float64(e.Done) / float64(max(e.Total, 1))
		switch {
		case r.first.IsZero():
			r.first, r.last, r.from, r.at = now, now, share, share
		case share > r.at:
			r.last, r.at = now, share
		}
	case pipeline.Finished:
		if e.Report.State == pipeline.Ran {
			m := t.kind(r.kind)
			m.seconds += e.Report.Time.Seconds()
			m.units += r.units * (1 - r.from)
		}
	}
}

func (t *Total) kind(name string) *measured {
	if t.kinds[name] == nil {
		t.kinds[name] = &measured{}
	}
	return t.kinds[name]
}

// enough is the share of a node's work from which on its speed is believed.
const enough = 0.02

// rates are the seconds that a unit of each kind takes: as measured in this run where enough was,
// else those of earlier runs, as many times as this run has been slower than they were.
func (t *Total) rates() map[string]float64 {
	earlier, _ := t.earlier.Load().(func(string) float64)
	sums := map[string]measured{}
	for kind, m := range t.kinds {
		sums[kind] = *m
	}
	for n, r := range t.of {
		if done := r.at - r.from; !t.finished[n] && done >= enough {
			m := sums[r.kind]
			sums[r.kind] = measured{m.seconds + r.last.Sub(r.first).Seconds(), m.units + r.units*done}
		}
	}
	rates := map[string]float64{}
	took, expected := 0.0, 0.0
	for kind, m := range sums {
		if m.units > 0 {
			rates[kind] = m.seconds / m.units
			if earlier != nil && earlier(kind) > 0 {
				took, expected = took+m.seconds, expected+m.units*earlier(kind)
			}
		}
	}
	slower := 1.0
	if expected > 0 {
		slower = math.Min(math.Max(took/expected, 0.1), 10)
	}
	for _, r := range t.of {
		if _, known := rates[r.kind]; !known && earlier != nil && earlier(r.kind) > 0 {
			rates[r.kind] = slower * earlier(r.kind)
		}
	}
	return rates
}

// remaining estimates the seconds that are left: as long as all work takes on the jobs that there
// are, and no shorter than the longest chain of nodes that wait for each other. whole is false
// where nothing is known of some of it.
func (t *Total) remaining(now time.Time) (seconds float64, whole bool) {
	rates := t.rates()
	whole = true
	all, longest := 0.0, 0.0
	until := map[*pipeline.Node]float64{}
	for _, n := range t.nodes {
		r := t.of[n]
		begins := 0.0
		for _, ref := range n.Inputs {
			begins = math.Max(begins, until[ref.Node])
		}
		left := 0.0
		if !t.finished[n] {
			rate, known := rates[r.kind]
			whole = whole && known
			left = rate * r.units * (1 - r.at)
			if !r.begun.IsZero() && r.first.IsZero() { // it does not say how far it is
				left = math.Max(0, left-now.Sub(r.begun).Seconds())
			}
		}
		all += left
		until[n] = begins + left
		longest = math.Max(longest, until[n])
	}
	return math.Max(all/float64(max(t.know.Jobs, 1)), longest), whole
}

func (t *Total) text(now time.Time) string {
	text := fmt.Sprintf("%d of %d stages", len(t.finished), len(t.nodes))
	switch left, whole := t.remaining(now); {
	case len(t.finished) == len(t.nodes) || left < 1 && !whole:
	case whole:
		text += "  " + clock(time.Duration(left*float64(time.Second))) + " left"
	default:
		text += "  more than " + clock(time.Duration(left*float64(time.Second))) + " left"
	}
	return text
}

// say brings the line for all up to date, or writes it where nothing is live and it is time to.
func (t *Total) say(now time.Time) {
	if !t.opt.Live {
		if now.Sub(t.printed) >= t.opt.Interval && len(t.finished) < len(t.nodes) {
			t.printed = now
			t.print(fmt.Sprintf("%-7s %s\n", "total", t.text(now)))
		}
		return
	}
	if t.bar == nil && t.bars != nil {
		t.bar = newTotalBar(t.bars, len(t.nodes), &t.shown)
	}
	if t.bar != nil && (now.Sub(t.printed) >= refresh || len(t.finished) == len(t.nodes)) {
		t.printed = now
		t.shown.Store(t.text(now))
		t.bar.SetCurrent(int64(len(t.finished)))
	}
}

// newTotalBar is the line for all, below the others; shown is its text.
func newTotalBar(p *mpb.Progress, total int, shown *atomic.Value) *mpb.Bar {
	return p.New(int64(total),
		mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"), mpb.BarWidth(24), mpb.BarPriority(math.MaxInt32),
		// Drawn from mpb's own goroutine, which must never wait for ours.
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			text, _ := shown.Load().(string)
			return text
		})))
}
