package ndarray

import (
	"archive/zip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func npz(t *testing.T, path string) *Arrays {
	t.Helper()
	a, err := OpenNpz(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func TestArraysOfAnArchiveAreReadByTheirKeys(t *testing.T) {
	for path, key := range map[string]string{"testdata/two.npz": "maps", "testdata/one.npz": ""} {
		v, err := npz(t, path).Read(key)
		if err != nil || !slices.Equal(v.Shape, []int{2, 3, 4}) || v.Values[0] != -5 || v.Values[23] != 18 {
			t.Errorf("%s: %v, %v", path, v, err)
		}
	}
	two := npz(t, "testdata/two.npz")
	if !slices.Equal(two.Keys(), []string{"maps", "box"}) {
		t.Errorf("keys %v", two.Keys())
	}
	for key, want := range map[string]string{"": "has the arrays maps, box (and of no numbers label): name one as testdata/two.npz:KEY",
		"other": `has no array "other", has the arrays maps, box`, "label": "holds values of type"} {
		if v, err := two.Read(key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", key, v, err, want)
		}
	}
	if index, err := npz(t, "testdata/tsgroup.npz").Read("index"); err != nil || !slices.Equal(index.Values, []float64{3, 7, 3}) {
		t.Errorf("units of the spikes %v, %v", index, err)
	}
}

func TestArchivesThatAreNoneAreRefusedInOneLine(t *testing.T) {
	dir := t.TempDir()
	text, folder, short := filepath.Join(dir, "text.npz"), dir, filepath.Join(dir, "short.npz")
	if err := os.WriteFile(text, []byte("x,y\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile("testdata/one.npz")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(short, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{text: "is no .npz file", short: "is no .npz file", filepath.Join(dir, "no.npz"): "no such file", folder: "cannot read"} {
		if _, err := OpenNpz(path); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}

	// One that says it unpacks to a thousand times what it could.
	path := filepath.Join(dir, "bomb.npz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	member, err := z.CreateRaw(&zip.FileHeader{Name: "maps.npy", Method: zip.Deflate, UncompressedSize64: 1 << 40, CompressedSize64: 4})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := member.Write([]byte("few!")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if v, err := npz(t, path).Read("maps"); err == nil || !strings.Contains(err.Error(), "packed into 4: the file is damaged") {
		t.Errorf("%v, %v", v, err)
	}
}
