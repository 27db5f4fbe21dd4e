package progress

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/pipeline"
)

// chains are n runs of a training and a measurement.
func chains(n int) Runs {
	runs := Runs{Todo: n}
	for i := range n {
		runs.Runs = append(runs.Runs, Run{fmt.Sprint("run ", i), []*pipeline.Node{{Name: fmt.Sprint("train/", i)}, {Name: fmt.Sprint("spectra/", i)}}})
	}
	return runs
}

func finish(s *Sweep, n *pipeline.Node, state pipeline.State) {
	s.Observe(pipeline.Event{Kind: pipeline.Finished, Node: n, Report: &pipeline.NodeReport{Node: n, State: state, Time: time.Second, Reason: "no luck", Err: errors.New("no luck")}})
}

func TestASweepIsShownAsItsRuns(t *testing.T) {
	var out buffer
	runs := chains(5)
	runs.Todo = 4
	runs.Stopped = func(r *pipeline.NodeReport) string {
		if r.Node.Name == "train/2" {
			return "died: of this test"
		}
		return ""
	}
	s := NewSweep(New(&out, Options{Interval: time.Hour}), runs)
	node := func(i, k int) *pipeline.Node { return runs.Runs[i].Nodes[k] }
	for k := range 2 {
		finish(s, node(0, k), pipeline.Cached)
	}
	for i := 1; i < 3; i++ {
		for k := range 2 {
			s.Observe(pipeline.Event{Kind: pipeline.Started, Node: node(i, k)})
			finish(s, node(i, k), pipeline.Ran)
		}
	}
	s.Observe(pipeline.Event{Kind: pipeline.Started, Node: node(3, 0)})
	finish(s, node(3, 0), pipeline.Failed)
	finish(s, node(3, 1), pipeline.NotReached)
	s.Observe(pipeline.Event{Kind: pipeline.Started, Node: node(4, 0)})
	if text := s.text(time.Now()); !strings.HasPrefix(text, "4 of 5 runs  1 cached  2 done  1 running  1 failed  1 stopped early  ") {
		t.Errorf("in the middle: %q", text)
	}
	finish(s, node(4, 0), pipeline.Ran)
	finish(s, node(4, 1), pipeline.Ran)
	s.Close()
	want := `done    run 1     2.0 s
done    run 2     2.0 s  stopped early: died: of this test
failed  train/3                      1.0 s  no luck
done    run 4     2.0 s
sweep   5 of 5 runs  1 cached  3 done  0 running  1 failed  1 stopped early
`
	if got := out.String(); got != want {
		t.Errorf("shown\n%swant\n%s", got, want)
	}
}

// The time left is at first that of like runs, then that of what was measured, trainings under way
// included; what a checkpoint had done before is not taken for speed.
func TestTheTimeLeftOfASweepIsMeasured(t *testing.T) {
	runs := chains(10)
	runs.Estimate = 100 * time.Second
	s := NewSweep(New(&buffer{}, Options{Quiet: true}), runs)
	at := func(seconds float64) float64 {
		return s.remaining(s.counts(), s.begun.Add(time.Duration(seconds*float64(time.Second))))
	}
	if left := at(10); math.Abs(left-90) > 1e-9 {
		t.Errorf("before anything was measured: %v s left, want 90", left)
	}
	begin, half := runs.Runs[0].Nodes[0], runs.Runs[1].Nodes[0]
	s.Observe(pipeline.Event{Kind: pipeline.Started, Node: begin})
	finish(s, begin, pipeline.Ran)
	s.Observe(pipeline.Event{Kind: pipeline.Started, Node: runs.Runs[0].Nodes[1]})
	finish(s, runs.Runs[0].Nodes[1], pipeline.Ran)
	if left := at(50); math.Abs(left-450) > 1e-9 {
		t.Errorf("after one of ten in 50 s: %v s left, want 450", left)
	}
	s.Observe(pipeline.Event{Kind: pipeline.Started, Node: half})
	s.Observe(pipeline.Event{Kind: pipeline.Progress, Node: half, Done: 50, Total: 100})
	if left := at(50); math.Abs(left-425) > 1e-9 {
		t.Errorf("with half of another taken up from a checkpoint: %v s left, want 425", left)
	}
	s.Observe(pipeline.Event{Kind: pipeline.Progress, Node: half, Done: 75, Total: 100})
	if left := at(62.5); math.Abs(left-62.5*8.25/1.25) > 1e-9 {
		t.Errorf("with a quarter of another made: %v s left, want %v", left, 62.5*8.25/1.25)
	}
}
