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

// Total shows a run of the pipeline as a Display does, and below it, or elsewhere at most every ten
// seconds, how far the whole is:
//
//	[=====>      ]  34 of 58 stages  12:30 left
type Total struct {
	*Display
	*reckoner
	printed time.Time
	bar     *mpb.Bar
	shown   atomic.Value // string
}

// NewTotal is New for a run of these nodes, inputs first.
func NewTotal(d *Display, nodes []*pipeline.Node, know Reckoning) *Total {
	return &Total{Display: d, reckoner: newReckoner(nodes, know), printed: time.Now()}
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

func (t *Total) text(now time.Time) string {
	return fmt.Sprintf("%d of %d stages", len(t.finished), len(t.nodes)) + t.note(now)
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
