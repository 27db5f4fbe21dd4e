package slurm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sicgrid/pkg/params"
)

const clusterText = `cores: 1
memory_mib: 100
minutes: 5
gpus: 0
partition: ""
options: "--account=lab --qos=long"
stages:
  train: {cores: 2, gpus: 1}
warn_seconds: 60
poll_seconds: 1
patience_seconds: 20
resubmit: 2
`

func readCluster(t *testing.T, text string) (*Cluster, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "slurm.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return ReadCluster(path, []string{"select", "train"})
}

func TestAStageAsksForWhatTheFileSays(t *testing.T) {
	if err := params.Declared(Cluster{}); err != nil {
		t.Fatal(err)
	}
	c, err := readCluster(t, clusterText)
	if err != nil {
		t.Fatal(err)
	}
	for stage, want := range map[string]string{
		"train":  "--cpus-per-task=2 --mem=100M --time=5 --gres=gpu:1 --account=lab --qos=long",
		"select": "--cpus-per-task=1 --mem=100M --time=5 --account=lab --qos=long",
	} {
		if got := strings.Join(c.Of(stage).options(), " "); got != want {
			t.Errorf("%s asks for %s, want %s", stage, got, want)
		}
	}
}

func TestFaultsOfTheFileAreNamedWithTheirPlace(t *testing.T) {
	for old, faulty := range map[string]struct{ line, says string }{
		"cores: 1":               {"cores: 0", "slurm.yaml:1"},
		"train:":                 {"trian:", "must be one of select, train"},
		"{cores: 2, gpus: 1}":    {"{core: 2}", "core"},
		"minutes: 5":             {"minutes: 1", "longer than warn_seconds"},
		"patience_seconds: 20":   {"patience: 20", "patience"},
		"cores: 2, gpus: 1":      {"minutes: 1", "stages.train.minutes"},
		"memory_mib: 100":        {"memory_mib: 4 GB", "memory_mib"},
		"resubmit: 2":            {"resubmit: -1", "resubmit"},
		`options: "--account=la`: {`options: 3 #`, "options"},
	} {
		text := strings.Replace(clusterText, old, faulty.line, 1)
		if _, err := readCluster(t, text); err == nil || !strings.Contains(err.Error(), faulty.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", faulty.line, err, faulty.says)
		}
	}
}

// Refusals are told apart by what Slurm says, and each has its advice.
func TestRefusalsOfSlurmSayWhatToDo(t *testing.T) {
	for said, want := range map[string]struct {
		full, unanswered bool
		advice           string
	}{
		"Batch job submission failed: Invalid partition name specified":                         {false, false, "sinfo"},
		"Batch job submission failed: Job violates accounting/QOS policy (job submit limit)":    {true, false, ""},
		"Unable to contact slurm controller (connect failure)":                                  {false, true, ""},
		"Kill job error on job id 12_3: Connection reset by peer":                               {false, true, ""},
		"Batch job submission failed: Unexpected missing socket error":                          {false, true, ""},
		"If munged is up: Munge encode failed: Failed to connect to socket: Connection refused": {false, false, "clocks must agree"},
		"Batch job submission failed: Zero Bytes were transmitted or received":                  {false, true, ""},
		"Batch job submission failed: Protocol authentication error":                            {false, false, "clocks must agree"},
		"Batch job submission failed: Requested node configuration is not available":            {false, false, "ask for less"},
	} {
		err := error(&refusal{"sbatch", said})
		if full(err) != want.full || unanswered(err) != want.unanswered || want.advice != "" && !strings.Contains(advice(err), want.advice) {
			t.Errorf("%s: full %v, unanswered %v, advice %q; want %+v", said, full(err), unanswered(err), advice(err), want)
		}
	}
}
