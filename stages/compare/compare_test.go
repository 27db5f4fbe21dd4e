package compare

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// record is the JSON file of a figure.
func record(t *testing.T, dir, figure string, seed int, set, numbers string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{"figure": %q, "seed": %d, "set": [%s], "commit": "c1", "numbers": %s, "parameters": {"seed": %d, "loss": {"sigma_g": 0.4}, "network": {"init": "identity"}}}`, figure, seed, set, numbers, seed)
	for name, data := range map[string]string{figure + ".json": text, figure + ".png": "\x89PNG\r\n\x1a\n" + numbers} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func folder(t *testing.T, dir string, seeds ...string) Side {
	t.Helper()
	s, err := readFolder("of "+filepath.Base(dir), dir, seeds)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func field(t *testing.T, c Comparison, name string) Difference {
	t.Helper()
	for _, d := range c.Numbers {
		if d.Field == name {
			return d
		}
	}
	t.Fatalf("%s does not differ", name)
	return Difference{}
}

// Three seeds of either side say what a difference is worth.
func TestADifferenceStandsBesideWhatSeedsDifferBy(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	var ours, theirs []string
	for seed, scores := range [][2]float64{{1.0, 1.5}, {1.2, 1.7}, {1.1, 1.6}} {
		a, b := at(fmt.Sprintf("a%d", seed)), at(fmt.Sprintf("b%d", seed))
		numbers := `{"score": %v, "modules": [{"period_m": 0.5}], "same": 7, "betti": [1, 2, 1]}`
		record(t, a, "figure-4", seed, fmt.Sprintf(`"seed=%d"`, seed), fmt.Sprintf(numbers, scores[0]))
		record(t, b, "figure-4", seed, fmt.Sprintf(`"loss.x=1", "seed=%d"`, seed), fmt.Sprintf(numbers, scores[1]))
		ours, theirs = append(ours, a), append(theirs, b)
	}
	all := append(append([]string{}, ours...), theirs...) // other settings are no seeds of ours
	c := Compare(folder(t, ours[0], all...), folder(t, theirs[0], all...))
	d := field(t, c, "figure-4: score")
	if d.A.Seeds != 3 || *d.A.Mean < 1.0999 || *d.A.Mean > 1.1001 || *d.A.SD < 0.0999 || *d.A.SD > 0.1001 {
		t.Errorf("A is %v", d.A)
	}
	if e := *d.Errors; e < 6.12 || e > 6.13 { // 0.5 / (0.1 √(2/3))
		t.Errorf("%v standard errors", e)
	}
	if len(c.Numbers) != 1 || c.Equal != 5 || len(c.Parameters) != 0 {
		t.Errorf("%d numbers and %d parameters differ, %d are equal", len(c.Numbers), len(c.Parameters), c.Equal)
	}

	// Of two seeds of the same settings the spread is that of all.
	c = Compare(folder(t, ours[0], all...), folder(t, ours[1], all...))
	d = field(t, c, "figure-4: score")
	if d.SDs == nil || *d.SDs < 1.99 || *d.SDs > 2.01 || d.A.Text != "1" || d.B.Text != "1.2" {
		t.Errorf("seeds 1 and 2: %+v", d)
	}
	if len(c.Parameters) != 1 || c.Parameters[0].Field != "seed" || len(c.Figures) != 1 || c.Figures[0].Same {
		t.Errorf("parameters %v, figures %v", c.Parameters, c.Figures)
	}
}

// Claims are found by their names, wherever they stand, and their values are one a seed.
func TestClaimsAreComparedByTheirNames(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	record(t, a, "results", 1, "", `{"claims": [{"claim": "torus", "verdict": "holds", "values": [1, 3]}, {"claim": "periodic", "values": [2, 2]}]}`)
	record(t, b, "results", 1, "", `{"claims": [{"claim": "periodic", "values": [2, 2]}, {"claim": "torus", "verdict": "fails", "values": [4, 6]}]}`)
	c := Compare(folder(t, a), folder(t, b))
	if d := field(t, c, "results: claims[torus].values"); *d.Change != 3 || d.A.Seeds != 2 {
		t.Errorf("values %+v", d)
	}
	if d := field(t, c, "results: claims[torus].verdict"); d.A.Text != "holds" || d.B.Text != "fails" || len(c.Numbers) != 2 {
		t.Errorf("verdict %+v of %d", d, len(c.Numbers))
	}
}

// Whatever stands in a folder that somebody sent is text, on a page and on a terminal.
func TestNothingOnAPageRuns(t *testing.T) {
	dir := t.TempDir()
	evil := `<script>alert(1)</script>\u001b[2J\" onload=\"alert(2)`
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b<img src=x onerror=alert(3)>")
	record(t, a, "figure-4", 1, "", `{"x": 1, "`+evil+`": "`+evil+`"}`)
	record(t, b, "figure-4", 2, "", `{"x": 2, "`+evil+`": "javascript:alert(4)"}`)
	if err := os.WriteFile(filepath.Join(b, "figure-5.png"), []byte("<svg onload=alert(5)>"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := Compare(folder(t, a), folder(t, b))
	c.A.Note = "<b>"
	page, err := c.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img src=x", "<svg", "<b>", `" onload`} {
		if bytes.Contains(page, []byte(bad)) {
			t.Errorf("the page has %q", bad)
		}
	}
	png := base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n"))[:8]
	if n := strings.Count(string(page), "data:image/png;base64,"+png); n != 2 {
		t.Errorf("the page has %d drawings, want 2", n)
	}
	for _, must := range []string{"Content-Security-Policy", `lang="en"`, "alt="} {
		if !strings.Contains(string(page), must) {
			t.Errorf("the page has no %s", must)
		}
	}
	var text bytes.Buffer
	if err := c.Print(&text, true); err != nil || strings.Contains(text.String(), "\x1b") {
		t.Errorf("the terminal is sent %q, %v", text.String(), err)
	}
}

func TestPointsOfSweepsAreComparedOverTheirSeeds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sweep-x.csv")
	rows := "run,point,name,designs,variant,seed,period\n0,0,wide,0,full,1,1;2\n1,0,wide,0,full,2,3;4\n2,1,,0,full,1,5;6\n3,1,,0,small,1,7;8\n"
	if err := os.WriteFile(file, []byte(rows), 0o644); err != nil {
		t.Fatal(err)
	}
	a, err := readPoint("x/wide", file, "wide", "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := readPoint("x/1", file, "1", "")
	if err != nil {
		t.Fatal(err)
	}
	if d := field(t, Compare(a, b), "full: period[1]"); *d.A.Mean != 3 || d.A.Seeds != 2 || *d.Change != 3 {
		t.Errorf("%+v", d)
	}
	if a, err = readPoint("x/wide/full", file, "wide", "full"); err != nil {
		t.Fatal(err)
	}
	if b, err = readPoint("x/1/small", file, "1", "small"); err != nil {
		t.Fatal(err)
	}
	if d := field(t, Compare(a, b), "run: period[0]"); *d.Change != 5 {
		t.Errorf("%+v", d)
	}
	if _, err := readPoint("x/7", file, "7", ""); err == nil || !strings.Contains(err.Error(), "has no point 7; its points are 0 (wide), 1") {
		t.Error(err)
	}
}

func TestACommitHasTheFiguresThatItHad(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	git("init", "-q")
	here := filepath.Join(dir, "figures")
	record(t, here, "figure-4", 1, "", `{"x": 1}`)
	git("add", "-A")
	git("commit", "-q", "-m", "one")
	record(t, here, "figure-4", 1, "", `{"x": 2}`)
	then, err := readCommit("HEAD", dir, "HEAD", "figures")
	if err != nil {
		t.Fatal(err)
	}
	c := Compare(then, folder(t, here))
	if d := field(t, c, "figure-4: x"); *d.Change != 1 || c.Figures[0].Same {
		t.Errorf("%+v %+v", d, c.Figures)
	}
	if data, err := then.Figures["figure-4"].PNG(); err != nil || !bytes.HasSuffix(data, []byte(`{"x": 1}`)) {
		t.Errorf("its drawing is %q, %v", data, err)
	}
	if _, err := readCommit("HEAD", dir, "HEAD", "nowhere"); err == nil || !strings.Contains(err.Error(), "has no folder nowhere") {
		t.Error(err)
	}
}
