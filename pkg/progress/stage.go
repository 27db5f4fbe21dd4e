package progress

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"sicgrid/pkg/pipeline"
)

// stage is what is shown of one running stage.
type stage struct {
	mu      sync.Mutex // mpb draws from its own goroutine
	meter   meter
	note    string
	printed time.Time // of the last plain line
	bar     *mpb.Bar  // nil unless live
}

func (s *stage) update(now time.Time, e pipeline.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meter.update(now, e.Done, e.Total)
	s.note = e.Note
}

// text is what stands behind the bar: "1200/40000 3 % 181/s 3:34 left loss 0.12".
func (s *stage) text(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := s.meter.items(now)
	if s.note != "" {
		items = append(items, s.note)
	}
	return strings.Join(items, "  ")
}

func (s *stage) drop() {
	if s.bar != nil {
		s.bar.Abort(true)
		s.bar.Wait()
	}
}

func newBar(p *mpb.Progress, name string, s *stage) *mpb.Bar {
	return p.New(0,
		mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarWidth(24),
		mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return s.text(time.Now()) })),
	)
}

// meter estimates rate and time left from the progress that a stage reports.
type meter struct {
	begun       time.Time
	done, total int64
	last        time.Time // of done
	rate        float64   // units a second; 0 = not known yet
}

// memory is the time over which the rate forgets: a stage speeds up when another ends and leaves it
// the cores.
const memory = 15 * time.Second

func (m *meter) update(now time.Time, done, total int64) {
	m.total = total
	if m.last.IsZero() {
		// A stage that resumes from a checkpoint begins in the middle: the first report is where
		// the rate starts from.
		m.done, m.last = done, now
		return
	}
	dt := now.Sub(m.last).Seconds()
	if dt <= 0 || done <= m.done {
		return
	}
	rate := float64(done-m.done) / dt
	// At first all reports weigh the same.
	span := min(memory.Seconds(), now.Sub(m.begun).Seconds())
	if m.rate == 0 {
		m.rate = rate
	} else {
		m.rate += (1 - math.Exp(-dt/span)) * (rate - m.rate)
	}
	m.done, m.last = done, now
}

func (m *meter) items(now time.Time) []string {
	var items []string
	switch {
	case m.total > 0:
		items = append(items, fmt.Sprintf("%d/%d", m.done, m.total), fmt.Sprintf("%.0f %%", math.Floor(100*float64(m.done)/float64(m.total))))
	case m.done > 0:
		items = append(items, fmt.Sprint(m.done))
	}
	if m.rate > 0 {
		items = append(items, rateText(m.rate))
		if m.total > m.done {
			items = append(items, clock(time.Duration(float64(m.total-m.done)/m.rate*float64(time.Second)))+" left")
		}
	}
	if len(items) == 0 {
		items = append(items, clock(now.Sub(m.begun)))
	}
	return items
}

func rateText(rate float64) string {
	switch {
	case rate >= 100:
		return fmt.Sprintf("%.0f/s", rate)
	case rate >= 1:
		return fmt.Sprintf("%.1f/s", rate)
	}
	return fmt.Sprintf("%.1f/min", rate*60)
}

// clock writes a duration as m:ss or h:mm:ss.
func clock(d time.Duration) string {
	s := int64(math.Round(d.Seconds()))
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
