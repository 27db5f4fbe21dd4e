package progress

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/pipeline"
)

func TestWorkIsShownUnderItsPresentName(t *testing.T) {
	var out bytes.Buffer
	w := NewWork(&out, false)
	w.opt.Interval = 0
	w.UpdateBytes("hashing", 3e6, 12e6)
	w.UpdateBytes("reading", 12e6, 12e6)
	w.Close()
	w.Close()
	if got, want := out.String(), "running hashing  3/12  25 %  MB\nrunning reading  12/12  100 %  MB\n"; got != want {
		t.Errorf("shown\n%swant\n%s", got, want)
	}
	quiet := NewWork(&out, true)
	quiet.opt.Interval = 0
	quiet.Update("analyze", 1, 2, "units")
	quiet.Close()
	if strings.Contains(out.String(), "units") {
		t.Errorf("shown although quiet: %s", out.String())
	}
}

// A display shows what a run tells it: here that a stage is done.
func ExampleDisplay() {
	d := New(os.Stdout, Options{})
	train := &pipeline.Node{Name: "train/full"}
	d.Observe(pipeline.Event{Kind: pipeline.Finished, Node: train, Report: &pipeline.NodeReport{
		Node: train, State: pipeline.Ran, Reason: "first time", Time: 212300 * time.Millisecond,
	}})
	d.Close()
	// Output: ran     train/full                 212.3 s  first time
}
