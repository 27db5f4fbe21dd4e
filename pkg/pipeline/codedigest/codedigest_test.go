package codedigest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tree is a small module on disk.
type tree struct {
	t    *testing.T
	root string
}

func newTree(t *testing.T) *tree {
	tr := &tree{t, filepath.Join(t.TempDir(), "a[b]")} // a folder's name is no pattern
	for name, text := range map[string]string{
		"go.mod":                      "module sample\n\ngo 1.26\n\nrequire (\n\texample.org/num v1.2.0\n\texample.org/num/deep v0.1.0 // indirect\n)\n\nrequire example.org/codec v1.0.0\n",
		"stages/train/train.go":       "package train\n\nimport (\n\t\"math\"\n\t\"sample/pkg/core\"\n\t\"sample/pkg/store\"\n)\n\n// Run trains.\nfunc Run(x float64) float64 {\n\tstore.Put()\n\treturn core.Step(math.Sqrt(x), 1)\n}\n",
		"stages/train/row.go":         "package train\n\ntype row struct {\n\tX float64 `col:\"x\" unit:\"m\" doc:\"a place\"`\n}\n\nconst text = `doc:\"said\"`\n",
		"stages/plot/plot.go":         "package plot\n\nimport \"sample/pkg/theme\"\n\nvar Size = theme.Size\n\ntype Params struct {\n\tDPI []int `json:\"dpi\" range:\"> 0\" doc:\"of the PNG\"`\n}\n",
		"pkg/core/core.go":            "package core\n\nimport _ \"example.org/num/mat\"\n\nfunc Step(x, y float64) float64 { return kernel(x) * y }\n",
		"pkg/core/kernel_amd64.go":    "package core\n\n//go:noescape\nfunc kernel(x float64) float64\n",
		"pkg/core/kernel_amd64.s":     "#include \"textflag.h\"\n// the kernel\nTEXT ·kernel(SB), NOSPLIT, $0-16\n\tMOVSD x+0(FP), X0 // load\n\tRET\n",
		"pkg/core/kernel_other.go":    "//go:build !amd64\n\npackage core\n\nfunc kernel(x float64) float64 { return x }\n",
		"pkg/core/core_test.go":       "package core\n\nconst inTest = 1\n",
		"pkg/core/generate.go":        "//go:build ignore\n\npackage main\n\nimport _ \"example.org/unknown\"\n",
		"pkg/theme/theme.go":          "package theme\n\nimport _ \"embed\"\n\n//go:embed colours.txt shaders\nvar Colours string\n\nconst Size = 3\n",
		"pkg/theme/colours.txt":       "jet\n",
		"pkg/theme/shaders/step.comp": "void main() { }\n",
		"pkg/theme/shaders/.hidden":   "x",
		"pkg/store/store.go":          "package store\n\nimport _ \"example.org/codec\"\n\nfunc Put() {}\n",
	} {
		tr.write(name, text)
	}
	return tr
}

