package slurm

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/pipeline"
)

// onceSilent puts commands of Slurm into PATH that each fail once as those of a controller that was
// killed while it answered, which a real one does too rarely to wait for, and after that note what
// they were asked to.
func onceSilent(t *testing.T, commands ...string) (asked func() []string) {
	t.Helper()
	dir := t.TempDir()
	const script = `#!/bin/sh
if mkdir "$0.begun" 2>/dev/null; then echo "$(basename "$0"): error: on job 12: Connection reset by peer" >&2; exit 1; fi
echo "$(basename "$0") $*" >> "$(dirname "$0")/asked"
`
	for _, c := range commands {
		if err := os.WriteFile(filepath.Join(dir, c), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return func() []string {
		data, _ := os.ReadFile(filepath.Join(dir, "asked")) // none if nothing was
		return slices.Collect(strings.Lines(string(data)))
	}
}

func submitter(t *testing.T, said *[]string) *follower {
	t.Helper()
	e := &Executor{Dir: t.TempDir(), Cluster: &Cluster{PollSeconds: 1, PatienceSecs: 5}, Say: func(text string) { *said = append(*said, text) }}
	return newFollower(e, nil, pipeline.Options{})
}

// A cancellation that Slurm has not confirmed is no fault of the run, and is asked for again.
func TestAnUnansweredCancellationIsAskedForAgain(t *testing.T) {
	asked := onceSilent(t, "squeue", "scancel")
	var said []string
	f := submitter(t, &said)
	f.condemn(queued{job: "12", task: 3})
	for range 2 { // scancel is silent, and then it is not
		_, err := f.ask(context.Background())
		if err = f.answered(err); err != nil {
			t.Fatalf("an unanswered command ends the run: %v", err)
		}
	}
	if got := asked(); len(got) != 1 || !strings.Contains(got[0], "12_3") {
		t.Errorf("Slurm was asked %q, want 12_3 to be cancelled once", got)
	}
	if len(said) != 2 || !strings.Contains(said[0], "does not answer (scancel: ") || said[1] != "Slurm answers again" {
		t.Errorf("said %q", said)
	}
}

// Where nothing is under way silence has an end, in one line that says what to do.
func TestSilenceHasAnEndWhereNothingIsUnderWay(t *testing.T) {
	var said []string
	f := submitter(t, &said)
	silence := &refusal{"sbatch", "Unable to contact slurm controller (connect failure)"}
	if err := f.answered(silence); err != nil {
		t.Fatalf("at once: %v", err)
	}
	f.silent = time.Now().Add(-6 * time.Second)
	err := f.answered(silence)
	if err == nil || !strings.Contains(err.Error(), "scontrol ping") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one line that says what to do", err)
	}
	f.nodes = []*watched{{number: 0}}
	f.arrays = []*submitted{{job: "7"}}
	if err := f.answered(silence); err != nil {
		t.Errorf("while a job is under way: %v", err)
	}
}

// A process that sees the cancellation and stops before Slurm answers is one of those that were
// cancelled, once, whichever array had its node before.
func TestWhatStopsBeforeSlurmAnswersWasCancelled(t *testing.T) {
	onceSilent(t, "squeue", "scancel")
	var said []string
	f := submitter(t, &said)
	if err := f.folder.make(); err != nil {
		t.Fatal(err)
	}
	const node = "train/full"
	for range 2 { // the first was lost
		if err := f.folder.newArray(&submitted{Stage: "train", Nodes: map[int]string{0: node}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.folder.write(&record{Node: node, State: running, Job: "12"}); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error)
	go func() {
		for !f.cancelled() {
			time.Sleep(time.Millisecond)
		}
		stopped <- f.folder.write(&record{Node: node, State: left, Job: "12"})
	}()
	tasks, err := f.Executor.Cancel(context.Background())
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if err != nil || tasks != 1 {
		t.Errorf("cancelled %d tasks, want 1: %v; said %q", tasks, err, said)
	}
}

// What asks and has nothing else to do asks until it is answered.
func TestInsistingEndsWithAnAnswer(t *testing.T) {
	asked := onceSilent(t, "scancel")
	var said []string
	err := insist(context.Background(), time.Millisecond, time.Minute, func(text string) { said = append(said, text) }, func() error {
		return client{}.cancel(context.Background(), []string{"12"})
	})
	if err != nil || len(asked()) != 1 || len(said) != 2 {
		t.Errorf("error %v, asked %q, said %q", err, asked(), said)
	}
	refused := &refusal{"scancel", "Access/permission denied"}
	if err := insist(context.Background(), time.Hour, time.Hour, nil, func() error { return refused }); err != error(refused) {
		t.Errorf("a refusal is asked for again: %v", err)
	}
}
