package pipeline

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sicgrid/pkg/store"
)

// pinnedRig is a rig in which c of the chain has been made and pinned, and then lost, after which
// the code has moved on.
func pinnedRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.opt.Pins = t.TempDir()
	r.run(r.chain(nil))
	g := r.graph(r.chain(nil))
	if _, err := Pin(context.Background(), g, g.Node("c"), r.opt); err != nil {
		t.Fatal(err)
	}
	fresh := newRig(t)
	fresh.opt.Pins = r.opt.Pins
	fresh.setCode("sum", code("2"))
	return fresh
}

func TestAPinStandsInWhenTheCodeHasMovedOn(t *testing.T) {
	r := pinnedRig(t)
	r.wantStatus(map[string]string{
		"a": "run: first time", "b": "run: first time", "d": "run: first time",
		"c": "run: first time", "e": "run: first time", // whether the pin applies is not known before b is made
	}, r.chain(nil))
	report := r.wantRan("a b d e", r.chain(nil))
	r.wantReason(report, "c", Pinned, "pinned result; code changed: stages/sum/sum.go")
	if v := r.value(report, "e"); v != 8 {
		t.Errorf("e is %d", v)
	}
	r.wantStatus(map[string]string{"c": "pinned: pinned result; code changed: stages/sum/sum.go"}, r.chain(nil))
	second := r.wantRan("", r.chain(nil))
	r.wantReason(second, "c", Pinned, "pinned result; code changed: stages/sum/sum.go")

	// What a pin has brought is there for the nodes after it, and garbage collection knows.
	keys, err := Reachable(r.graph(r.chain(nil)), r.opt)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.opt.Store.Collect(context.Background(), store.Roots{Keys: keys}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range c.Garbage {
		if g.Kind != "run" {
			t.Errorf("collection would remove %+v", g)
		}
	}
	if v, err := Verify(context.Background(), nil, r.opt, VerifyOptions{}); err != nil || len(v.Findings) > 0 {
		t.Errorf("verify: %+v, %v", v.Findings, err)
	}
	// For the code that it was made by, it is the node's result, unless pins are to be ignored: then it
	// is computed, once.
	r.setCode("sum", code("1"))
	r.wantReason(r.wantRan("a b d e", r.chain(nil)), "c", Cached, "made before; fetched from pin "+filepath.ToSlash(filepath.Join(r.opt.Pins, "test", "c")))
	r.opt.Unpinned = true
	r.wantReason(r.wantRan("c", r.chain(nil)), "c", Ran, "its result is of a pin; pin off: --unpinned")
	r.wantReason(r.wantRan("", r.chain(nil)), "c", Cached, "unchanged")
}

// pinRecord is the path of the record of c's pin.
func pinRecord(t *testing.T, r *rig) string {
	found, err := filepath.Glob(filepath.Join(r.opt.Pins, "test", "c", "*.json"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0]
}

func TestWhatSwitchesAPinOff(t *testing.T) {
	overwrite := func(t *testing.T, path string, change func([]byte) []byte) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change(bytes.Clone(data)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for what, c := range map[string]struct {
		change func(t *testing.T, r *rig)
		chain  func(name string, p *sumParams)
		want   string
	}{
		"a parameter": {nil, func(name string, p *sumParams) {
			if name == "c" {
				p.Add = 9
			}
		}, "params changed: add 1 -> 9"},
		"an input": {nil, func(name string, p *sumParams) {
			if name == "a" {
				p.Add = 2
			}
		}, "input in0 from b changed (values)"},
		"the seed":   {nil, nil, "seed changed: 0 -> 7"},
		"--unpinned": {func(t *testing.T, r *rig) { r.opt.Unpinned = true }, nil, "--unpinned"},
		"--exact":    {func(t *testing.T, r *rig) { r.opt.Exact, r.opt.Numerics = true, "elsewhere" }, nil, "made by other numerics here"},
		"the meaning of artifacts": {func(t *testing.T, r *rig) {
			older(t, pinRecord(t, r))
		}, nil, "format changed: "},
		"other outputs": {nil, nil, "the stage has other outputs now"},
		"a damaged record": {func(t *testing.T, r *rig) {
			overwrite(t, pinRecord(t, r), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, nil, "damaged: "},
		"a record of another key": {func(t *testing.T, r *rig) {
			path := pinRecord(t, r)
			if err := os.Rename(path, strings.Replace(path, filepath.Base(path)[:4], "0000", 1)); err != nil {
				t.Fatal(err)
			}
		}, nil, "damaged: "},
		"a FIFO for a file": {func(t *testing.T, r *rig) {
			path := filepath.Join(r.opt.Pins, "test", "c", "number.parquet")
			if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o644)); err != nil { // nobody writes to it
				t.Fatal(err)
			}
		}, nil, "damaged: "},
		"a damaged file": {func(t *testing.T, r *rig) {
			overwrite(t, filepath.Join(r.opt.Pins, "test", "c", "number.parquet"), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, nil, "damaged: "},
		"a cut file": {func(t *testing.T, r *rig) {
			overwrite(t, filepath.Join(r.opt.Pins, "test", "c", "number.parquet"), func(b []byte) []byte { return b[:len(b)-1] })
		}, nil, "damaged: "},
		"a missing file": {func(t *testing.T, r *rig) {
			if err := os.Remove(filepath.Join(r.opt.Pins, "test", "c", "number.parquet")); err != nil {
				t.Fatal(err)
			}
		}, nil, "damaged: "},
	} {
		t.Run(what, func(t *testing.T) {
			r := pinnedRig(t)
			if c.change != nil {
				c.change(t, r)
			}
			target := r.chain(c.chain)
			node := target.Inputs["in0"].Node
			if node.Name != "c" {
				t.Fatal("not c")
			}
			switch what {
			case "the seed":
				node.Seed = 7
			case "other outputs":
				emit := node.Run
				node.Outputs = []string{"number", "more"}
				node.Run = func(ctx context.Context, t *Task) error {
					return errors.Join(emit(ctx, t), Emit(t, "more", []number{{1}}, nil))
				}
			}
			report, _ := r.run(target)
			if nr := report.Of("c"); nr.State != Ran || !strings.HasPrefix(nr.Reason, "first time; pin off: "+c.want) {
				t.Errorf("%s (%s), want ran (first time; pin off: %s)", nr.State, nr.Reason, c.want)
			}
		})
	}
}

// older makes of a pin's record a sound one of the format before.
func older(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := store.DecodeAction(data, filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	p := parseParts(a.Parts)
	p.Format--
	if a.Key, err = p.recipe.key(); err != nil {
		t.Fatal(err)
	}
	if a.Parts, err = canonicalJSON(p); err != nil {
		t.Fatal(err)
	}
	data, err = store.EncodeAction(a)
	if err = errors.Join(err, os.Remove(path), os.WriteFile(filepath.Join(filepath.Dir(path), store.ActionName(a.Key, a.Numerics)), data, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// Numerics alone do not switch a pin off: that is what it is for.
func TestAPinOfOtherNumericsStandsIn(t *testing.T) {
	r := pinnedRig(t)
	r.opt.Numerics = "elsewhere"
	report := r.wantRan("a b d e", r.chain(nil))
	if c := report.Of("c"); c.State != Pinned || c.Numerics != "here" {
		t.Errorf("%+v", c)
	}
}

func TestForceGoesPastAPin(t *testing.T) {
	r := pinnedRig(t)
	r.opt.Force = []string{"c"}
	r.wantRan("a b c d e", r.chain(nil))
}

func TestPinRefusesWhatIsNotThereOrTooLarge(t *testing.T) {
	r := newRig(t)
	r.opt.Pins = t.TempDir()
	n := r.sum("a", sumParams{Add: 1})
	if _, err := Pin(context.Background(), r.graph(n), n, r.opt); err == nil || !strings.Contains(err.Error(), "a is not up to date (first time); run it first") {
		t.Errorf("%v", err)
	}
	big := r.custom("big", func(context.Context, *Task) error { return nil })
	big.Run = func(_ context.Context, t *Task) error {
		rows := make([]number, MostPinned/8+1)
		for i := range rows {
			rows[i].Value = int64(i) * 0x5851f42d4c957f2d // which zstd cannot make smaller
		}
		return Emit(t, "number", rows, nil)
	}
	r.run(big)
	if _, err := Pin(context.Background(), r.graph(big), big, r.opt); err == nil || !strings.Contains(err.Error(), "a pin takes at most 15 MiB an output") {
		t.Errorf("%v", err)
	}
	r.run(n)
	dir, err := Pin(context.Background(), r.graph(n), n, r.opt)
	if err != nil {
		t.Fatal(err)
	}
	if gone, err := Unpin(n, r.opt); err != nil || gone != dir {
		t.Errorf("unpin: %q, %v", gone, err)
	}
	if gone, err := Unpin(n, r.opt); err != nil || gone != "" {
		t.Errorf("unpin again: %q, %v", gone, err)
	}
	if left, _ := os.ReadDir(r.opt.Pins); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// A pin is removed by what it is made of, not by a pattern: neither one of another profile goes
// whose name the pattern would match, nor what else lies in the folder.
func TestUnpinRemovesNothingButThePin(t *testing.T) {
	r := newRig(t)
	r.opt.Pins = t.TempDir()
	r.run(r.chain(nil))
	g := r.graph(r.chain(nil))
	dirs := map[string]string{}
	for _, profile := range []string{"ab", "a[b]"} {
		r.opt.DAG = profile
		r.run(r.chain(nil))
		dir, err := Pin(context.Background(), g, g.Node("c"), r.opt)
		if err != nil {
			t.Fatal(err)
		}
		dirs[profile] = dir
	}
	theirs := filepath.Join(dirs["a[b]"], "notes.parquet")
	if err := os.WriteFile(theirs, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Unpin(g.Node("c"), r.opt); err != nil {
		t.Fatal(err)
	}
	left := func(dir string) int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if n := left(dirs["ab"]); n != 2 {
		t.Errorf("of the pin of ab %d files are left, want its record and its output", n)
	}
	if n := left(dirs["a[b]"]); n != 1 {
		t.Errorf("of the pin of a[b] %d files are left, want somebody's notes alone", n)
	}
}
