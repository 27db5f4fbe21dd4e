package progress

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sicgrid/pkg/pipeline"
)

var node = &pipeline.Node{Name: "train/full"}

// buffer may be written to while it is read.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// play sends the events of a stage that runs for a moment.
func play(d *Display, reports int, pause time.Duration) {
	d.Observe(pipeline.Event{Kind: pipeline.Started, Node: node, Reason: "first time"})
	for i := range reports {
		time.Sleep(pause)
		d.Observe(pipeline.Event{Kind: pipeline.Progress, Node: node, Done: int64(i + 1), Total: int64(reports), Note: fmt.Sprint("loss 0.", i)})
	}
	d.Observe(pipeline.Event{Kind: pipeline.Finished, Node: node, Report: &pipeline.NodeReport{
		Node: node, State: pipeline.Ran, Reason: "first time", Time: 212300 * time.Millisecond,
	}})
}

func TestPlainLinesAreFew(t *testing.T) {
	var out buffer
	d := New(&out, Options{Interval: 50 * time.Millisecond})
	begun := time.Now()
	play(d, 100, 2*time.Millisecond)
	took := time.Since(begun)
	d.Close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if most := int(took/(50*time.Millisecond)) + 1; len(lines) < 2 || len(lines) > most+1 {
		t.Errorf("%d lines in %v, want at most one in 50 ms and the last:\n%s", len(lines), took, out.String())
	}
	first := lines[0]
	if strings.Contains(first, "  1/100  ") { // on a busy machine; one report gives no rate
		first = lines[1]
	}
	if !strings.HasPrefix(first, "running train/full  ") || !strings.Contains(first, "/100  ") ||
		!strings.Contains(first, "/s  ") || !strings.Contains(first, "0:00 left  loss 0.") {
		t.Errorf("line %q has no share, rate, time left or loss", first)
	}
	if last := lines[len(lines)-1]; strings.Join(strings.Fields(last), " ") != "ran train/full 212.3 s first time" {
		t.Errorf("last line %q", last)
	}
}

func TestLiveLinesShowTheRunningStage(t *testing.T) {
	var out buffer
	d := New(&out, Options{Live: true})
	play(d, 60, 10*time.Millisecond)
	d.Close()
	text := out.String()
	for _, want := range []string{"train/full", "[===", "/60  ", " left  loss 0.", "first time\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	// The live line is wiped: what stands last is what became of the stage.
	if at := strings.LastIndex(text, "[="); at > strings.Index(text, "ran     train/full") {
		t.Errorf("a bar is left behind: %q", text)
	}
}

func TestQuietKeepsFailuresAndDefects(t *testing.T) {
	var out buffer
	d := New(&out, Options{Quiet: true, Live: true, Interval: 1})
	play(d, 3, time.Millisecond)
	if out.String() != "" {
		t.Errorf("said %q", out.String())
	}
	d.Observe(pipeline.Event{Kind: pipeline.Defective, Node: node, Note: "object 12ab (weights) is corrupt"})
	d.Observe(pipeline.Event{Kind: pipeline.Finished, Node: node, Report: &pipeline.NodeReport{
		Node: node, State: pipeline.Failed, Reason: "loss is NaN at step 12", Time: time.Second,
	}})
	d.Close()
	if got := strings.Join(strings.Fields(out.String()), " "); got !=
		"defect train/full object 12ab (weights) is corrupt failed train/full 1.0 s loss is NaN at step 12" {
		t.Errorf("said %q", got)
	}
}

func TestMeter(t *testing.T) {
	begun := time.Unix(1000, 0)
	at := func(s float64) time.Time { return begun.Add(time.Duration(s * float64(time.Second))) }

	t.Run("a checkpoint's steps are not counted as speed", func(t *testing.T) {
		m := meter{begun: begun}
		m.update(at(1), 30_000, 40_000)
		m.update(at(2), 30_100, 40_000)
		if m.rate != 100 {
			t.Errorf("rate %g, want 100", m.rate)
		}
		if got := strings.Join(m.items(at(2)), "  "); got != "30100/40000  75 %  100/s  1:39 left" {
			t.Errorf("shows %q", got)
		}
	})
	t.Run("a new speed is believed after a while", func(t *testing.T) {
		m := meter{begun: begun}
		for s := range 100 {
			m.update(at(float64(s)), int64(10*s), 1<<20)
		}
		if m.rate < 9.99 || m.rate > 10.01 {
			t.Errorf("rate %g, want 10", m.rate)
		}
		for s := range 100 {
			m.update(at(float64(100+s)), int64(1000+40*s), 1<<20)
		}
		if m.rate < 39 || m.rate > 41 {
			t.Errorf("rate %g, want 40", m.rate)
		}
	})
	t.Run("nothing known yet", func(t *testing.T) {
		m := meter{begun: begun}
		if got := strings.Join(m.items(at(65)), "  "); got != "1:05" {
			t.Errorf("shows %q", got)
		}
	})
	for d, want := range map[time.Duration]string{0: "0:00", 59600 * time.Millisecond: "1:00", 3725 * time.Second: "1:02:05"} {
		if got := clock(d); got != want {
			t.Errorf("%v is shown as %s, want %s", d, got, want)
		}
	}
}
