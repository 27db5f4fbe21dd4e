package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sicgrid/pkg/printable"
)

// evil moves the cursor, clears the screen and forges a line.
const evil = "\x1b[2J\u009b1A\rx\nran     train/full 0.0 s first time\u202e\x7f"

// wantLine checks that a text is one line that a terminal shows as it is, and holds what was said.
func wantLine(t *testing.T, what, text string) {
	t.Helper()
	if text != printable.Line(text) || !strings.Contains(text, `\x1b[2J`) {
		t.Errorf("%s: %q", what, text)
	}
}

// Whatever parameters, numerics, errors and records say, nothing of it reaches a terminal as
// anything but text.
func TestWhatIsShownOfOthersIsOneLine(t *testing.T) {
	r := newRig(t)
	r.opt.Numerics = "vulkan " + evil
	shown := 0
	r.opt.Observer = func(e Event) {
		shown++
		if e.Note != printable.Line(e.Note) || e.Report != nil && e.Report.Reason != printable.Line(e.Report.Reason) {
			t.Errorf("told %q, %+v", e.Note, e.Report)
		}
	}
	node := func(value string, err error) *Node {
		n := r.sum("a", sumParams{})
		n.Params = map[string]string{"key" + evil: value}
		if run := n.Run; err != nil {
			n.Run = func(ctx context.Context, task *Task) error {
				task.Progress(1, 2, evil)
				return errors.Join(err, run(ctx, task))
			}
		}
		return n
	}
	r.run(node("1", nil))

	g := r.graph(node("2"+evil, nil))
	status, err := Status(g, r.opt)
	if err != nil {
		t.Fatal(err)
	}
	wantLine(t, "the reason", status[0].Reason)
	why, err := Why(g, r.opt, "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(why[0].String()+why[0].Details(), "\n"), "\n") {
		if line != printable.Line(line) || strings.HasPrefix(line, "ran ") {
			t.Errorf("why: %q", line)
		}
	}

	report, err := Run(context.Background(), r.graph(node("3", errors.New(evil))), r.opt)
	if err == nil {
		t.Fatal("a stage that fails did not")
	}
	wantLine(t, "the error", report.Of("a").Reason)

	r.opt.Numerics = "here"
	report, _ = r.run(node("1", nil))
	wantLine(t, "numerics", report.Of("a").Reason)

	s := &step{}
	s.defect("an output " + evil)
	wantLine(t, "a defect", s.defects[0])
	wantLine(t, "an error of the remote", printable.Line(fmt.Sprint(errors.New(evil))))
	t.Logf("%d events of what would move the cursor: all shown as text, nothing lost", shown)
}
