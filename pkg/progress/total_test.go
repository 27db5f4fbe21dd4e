package progress

import (
	"math"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/pipeline"
)

// networks are n networks, each a training of 1000 steps and a measurement of it.
func networks(n int) (nodes []*pipeline.Node) {
	for range n {
		train := &pipeline.Node{Name: "train", Stage: "train", Outputs: []string{"weights"}}
		spectra := &pipeline.Node{Name: "spectra", Stage: "spectra", Inputs: map[string]pipeline.Ref{"weights": train.Ref("weights")}}
		nodes = append(nodes, train, spectra)
	}
	return nodes
}

func steps(n *pipeline.Node) (string, float64) {
	if n.Stage == "train" {
		return "train", 1000
	}
	return n.Stage, 1
}

// rehearsal plays a run to a display, at times of its own.
type rehearsal struct {
	*Total
	t     *testing.T
	begun time.Time
}

func rehearse(t *testing.T, nodes []*pipeline.Node, jobs int, earlier map[string]float64) rehearsal {
	total := NewTotal(New(&buffer{}, Options{}), nodes, Reckoning{Jobs: jobs, Work: steps})
	total.earlier.Store(func(kind string) float64 { return earlier[kind] })
	return rehearsal{total, t, time.Unix(1000, 0)}
}

func (r rehearsal) at(s float64) time.Time {
	return r.begun.Add(time.Duration(s * float64(time.Second)))
}

func (r rehearsal) start(n *pipeline.Node, s float64) {
	r.count(pipeline.Event{Kind: pipeline.Started, Node: n}, r.at(s))
}

func (r rehearsal) report(n *pipeline.Node, done int64, s float64) {
	r.count(pipeline.Event{Kind: pipeline.Progress, Node: n, Done: done, Total: 1000}, r.at(s))
}

func (r rehearsal) end(n *pipeline.Node, state pipeline.State, took, s float64) {
	report := &pipeline.NodeReport{Node: n, State: state, Time: time.Duration(took * float64(time.Second))}
	r.count(pipeline.Event{Kind: pipeline.Finished, Node: n, Report: report}, r.at(s))
}

func (r rehearsal) want(s, want float64, whole bool) {
	r.t.Helper()
	if left, all := r.remaining(r.at(s)); math.Abs(left-want) > 1e-6 || all != whole {
		r.t.Errorf("after %g s: %g s left (all of it: %v), want %g (%v)", s, left, all, want, whole)
	}
}

// The time left is at first that of earlier runs, and is corrected as this one is measured.
func TestTheTimeLeftOfARunIsCorrected(t *testing.T) {
	n := networks(4)
	r := rehearse(t, n, 2, map[string]float64{"train": 0.01, "spectra": 2})
	r.start(n[0], 0)
	r.start(n[2], 0)
	r.want(0, (4*10+4*2)/2, true)
	for i, s := range []float64{0, 10} { // it is half as fast as those before
		r.report(n[0], int64(500*i), s)
		r.report(n[2], int64(500*i), s)
	}
	r.want(10, (2*10+2*20+4*2*2)/2, true)
	r.end(n[0], pipeline.Ran, 20, 20)
	r.end(n[2], pipeline.Ran, 20, 20)
	r.want(20, (2*20+4*4)/2, true)
	r.start(n[1], 20)
	r.want(22, (2*20+3*4+2)/2, true) // it says nothing of how far it is
	r.end(n[1], pipeline.Ran, 1, 21) // and is quicker than those before
	r.want(21, (2*20+3*1)/2.0, true)
	for _, i := range []int{3, 4, 5} {
		r.end(n[i], pipeline.Cached, 0, 21)
	}
	r.want(21, 20+1, true) // one waits for the other, whatever the jobs
	if text := r.text(r.at(21)); text != "6 of 8 stages  0:21 left" {
		t.Errorf("shows %q", text)
	}
}

// What a checkpoint had done is not taken for speed, nor what is not known for nothing.
func TestWhatIsNotKnownIsNotClaimed(t *testing.T) {
	n := networks(2)
	r := rehearse(t, n, 1, nil)
	r.start(n[0], 0)
	if text := r.text(r.at(0)); text != "0 of 4 stages" {
		t.Errorf("shows %q", text)
	}
	r.report(n[0], 800, 1)
	if text := r.text(r.at(1)); text != "0 of 4 stages" {
		t.Errorf("shows %q", text)
	}
	r.report(n[0], 900, 11)
	if text := r.text(r.at(11)); text != "0 of 4 stages  more than 1:50 left" { // 10 s, and 100 s of the next
		t.Errorf("shows %q", text)
	}
}

func TestTheTotalIsALineOfItsOwn(t *testing.T) {
	n := networks(2)
	var plain, live, quiet, idle buffer
	for out, opt := range map[*buffer]Options{&plain: {Interval: 1}, &live: {Live: true}, &quiet: {Quiet: true, Interval: 1}, &idle: {Interval: 1}} {
		total := NewTotal(New(out, opt), n, Reckoning{Jobs: 1, Work: steps, Earlier: func() func(string) float64 { return func(string) float64 { return 60 } }})
		if out != &idle {
			total.Observe(pipeline.Event{Kind: pipeline.Started, Node: n[0]})
			time.Sleep(250 * time.Millisecond)
			total.Observe(pipeline.Event{Kind: pipeline.Progress, Node: n[0], Done: 1, Total: 1000})
			time.Sleep(250 * time.Millisecond)
		}
		for _, one := range n {
			total.Observe(pipeline.Event{Kind: pipeline.Finished, Node: one, Report: &pipeline.NodeReport{Node: one, State: pipeline.Cached}})
		}
		total.Close()
		total.Close()
	}
	if !strings.Contains(plain.String(), "\ntotal   1 of 4 stages  ") || !strings.Contains(plain.String(), " left\n") {
		t.Errorf("plain:\n%s", &plain)
	}
	if !strings.Contains(live.String(), "] 0 of 4 stages") {
		t.Errorf("live: %q", live.String())
	}
	if quiet.String() != "" || strings.Contains(idle.String(), "total") {
		t.Errorf("quiet: %q, with nothing to do: %q", quiet.String(), idle.String())
	}
}
