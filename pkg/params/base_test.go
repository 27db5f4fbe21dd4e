package params

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder writes files, whose paths may name folders, and makes that the working folder.
func folder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readProfile(path string) (z zoo, d *Document, err error) {
	if d, err = ReadProfile(path); err == nil {
		err = d.Decode(&z)
	}
	return z, d, err
}

func TestAProfileSaysOnlyWhatDiffersFromItsBase(t *testing.T) {
	folder(t, map[string]string{
		"common/zoo.yaml": good,
		"small.yaml":      "base: common/zoo.yaml\nanimal: {mass: 0.1} # a young one\nboxes: [1]\nkeepers: {noon: 2, night: null}\nbreeds:\n  fat:\n  thin: {mass: 0.2}\n",
		"tiny/zoo.yaml":   "animal:\n  name: cat\nbase: ../small.yaml\n",
	})
	z, d, err := readProfile("tiny/zoo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if z.Animal != (animal{"cat", 4, 0.1, false}) || len(z.Boxes) != 1 || z.Seed != 1<<64-1 {
		t.Errorf("got %+v", z)
	}
	if got := strings.Join(d.Keys("keepers"), " "); got != "day noon" {
		t.Errorf("null leaves the keepers %s", got)
	}
	if got := strings.Join(d.Keys("breeds"), " "); got != "plain thin" {
		t.Errorf("nothing leaves the breeds %s", got)
	}
	for key, want := range map[string]string{"animal.name": "", "animal.mass": "a young one", "seed": ""} {
		if _, comment := d.Text(key); comment != want {
			t.Errorf("the comment of %s is %q, want %q", key, comment, want)
		}
	}
	if err := d.Set("animal.legs=9"); err != nil {
		t.Fatal(err)
	}
	if err := d.Decode(&z); err == nil || err.Error() != "--set animal.legs=9: found 9, must be from 0 to 8" {
		t.Errorf("--set over a base: %v", err)
	}
	absolute, err := filepath.Abs("common/zoo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	folder(t, map[string]string{"far.yaml": "base: " + absolute + "\n"})
	if _, _, err := readProfile("far.yaml"); err != nil {
		t.Errorf("an absolute base: %v", err)
	}
}

func TestAFaultNamesTheFileThatItIsIn(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"a base that is not there", map[string]string{"a.yaml": "\nbase: b.yaml\n"}, `a.yaml:2: base: cannot read b.yaml: no such file or directory`},
		{"a folder", map[string]string{"a.yaml": "base: b\n", "b/c": ""}, `a.yaml:1: base: cannot read b: found a folder, must be a regular file`},
		{"an empty name", map[string]string{"a.yaml": "base: ''\n"}, `a.yaml:1: base: cannot read .: found a folder, must be a regular file`},
		{"no name", map[string]string{"a.yaml": "base:\n"}, `a.yaml:1: base: found nothing, must be the path of a file`},
		{"a base of the base that is not there", map[string]string{"a.yaml": "base: b/b.yaml\n", "b/b.yaml": "base: c.yaml\n"}, `b/b.yaml:1: base: cannot read b/c.yaml: no such file or directory`},
		{"itself", map[string]string{"a.yaml": "base: a.yaml\n"}, `a.yaml:1: base: found "a.yaml", must be a file that is not based on this one`},
		{"in a circle", map[string]string{"a.yaml": "base: b/b.yaml\n", "b/b.yaml": "seed: 1\nbase: ../a.yaml\n"}, `b/b.yaml:2: base: found "../a.yaml", must be a file that is not based on this one`},
		{"an empty base", map[string]string{"a.yaml": "base: b.yaml\n", "b.yaml": ""}, `b.yaml:1: found nothing, must be a mapping`},
		{"a base that is no YAML", map[string]string{"a.yaml": "base: b.yaml\n", "b.yaml": "[1"}, `b.yaml:1: not valid YAML: sequence end token ']' not found`},
		{"a bad value in the base", map[string]string{"a.yaml": "base: b.yaml\n", "b.yaml": strings.Replace(good, "0.25", "-1", 1)}, `b.yaml:6: animal.mass: found -1, must be greater than 0`},
		{"a bad value in place of the base's", map[string]string{"a.yaml": "base: b.yaml\nanimal:\n  mass: -1\n", "b.yaml": good}, `a.yaml:3: animal.mass: found -1, must be greater than 0`},
		{"an unknown key", map[string]string{"a.yaml": "base: b.yaml\nanimal:\n  mas: 1\n", "b.yaml": good}, `a.yaml:3: animal.mas: unknown key, did you mean mass?`},
		{"a value taken away", map[string]string{"a.yaml": "base: b.yaml\nanimal:\n  mass:\n", "b.yaml": good}, `a.yaml:3: animal.mass: found nothing, must be greater than 0`},
		{"a section in a scalar's place", map[string]string{"a.yaml": "base: b.yaml\nseed: {a: 1}\n", "b.yaml": good}, `a.yaml:2: seed: found a mapping, must be a whole number from 0 to 18446744073709551615`},
		{"a key that neither has", map[string]string{"a.yaml": "base: b.yaml\n", "b.yaml": strings.Replace(good, "boxes: [2, 3.5]\n", "", 1)}, `a.yaml:1: boxes: missing, must be at least 1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder(t, c.files)
			_, _, err := readProfile("a.yaml")
			if err == nil {
				t.Fatalf("was accepted; want %s", c.want)
			}
			if err.Error() != c.want {
				t.Errorf("\n got %s\nwant %s", err, c.want)
			}
		})
	}
}

func TestABaseIsAKeyLikeAnyOtherToRead(t *testing.T) {
	folder(t, map[string]string{"sweep.yaml": "base: not-there.yaml\n"})
	d, err := Read("sweep.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := d.Text("base"); text != "not-there.yaml" {
		t.Errorf("got %q", text)
	}
}

func TestMergingLeavesBothDocumentsAsTheyAre(t *testing.T) {
	base, err := Parse("base", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	over, err := Parse("over", []byte("animal: {mass: 2}\nkeepers: {day: null, noon: 1}\n"))
	if err != nil {
		t.Fatal(err)
	}
	base.Merge(over)
	var z zoo
	if err := base.Decode(&z); err != nil || z.Animal.Mass != 0.25 || len(z.Keepers) != 2 {
		t.Errorf("the base has become %+v, %v", z, err)
	}
	if got := strings.Join(over.Keys("keepers"), " "); got != "day noon" {
		t.Errorf("what was laid over it has become %s", got)
	}
}
