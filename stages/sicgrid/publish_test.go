package main

import (
	"context"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"sicgrid/pkg/store"
	"sicgrid/pkg/store/remote"
)

// folderOfSmoke is a folder with the profiles, from which can be published.
func folderOfSmoke(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	layParams(t, dir)
	layLicence(t, dir)
	return dir
}

// layLicence puts into dir what a publication takes along.
func layLicence(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"LICENSE", "CITATION.cff"} {
		data, err := os.ReadFile(filepath.Join("../..", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// says runs a command line that has to end with this exit code, and returns what it said.
func says(t *testing.T, dir, command string, want int) string {
	t.Helper()
	said, code := shell(t, dir, command)
	if code != want {
		t.Fatalf("%s: exit code %d, want %d\n%s", command, code, want, said)
	}
	return said
}

var digestLine = regexp.MustCompile(`(?m)^digest (sha256:[0-9a-f]{64})$`)

func digestIn(t *testing.T, said string) string {
	t.Helper()
	m := digestLine.FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("no digest in %q", said)
	}
	return m[1]
}

// What one publishes another fetches, and has the figure without computing anything; and who
// computes it independently gets the same digest.
func TestAPublishedFigureIsFetchedWithItsChain(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	url := "oci://" + strings.TrimPrefix(server.URL, "http://") + "/lab/grid-cells:v1"
	ours, theirs, third := folderOfSmoke(t), folderOfSmoke(t), folderOfSmoke(t)
	const figure = "figure-6 --params params/smoke.yaml"
	if said := says(t, ours, "sicgrid publish "+url+" "+figure, exitFailed); !strings.Contains(said, "; run: sicgrid run figure-6") || strings.Count(said, "\n") != 1 {
		t.Errorf("publishing what was not made: %s", said)
	}
	says(t, ours, "sicgrid run "+figure, exitDone)
	digest := digestIn(t, says(t, ours, "sicgrid publish "+url+" "+figure, exitDone))

	says(t, third, "sicgrid run "+figure+" --jobs 1", exitDone)
	if again := digestIn(t, says(t, third, "sicgrid publish "+url+" "+figure+" --dry-run", exitDone)); again != digest {
		t.Errorf("computed independently the digest is %s, not %s", again, digest)
	}

	says(t, theirs, "sicgrid fetch "+strings.Replace(url, ":v1", "@"+digest, 1), exitDone)
	if said := says(t, theirs, "sicgrid run "+figure, exitDone); !strings.Contains(said, "0 ran") && strings.Contains(said, "\nran ") {
		t.Errorf("after fetching: %s", said)
	}
	says(t, theirs, "cmp artifacts/smoke/figure-6.svg "+ours+"/artifacts/smoke/figure-6.svg", exitDone)
	says(t, theirs, "sicgrid verify --params params/smoke.yaml", exitDone)

	says(t, ours, "sicgrid publish archive "+figure, exitDone)
	says(t, ours, "cd archive && sha256sum -c --quiet --strict SHA256SUMS && test $(wc -l < SHA256SUMS) = $(find . -type f ! -name SHA256SUMS | wc -l)", exitDone)
	for _, name := range []string{"README.md", "LICENSE", "CITATION.cff", "figures/figure-6.svg", "figures/figure-6.json"} {
		if _, err := os.Stat(filepath.Join(ours, "archive", name)); err != nil {
			t.Error(err)
		}
	}
	says(t, ours, "sicgrid pull file://"+ours+"/archive/results --store pulled", exitDone)
	if said := says(t, ours, "sicgrid publish archive "+figure, exitFailed); !strings.Contains(said, "is not empty; nothing in it was touched") {
		t.Errorf("publishing into a folder with something in it: %s", said)
	}
	if said := says(t, ours, "sicgrid publish other --licence none "+figure, exitUsage); !strings.Contains(said, "--licence none: cannot be read") {
		t.Errorf("without a licence: %s", said)
	}
}

// A publication is believed no more than a remote.
func TestAPublicationWithAForgedResultIsNotTaken(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	url := "oci://" + strings.TrimPrefix(server.URL, "http://") + "/lab/grid-cells:v1"
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	object, n, err := s.Put(func(w io.Writer) error { _, err := io.WriteString(w, "no table"); return err })
	if err != nil {
		t.Fatal(err)
	}
	forged := &store.Action{Format: 1, Key: strings.Repeat("ab", 32), Numerics: "here", Outputs: []store.Output{{Name: "maps", Object: object, Logical: strings.Repeat("cd", 32), Bytes: n, Rows: 1}}}
	record, err := store.EncodeAction(forged)
	if err != nil {
		t.Fatal(err)
	}
	files := []remote.File{
		{Name: "results/actions/" + store.ActionName(forged.Key, forged.Numerics), Data: record},
		{Name: "results/objects/" + string(object), Object: object, Bytes: n},
	}
	if _, err := remote.Publish(context.Background(), url, s, files, nil, nil); err != nil {
		t.Fatal(err)
	}
	dir := folderOfSmoke(t)
	if said := says(t, dir, "sicgrid fetch "+url, exitFailed); !strings.Contains(said, "does not say what it was made of") {
		t.Errorf("a forged result: %s", said)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "artifacts/store/actions/*.json")); len(found) > 0 {
		t.Errorf("taken: %q", found)
	}
}