func (tr *tree) write(name, text string) {
	tr.t.Helper()
	path := filepath.Join(tr.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tr.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *tree) replace(name, old, new string) {
	tr.t.Helper()
	data, err := os.ReadFile(filepath.Join(tr.root, name))
	if err != nil || !strings.Contains(string(data), old) {
		tr.t.Fatalf("%s: no %q in it (%v)", name, old, err)
	}
	tr.write(name, strings.Replace(string(data), old, new, 1))
}

func (tr *tree) compute() Digests {
	tr.t.Helper()
	d, err := Compute(tr.root, map[string]string{"train": "stages/train", "plot": "stages/plot"}, []string{"pkg/store"})
	if err != nil {
		tr.t.Fatal(err)
	}
	return d
}

func TestTheCodeOfAStage(t *testing.T) {
	d := newTree(t).compute()
	for stage, want := range map[string][]string{
		"train": {"pkg/core/core.go", "pkg/core/kernel_amd64.go", "pkg/core/kernel_amd64.s", "pkg/core/kernel_other.go", "stages/train/row.go", "stages/train/train.go"},
		"plot":  {"pkg/theme/colours.txt", "pkg/theme/shaders/step.comp", "pkg/theme/theme.go", "stages/plot/plot.go"},
	} {
		if got := slices.Sorted(maps.Keys(d.Stages[stage].Files)); !slices.Equal(got, want) {
			t.Errorf("%s: files %q, want %q", stage, got, want)
		}
	}
	if m := d.Stages["train"].Modules; len(m) != 1 || m["example.org/num"] != "v1.2.0" {
		t.Errorf("modules %v", m)
	}
}

// A stage with the device's code that it is given has both, and what both import once.
func TestTheCodeOfAStageOnADevice(t *testing.T) {
	tr := newTree(t)
	d, err := Compute(tr.root, map[string]string{"plot-on-core": "stages/plot+pkg/core"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"pkg/core/core.go", "pkg/core/kernel_amd64.go", "pkg/core/kernel_amd64.s", "pkg/core/kernel_other.go",
		"pkg/theme/colours.txt", "pkg/theme/shaders/step.comp", "pkg/theme/theme.go", "stages/plot/plot.go"}
	if got := slices.Sorted(maps.Keys(d.Stages["plot-on-core"].Files)); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

// edits are changes to the tree, with the stages whose results they may change.
var edits = []struct {
	name           string
	file, old, new string
	changes        []string
}{
	{"a comment", "stages/train/train.go", "// Run trains.", "// Run trains the network.\n//\n// At length.", nil},
	{"a comment in assembly", "pkg/core/kernel_amd64.s", "// load", "/* load x */", nil},
	{"layout", "stages/train/train.go", "func Run(x float64) float64 {\n", "func Run(\n\tx float64,\n) float64 {\n\n", nil},
	{"layout of a block", "pkg/core/core.go", "{ return kernel(x) * y }", "{\n\treturn kernel(x) * y // product\n}", nil},
	{"white space in assembly", "pkg/core/kernel_amd64.s", "\tMOVSD x+0(FP), X0", "    MOVSD  x+0(FP), X0", nil},
	{"a test", "pkg/core/core_test.go", "1", "2", nil},
	{"a generator", "pkg/core/generate.go", "main", "generate", nil},
	{"an excluded package", "pkg/store/store.go", "{}", "{ panic(1) }", nil},
	{"a module that only excluded packages import", "go.mod", "codec v1.0.0", "codec v1.1.0", nil},
	{"the meaning of a column", "stages/train/row.go", "a place", `where \"it\" is`, nil},
	{"a column without a meaning", "stages/train/row.go", ` doc:"a place"`, "", nil},
	{"the unit of a column", "stages/train/row.go", `unit:"m"`, `unit:"km"`, []string{"train"}},
	{"a text like a meaning", "stages/train/row.go", "said", "meant", []string{"train"}},
	{"go generate", "pkg/core/core.go", "func Step", "//go:generate echo\nfunc Step", nil},
	{"a file that is not embedded", "pkg/theme/shaders/.hidden", "x", "y", nil},
	{"a parameter's meaning and range", "stages/plot/plot.go", "range:\"> 0\" doc:\"of the PNG\"", "range:\">= 1\" doc:\"dots per inch\"", nil},
	{"a parameter's key", "stages/plot/plot.go", "json:\"dpi\"", "json:\"dots\"", []string{"plot"}},
	{"code", "stages/train/train.go", "math.Sqrt(x)", "math.Sqrt(2*x)", []string{"train"}},
	{"code of an import", "pkg/core/core.go", "* y", "+ y", []string{"train"}},
	{"a literal", "stages/train/train.go", ", 1)", ", 2)", []string{"train"}},
	{"code of another platform", "pkg/core/kernel_other.go", "return x", "return -x", []string{"train"}},
	{"a build constraint", "pkg/core/kernel_other.go", "!amd64", "!arm64", []string{"train"}},
	{"a directive", "pkg/core/kernel_amd64.go", "//go:noescape\n", "", []string{"train"}},
	{"assembly", "pkg/core/kernel_amd64.s", "X0", "X1", []string{"train"}},
	{"a module's version", "go.mod", "num v1.2.0", "num v1.3.0", []string{"train"}},
	{"a module's replacement", "go.mod", "require example.org/codec", "replace example.org/num => ../num\n\nrequire example.org/codec", []string{"train"}},
	{"an embedded file", "pkg/theme/colours.txt", "jet", "viridis", []string{"plot"}},
	{"a file in an embedded folder", "pkg/theme/shaders/step.comp", "{ }", "{ int x; }", []string{"plot"}},
}

func TestWhatChangesTheDigest(t *testing.T) {
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			tr := newTree(t)
			before := tr.compute()
			tr.replace(e.file, e.old, e.new)
			after := tr.compute()
			for _, stage := range []string{"train", "plot"} {
				changed := before.Stages[stage].Digest != after.Stages[stage].Digest
				if want := slices.Contains(e.changes, stage); changed != want {
					t.Errorf("%s changed: %v, want %v", stage, changed, want)
				}
			}
		})
	}
}

