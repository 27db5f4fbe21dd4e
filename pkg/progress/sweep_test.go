package progress

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/pipeline"
)

// chains are n runs of a training and a measurement.
func chains(n int) Runs {
	var runs Runs
	for i := range n {
		runs.Runs = append(runs.Runs, Run{fmt.Sprint("run ", i), []*pipeline.Node{{Name: fmt.Sprint("train/", i)}, {Name: fmt.Sprint("spectra/", i)}}})
	}
	return runs
}

// showing is a sweep of these runs, one at a time.
func showing(d *Display, runs Runs) *Sweep {
	var nodes []*pipeline.Node
	for _, r := range runs.Runs {
		nodes = append(nodes, r.Nodes...)
	}
	return NewSweep(d, nodes, Reckoning{Jobs: 1, Work: steps}, runs)
}

func finish(s *Sweep, n *pipeline.Node, state pipeline.State) {
	s.Observe(pipeline.Event{Kind: pipeline.Finished, Node: n, Report: &pipeline.NodeReport{Node: n, State: state, Time: time.Second, Reason: "no luck", Err: errors.New("no luck")}})
}

func TestASweepIsShownAsItsRuns(t *testing.T) {
	var out buffer
	runs := chains(5)
	runs.Stopped = func(r *pipeline.NodeReport) string {
		if r.Node.Name == "train/2" {
			return "died: of this test"
		}
		return ""
	}
	s := showing(New(&out, Options{Interval: time.Hour}), runs)
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
	if text := s.text(s.counts(), time.Now()); !strings.HasPrefix(text, "4 of 5 runs  1 cached  2 done  1 running  1 failed  1 stopped early  ") {
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

// What an interruption left undone has not failed.
func TestAnInterruptedRunOfASweepHasNotFailed(t *testing.T) {
	var out buffer
	runs := chains(4)
	s := showing(New(&out, Options{Interval: time.Hour}), runs)
	for i, states := range [][2]pipeline.State{{pipeline.Cached, pipeline.Cached}, {pipeline.Failed, pipeline.NotReached}, {pipeline.Interrupted, pipeline.NotReached}, {pipeline.NotReached, pipeline.NotReached}} {
		for k, state := range states {
			finish(s, runs.Runs[i].Nodes[k], state)
		}
	}
	s.Close()
	if want := "sweep   2 of 4 runs  1 cached  0 done  0 running  1 failed  0 stopped early  2 interrupted\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("shown\n%swant at the end\n%s", out.String(), want)
	}
}

// The time left is that of the stages that are left, not of the runs: what a checkpoint had done of
// the first run makes the others no quicker.
func TestTheTimeLeftOfASweepIsThatOfItsStages(t *testing.T) {
	runs := chains(10)
	for i := range runs.Runs {
		runs.Runs[i].Nodes[0].Stage = "train"
	}
	s := showing(New(&buffer{}, Options{Quiet: true}), runs)
	s.earlier.Store(func(kind string) float64 { return map[string]float64{"train": 0.1}[kind] })
	begun := time.Now()
	left := func(seconds float64, want string) {
		t.Helper()
		if text := s.text(s.counts(), begun.Add(time.Duration(seconds*float64(time.Second)))); !strings.HasSuffix(text, want) {
			t.Errorf("after %g s: %q, want %q", seconds, text, want)
		}
	}
	first := runs.Runs[0].Nodes[0]
	s.count(pipeline.Event{Kind: pipeline.Started, Node: first}, begun)
	left(0, "  more than 16:40 left") // ten trainings of 1000 steps; of the measurements nothing is known
	s.count(pipeline.Event{Kind: pipeline.Progress, Node: first, Done: 990, Total: 1000}, begun)
	left(0, "  more than 15:01 left")
	s.count(pipeline.Event{Kind: pipeline.Finished, Node: first, Report: &pipeline.NodeReport{Node: first, State: pipeline.Ran, Time: 2 * time.Second}}, begun.Add(2*time.Second))
	left(2, "  more than 15:00 left") // 10 steps that took 2 s say nothing of 1000
	second := runs.Runs[1].Nodes[0]
	s.count(pipeline.Event{Kind: pipeline.Started, Node: second}, begun.Add(2*time.Second))
	s.count(pipeline.Event{Kind: pipeline.Progress, Node: second, Done: 1, Total: 1000}, begun.Add(2*time.Second))
	s.count(pipeline.Event{Kind: pipeline.Progress, Node: second, Done: 501, Total: 1000}, begun.Add(102*time.Second))
	left(102, "  more than 28:20 left") // 499 steps and 8000 of 0.2 s
	for _, r := range runs.Runs {
		for _, n := range r.Nodes {
			s.count(pipeline.Event{Kind: pipeline.Finished, Node: n, Report: &pipeline.NodeReport{Node: n, State: pipeline.Cached}}, begun)
		}
	}
	left(3, "stopped early")
}
