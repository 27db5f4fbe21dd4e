package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/stages/session"
)

// smokeSession is the smoke profile with everything that it can make, in a store of its own.
func smokeSession(t testing.TB, targets ...string) *session.Session {
	t.Helper()
	return sessionOf(t, filepath.Join("..", "..", "params", "smoke.yaml"), targets...)
}

// sessionOf is a profile of this file in a store of its own. Its code digests are made up: here
// nothing depends on what they are.
func sessionOf(t testing.TB, path string, targets ...string) *session.Session {
	t.Helper()
	flags := session.Request{Params: path}
	s, err := flags.Wire(targets)
	if err != nil {
		t.Fatal(err)
	}
	open, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	code := map[string]codedigest.Stage{}
	for _, n := range s.Graph.Nodes() {
		code[cmp.Or(n.Code, n.Stage)] = codedigest.Stage{Digest: "made up"}
	}
	s.Options = pipeline.Options{Store: open, DAG: "smoke", Code: code, Numerics: cpu.Numerics()}
	return s
}

// digests runs the session's graph and lists the digests of every output.
func digests(t testing.TB, s *session.Session) (list []string, report pipeline.Report) {
	t.Helper()
	report, err := pipeline.Run(context.Background(), s.Graph, s.Options)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range report.Nodes {
		for _, o := range n.Outputs {
			list = append(list, fmt.Sprint(n.Node.Name, " ", o))
		}
	}
	return list, report
}

// damages are ways to spoil a file: bits flipped in several places, the file cut, extended,
// emptied, overwritten, gone (nil).
func damages(data []byte) map[string][]byte {
	bad := map[string][]byte{
		"emptied": {}, "cut to half": data[:len(data)/2], "cut by a byte": data[:len(data)-1],
		"extended by a byte": append(bytes.Clone(data), 0), "doubled": append(bytes.Clone(data), data...),
		"zeroed": make([]byte, len(data)), "gone": nil,
	}
	for _, at := range []int{0, len(data) / 3, len(data) / 2, len(data) - 1, rand.N(len(data))} {
		flipped := bytes.Clone(data)
		flipped[at] ^= 1 << rand.N(8)
		bad[fmt.Sprintf("flipped at byte %d of %d", at, len(data))] = flipped
	}
	return bad
}

// Every object and every record of a smoke store is damaged in turn. In an ordinary run of the
// tests each file gets one damage, drawn by chance; `go tool task test-faults` plants them all.
func TestEveryDamageIsFoundNamedAndMended(t *testing.T) {
	all := os.Getenv("SICGRID_FAULTS") != ""
	s := smokeSession(t, "spectra/full/2m", "figure-4")
	want, _ := digests(t, s)
	var files []string
	for _, sub := range []string{"objects", "actions"} {
		found, err := filepath.Glob(filepath.Join(s.Options.Store.Dir(), sub, "*"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	planted := 0
	for _, path := range files {
		sound, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := damages(sound)
		names := make([]string, 0, len(bad))
		for how := range bad {
			names = append(names, how)
		}
		if !all {
			names = []string{names[rand.N(len(names))]}
		}
		for _, how := range names {
			planted++
			what := fmt.Sprintf("%s %s", filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path)), how)
			wantFoundAndMended(t, s, what, path, bad[how], want)
		}
	}
	t.Logf("%d faults planted in %d files: all found, named and mended", planted, len(files))
}

func wantFoundAndMended(t *testing.T, s *session.Session, what, path string, bad []byte, want []string) {
	t.Helper()
	spoil := func() {
		t.Helper()
		err := os.Remove(path)
		if bad != nil {
			err = errors.Join(err, os.WriteFile(path, bad, 0o444))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	verify := func() []pipeline.Finding {
		t.Helper()
		v, err := pipeline.Verify(context.Background(), nil, s.Options, pipeline.VerifyOptions{HashOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		return v.Findings
	}
	// A record that is gone leaves no trace: it is as if the stage had not been run.
	traceless := bad == nil && strings.Contains(what, "actions")

	spoil()
	if found := verify(); !traceless && !slices.ContainsFunc(found, func(f pipeline.Finding) bool { return strings.Contains(f.Path+f.What, filepath.Base(path)) }) {
		t.Errorf("%s: not named by verify: %+v", what, found)
	}
	got, report := digests(t, s)
	if !slices.Equal(got, want) {
		t.Errorf("%s: a run ends in other digests", what)
	}
	if report.Count(pipeline.Ran) == 0 {
		t.Errorf("%s: a run used it", what)
	}
	if found := verify(); len(found) > 0 {
		t.Errorf("%s: after a run, verify finds %+v", what, found)
	}

	spoil()
	if _, err := pipeline.Repair(context.Background(), s.Options.Store, verify()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if found := verify(); len(found) > 0 {
		t.Errorf("%s: after the repair, verify finds %+v", what, found)
	}
	if got, _ := digests(t, s); !slices.Equal(got, want) {
		t.Errorf("%s: after the repair, a run ends in other digests", what)
	}
}

// Nothing depends on the times of files, so a clock that jumps changes nothing.
func TestAClockThatJumpsChangesNothing(t *testing.T) {
	s := smokeSession(t, "spectra/full/2m")
	want, _ := digests(t, s)
	for _, to := range []time.Time{time.Unix(0, 0), time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC)} {
		err := filepath.WalkDir(s.Options.Store.Dir(), func(path string, e os.DirEntry, err error) error {
			return errors.Join(err, os.Chtimes(path, to, to))
		})
		if err != nil {
			t.Fatal(err)
		}
		got, report := digests(t, s)
		if !slices.Equal(got, want) || report.Count(pipeline.Ran) > 0 {
			t.Errorf("with files of %v a run computes %d stages", to, report.Count(pipeline.Ran))
		}
		c, err := s.Options.Store.Collect(context.Background(), store.Roots{RecentRuns: 1}, false)
		if err != nil || len(c.Garbage) > 0 {
			t.Errorf("with files of %v collection removes %v, %v", to, c.Garbage, err)
		}
	}
}