// Current must say just what a new computation would say.
func TestCurrentAgreesWithCompute(t *testing.T) {
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			tr := newTree(t)
			d := tr.compute()
			tr.replace(e.file, e.old, e.new)
			changes, err := Current(tr.root, d)
			if err != nil {
				t.Fatal(err)
			}
			if len(e.changes) == 0 {
				if len(changes) != 0 {
					t.Errorf("changes %v, want none", changes)
				}
				return
			}
			if len(changes) != 1 || !slices.Equal(changes[0].Stages, e.changes) {
				t.Fatalf("changes %v, want one of stages %q", changes, e.changes)
			}
			if e.file != "go.mod" && (changes[0].File != e.file || changes[0].What != "changed") {
				t.Errorf("change %v, want %s changed", changes[0], e.file)
			}
		})
	}
}

func TestCurrentSeesFilesComeAndGo(t *testing.T) {
	tr := newTree(t)
	d := tr.compute()
	tr.write("pkg/core/more.go", "package core\n")
	tr.write("pkg/core/tool.go", "//go:build ignore\n\npackage main\n")
	tr.write("pkg/theme/shaders/more.comp", "void main() { }\n")
	if err := os.Remove(filepath.Join(tr.root, "stages/plot/plot.go")); err != nil {
		t.Fatal(err)
	}
	changes, err := Current(tr.root, d)
	if err != nil {
		t.Fatal(err)
	}
	want := "[{stages/plot/plot.go gone [plot]} {pkg/core/more.go new [train]} {pkg/theme/shaders/more.comp new [plot]}]"
	if got := fmt.Sprint(changes); got != want {
		t.Errorf("changes %s, want %s", got, want)
	}
}

func TestAFileThatDoesNotParseIsAChange(t *testing.T) {
	tr := newTree(t)
	d := tr.compute()
	tr.replace("pkg/core/core.go", "package core", "package core \"")
	if changes, err := Current(tr.root, d); err != nil || len(changes) != 1 {
		t.Errorf("changes %v, error %v", changes, err)
	}
	if _, err := Compute(tr.root, map[string]string{"train": "stages/train"}, []string{"pkg/store"}); err == nil || !strings.Contains(err.Error(), "pkg/core/core.go:1") {
		t.Errorf("error %v does not name file and line", err)
	}
}

func TestMissingImportsAreNamed(t *testing.T) {
	tr := newTree(t)
	tr.replace("pkg/core/core.go", "example.org/num/mat", "example.org/other")
	_, err := Compute(tr.root, map[string]string{"train": "stages/train"}, nil)
	if err == nil || !strings.Contains(err.Error(), `pkg/core/core.go: import "example.org/other"`) {
		t.Errorf("error %v", err)
	}
	_, err = Compute(tr.root, map[string]string{"none": "stages/none"}, nil)
	if err == nil || !strings.Contains(err.Error(), "stage none") {
		t.Errorf("error %v", err)
	}
}

func TestDigestsSurviveJSON(t *testing.T) {
	tr := newTree(t)
	d := tr.compute()
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if changes, err := Current(tr.root, back); err != nil || len(changes) != 0 {
		t.Errorf("changes %v, error %v", changes, err)
	}
	if root, ok := FindRoot(filepath.Join(tr.root, "pkg", "core"), back.Module); !ok || root != tr.root {
		t.Errorf("root %q, %v", root, ok)
	}
	if _, err := Parse([]byte("{}")); err == nil {
		t.Error("read digests without stages")
	}
}

func TestCurrentIsFast(t *testing.T) {
	tr := newTree(t)
	body := strings.Repeat("// line of a comment\nfunc _() { _ = 1 + 2*3 }\n", 200)
	for i := range 100 {
		tr.write(fmt.Sprintf("pkg/core/more%d.go", i), "package core\n\n"+body)
	}
	d := tr.compute()
	best := time.Hour
	for range 5 {
		begun := processorTime(t) // not time: other programs share the machine
		if changes, err := Current(tr.root, d); err != nil || len(changes) != 0 {
			t.Fatalf("changes %v, error %v", changes, err)
		}
		best = min(best, processorTime(t)-begun)
	}
	if best > 60*time.Millisecond {
		t.Errorf("100 files of 10 kB take %v of processors", best)
	}
	t.Logf("100 files of 10 kB: %v", best)
}

// processorTime is what this process has had of processors.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
