package ndarray

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

type lists struct {
	Unit int32     `parquet:"unit"`
	Mean []float32 `parquet:"mean,list"`
	Note string    `parquet:"note"`
}

type nested struct {
	Map [][]float64 `parquet:"map,list" parquet-element:",list"`
}

type plain struct {
	X    float64  `parquet:"x"`
	Y    *float64 `parquet:"y,optional"`
	Step int64    `parquet:"step"`
}

type both struct {
	A []float32 `parquet:"a"`
	B []float32 `parquet:"b"`
}

func write[T any](t *testing.T, rows []T, options ...parquet.WriterOption) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.parquet")
	if err := parquet.WriteFile(path, rows, options...); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestColumnsOfOtherProgramsAreRead(t *testing.T) {
	half := 0.5
	rows := make([]lists, 3000) // several pages
	for i := range rows {
		rows[i] = lists{Unit: int32(i), Mean: []float32{float32(i), 1, 2, float32(math.NaN())}}
	}
	for _, c := range []struct {
		name  string
		path  string
		names []string
		shape []int
		want  []float64 // the first values
	}{
		{"lists", write(t, rows, parquet.PageBufferSize(1000)), nil, []int{3000, 4}, []float64{0, 1, 2}},
		{"gzip", write(t, rows[:2], parquet.Compression(&parquet.Gzip)), []string{"mean"}, []int{2, 4}, []float64{0, 1, 2}},
		{"lists of lists", write(t, []nested{{[][]float64{{1, 2, 3}, {4, 5, 6}}}, {[][]float64{{7, 8, 9}, {0, 1, 2}}}}), nil, []int{2, 2, 3}, []float64{1, 2, 3, 4, 5, 6, 7}},
		{"plain columns", write(t, []plain{{1, &half, 5}, {2, nil, 6}}), nil, []int{2, 3}, []float64{1, 0.5, 5, 2}},
		{"plain columns by name", write(t, []plain{{1, &half, 5}}), []string{"y", "x"}, []int{1, 2}, []float64{0.5, 1}},
	} {
		a, err := ReadParquet(c.path, c.names...)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !slices.Equal(a.Shape, c.shape) || !slices.Equal(a.Values[:len(c.want)], c.want) {
			t.Errorf("%s: shape %v, values %v; want %v and %v", c.name, a.Shape, a.Values[:len(c.want)], c.shape, c.want)
		}
	}
	a, err := ReadParquet(write(t, []plain{{1, &half, 5}, {2, nil, 6}}))
	if err != nil || !math.IsNaN(a.Values[4]) {
		t.Errorf("a missing value is %v, %v; want NaN", a, err)
	}
}

type mixed struct {
	A float32   `parquet:"a"`
	B int8      `parquet:"b"`
	C uint64    `parquet:"c"`
	D bool      `parquet:"d"`
	E *uint32   `parquet:"e,optional"`
	F string    `parquet:"f"`
	G time.Time `parquet:"g,timestamp"`
	H [3]byte   `parquet:"h"`
	I int64     `parquet:"i,decimal(2:18)"`
}

// A table's columns of numbers of any type are read in their order, by their names; what the others
// are is said.
func TestColumnsOfEveryNumericTypeAreRead(t *testing.T) {
	e := uint32(math.MaxUint32)
	a, err := ReadParquet(write(t, []mixed{{A: 0.5, B: -3, C: math.MaxUint64, D: true, E: &e, F: "x", I: 5}, {A: 1.5, B: 4, C: 7}}))
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{0.5, -3, math.MaxUint64, 1, math.MaxUint32, 1.5, 4, 7, 0}
	if !slices.Equal(a.Names, []string{"a", "b", "c", "d", "e"}) || !slices.Equal(a.Values[:9], want) || !math.IsNaN(a.Values[9]) {
		t.Errorf("%v %v, want %v", a.Names, a.Values, want)
	}
	if got := strings.Join(a.LeftOut, ", "); got != "f (text), g (dates or times of day), h (text), i (decimals)" {
		t.Errorf("left out: %s", got)
	}
	if a, err = ReadParquet(write(t, []mixed{{B: 2, D: true}}), "d", "b"); err != nil || !slices.Equal(a.Values, []float64{1, 2}) || a.LeftOut != nil {
		t.Errorf("%v, %v", a, err)
	}
}

func TestParquetFilesThatAreNoArrayAreRefusedInOneLine(t *testing.T) {
	sound, err := os.ReadFile(write(t, []plain{{X: 1}}))
	if err != nil {
		t.Fatal(err)
	}
	raw := func(data []byte) string {
		path := filepath.Join(t.TempDir(), "a.parquet")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	huge := slices.Clone(sound)
	huge[len(huge)-5] = 0x7f
	for want, path := range map[string]string{
		"no such file":                           filepath.Join(t.TempDir(), "no.parquet"),
		"is no Parquet file: it does not end":    raw([]byte("x,y\n1,2\n")),
		"is no Parquet file: it does not":        raw(sound[:len(sound)-3]),
		"its footer is longer than the file":     raw(huge),
		"several columns of lists, a, b":         write(t, []both{{[]float32{1}, []float32{2}}}),
		"no column of numbers":                   write(t, []struct{ N string }{{"a"}}),
		"list 1 has 1 values, the first has 2":   write(t, []both{{A: []float32{1, 2}}, {A: []float32{3}}}) + " a",
		`no column "c" of numbers`:               write(t, []both{{A: []float32{1, 2}}}) + " c",
		"compressed by LZ4_RAW":                  write(t, []plain{{X: 1}}, parquet.Compression(&parquet.Lz4Raw)),
		`column "a" holds lists, must be plain `: write(t, []both{{A: []float32{1}}}) + " a b",
	} {
		fields := strings.Fields(path)
		if _, err := ReadParquet(fields[0], fields[1:]...); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, want)
		}
	}
}
