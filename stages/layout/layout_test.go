package layout

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSettingsHaveFoldersOfTheirOwn(t *testing.T) {
	at := func(parts ...string) string { return filepath.Join(append([]string{"artifacts"}, parts...)...) }
	for _, c := range []struct {
		name string
		sets []string
		want string // begins so
	}{
		{"", nil, at("laptop")},
		{"mine", nil, at("laptop", "mine")},
		{"", []string{"seed=2"}, at("laptop", "seed=2")},
		{"", []string{"seed=2", "loss.sigma_g=0.5"}, at("laptop", "seed=2,loss.sigma_g=0.5")},
		{"mine", []string{"seed=2"}, at("laptop", "mine")},
		{"", []string{"loss={a: ../../x}"}, at("laptop", "set-loss=_a_")},
		{"", []string{".=1"}, at("laptop", "set-1-")},
		{"", []string{"seeds=[" + strings.Repeat("1, ", 400) + "]"}, at("laptop", "set-seeds=_1,_1")},
	} {
		got := Path("laptop", c.name, c.sets)
		if !strings.HasPrefix(got, c.want) || filepath.Dir(got) != filepath.Dir(c.want) || len(filepath.Base(got)) > 80 {
			t.Errorf("--name %q --set %q: %s, want %s", c.name, c.sets, got, c.want)
		}
	}
	if a, b := Path("laptop", "", []string{"a=[1]"}), Path("laptop", "", []string{"a=(1)"}); a == b {
		t.Errorf("two settings share the folder %s", a)
	}
}

// laid is a folder with one file laid out in it.
func laid(t *testing.T, data string) (Folder, File) {
	t.Helper()
	f := Folder{Path: filepath.Join(t.TempDir(), "laptop"), Profile: "laptop.yaml", Set: []string{"seed=2"}}
	file := NewFile(filepath.Join(f.Path, "figure.svg"), []byte(data))
	if done, err := f.LayOut(t.Context(), []File{file}); err != nil || !slices.Equal(done.Written, []string{file.Path}) {
		t.Fatalf("wrote %v, %v", done.Written, err)
	}
	return f, file
}

func TestAnAlteredFileIsKeptAndAnOldOneIsNot(t *testing.T) {
	f, file := laid(t, "one")
	file.Data = []byte("two")
	if done, err := f.LayOut(t.Context(), []File{file}); err != nil || len(done.Written) != 1 || len(done.Kept) != 0 {
		t.Errorf("in the place of what was laid out before: %+v, %v", done, err)
	}
	for i, theirs := range []string{"theirs", "theirs too"} {
		if err := os.WriteFile(file.Path, []byte(theirs), 0o644); err != nil {
			t.Fatal(err)
		}
		done, err := f.LayOut(t.Context(), []File{file})
		if err != nil || len(done.Kept) != 1 || !file.Current() {
			t.Fatalf("in the place of somebody's: %+v, %v", done, err)
		}
		if data, err := os.ReadFile(done.Kept[0]); err != nil || string(data) != theirs {
			t.Errorf("copy %d holds %q, %v", i, data, err)
		}
	}
	if done, err := f.LayOut(t.Context(), []File{file}); err != nil || len(done.Written) != 0 {
		t.Errorf("again: %+v, %v", done, err)
	}
}

func TestAFolderIsOfTheSameSettingsAlways(t *testing.T) {
	f, _ := laid(t, "one")
	if err := f.Check(); err != nil {
		t.Error(err)
	}
	f.Set = []string{"seed=3"}
	if err := f.Check(); !errors.Is(err, ErrOtherSettings) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(f.Path, contentsFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); err != nil {
		t.Errorf("a damaged list says nothing: %v", err)
	}
}

func TestCleanTakesWhatWasLaidOutAlone(t *testing.T) {
	f, file := laid(t, "one")
	altered, outside := NewFile(filepath.Join(f.Path, "altered.svg"), []byte("one")), filepath.Join(filepath.Dir(f.Path), "outside")
	if _, err := f.LayOut(t.Context(), []File{file, altered}); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{altered.Path: "theirs", outside: "one", filepath.Join(f.Path, "notes"): "theirs"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, _ := read(f.Path) // somebody has tampered with the list
	list := `{"set": [], "files": {"figure.svg": "` + c.Files["figure.svg"] + `", "altered.svg": "` + c.Files["figure.svg"] +
		`", "../outside": "` + c.Files["figure.svg"] + `"}}`
	if err := os.WriteFile(filepath.Join(f.Path, contentsFile), []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	removed, left, err := Clean(f.Path)
	if err != nil || removed != 1 || !slices.Equal(left, []string{altered.Path}) {
		t.Errorf("removed %d, left %v, %v", removed, left, err)
	}
	for _, path := range []string{altered.Path, outside, filepath.Join(f.Path, "notes")} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestAFigureIsDueWhenAnythingOfItDiffers(t *testing.T) {
	f := Folder{Path: filepath.Join(t.TempDir(), "laptop"), Profile: "laptop.yaml"}
	var files []File
	for _, name := range []string{"figure-1.svg", "figure-1.json"} {
		file := NewFile(filepath.Join(f.Path, name), []byte(name))
		file.figure, file.of = "figure-1", "this"
		files = append(files, file)
	}
	due := func(of string) bool {
		c, _ := read(f.Path)
		return !c.still(f.Path, "figure-1", of)
	}
	layOut := func() {
		t.Helper()
		if _, err := f.LayOut(t.Context(), files); err != nil {
			t.Fatal(err)
		}
		if due("this") {
			t.Error("due though it has just been laid out")
		}
	}
	if !due("this") {
		t.Error("not due before it was laid out")
	}
	layOut()
	if !due("that") || !due("") {
		t.Error("not due where it would be made of something else")
	}
	for what, change := range map[string]func(path string) error{
		"altered":       func(path string) error { return os.WriteFile(path, []byte("figure-2.svg"), 0o644) }, // as long
		"gone":          os.Remove,
		"another's now": func(path string) error { return errors.Join(os.Remove(path), os.Symlink("/dev/zero", path)) },
	} {
		if err := change(files[0].Path); err != nil {
			t.Fatal(err)
		}
		if !due("this") {
			t.Error("not due where a file is " + what)
		}
		if err := os.RemoveAll(files[0].Path); err != nil {
			t.Fatal(err)
		}
		layOut()
	}
	if _, left, err := Clean(f.Path); err != nil || len(left) > 0 || !due("this") {
		t.Errorf("after it was cleaned away: left %v, %v", left, err)
	}
}
