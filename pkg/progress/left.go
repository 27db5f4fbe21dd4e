package progress

import (
	"math"
	"sync/atomic"
	"time"

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

// reckoner reckons how long a run of the pipeline still takes: from earlier runs at first, and then
// more and more from what this one measures.
type reckoner struct {
	nodes    []*pipeline.Node // inputs first
	know     Reckoning
	finished map[*pipeline.Node]bool
	of       map[*pipeline.Node]*reckoned // nil until a stage starts: a run without work need not be reckoned
	kinds    map[string]*measured
	earlier  atomic.Value // func(kind string) float64
}

func newReckoner(nodes []*pipeline.Node, know Reckoning) *reckoner {
	return &reckoner{nodes: nodes, know: know, finished: map[*pipeline.Node]bool{}, kinds: map[string]*measured{}}
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

// begin reckons with the nodes, of which none had to run until now.
func (k *reckoner) begin() {
	k.of = map[*pipeline.Node]*reckoned{}
	for _, n := range k.nodes {
		r := &reckoned{}
		r.kind, r.units = k.know.Work(n)
		k.of[n] = r
	}
	if k.know.Earlier != nil {
		go func() { k.earlier.Store(k.know.Earlier()) }() // nothing waits for it
	}
}

// count takes note of an event.
func (k *reckoner) count(e pipeline.Event, now time.Time) {
	if e.Kind == pipeline.Finished {
		k.finished[e.Node] = true
	}
	if k.of == nil && e.Kind == pipeline.Started {
		k.begin()
	}
	r := k.of[e.Node]
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
		if e.Report.State == pipeline.Ran && 1-r.from >= enough {
			m := k.kind(r.kind)
			m.seconds += e.Report.Time.Seconds()
			m.units += r.units * (1 - r.from)
		}
	}
}

func (k *reckoner) kind(name string) *measured {
	if k.kinds[name] == nil {
		k.kinds[name] = &measured{}
	}
	return k.kinds[name]
}

// enough is the share of a node's work from which on its speed is believed.
const enough = 0.02

// rates are the seconds that a unit of each kind takes: as measured in this run where enough was,
// else those of earlier runs, as many times as this run has been slower than they were.
func (k *reckoner) rates() map[string]float64 {
	earlier, _ := k.earlier.Load().(func(string) float64)
	sums := map[string]measured{}
	for kind, m := range k.kinds {
		sums[kind] = *m
	}
	for n, r := range k.of {
		if done := r.at - r.from; !k.finished[n] && done >= enough {
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
	for _, r := range k.of {
		if _, known := rates[r.kind]; !known && earlier != nil && earlier(r.kind) > 0 {
			rates[r.kind] = slower * earlier(r.kind)
		}
	}
	return rates
}

// remaining estimates the seconds that are left: as long as all work takes on the jobs that there
// are, and no shorter than the longest chain of nodes that wait for each other. whole is false
// where nothing is known of some of it.
func (k *reckoner) remaining(now time.Time) (seconds float64, whole bool) {
	rates := k.rates()
	whole = true
	all, longest := 0.0, 0.0
	until := map[*pipeline.Node]float64{}
	for _, n := range k.nodes {
		r := k.of[n]
		begins := 0.0
		for _, ref := range n.Inputs {
			begins = math.Max(begins, until[ref.Node])
		}
		left := 0.0
		if !k.finished[n] {
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
	return math.Max(all/float64(max(k.know.Jobs, 1)), longest), whole
}

// note is the time left in words, two spaces before it; "" where nothing is known of it.
func (k *reckoner) note(now time.Time) string {
	if k.of == nil || len(k.finished) == len(k.nodes) {
		return ""
	}
	switch left, whole := k.remaining(now); {
	case whole:
		return "  " + clock(time.Duration(left*float64(time.Second))) + " left"
	case left >= 1:
		return "  more than " + clock(time.Duration(left*float64(time.Second))) + " left"
	}
	return ""
}
