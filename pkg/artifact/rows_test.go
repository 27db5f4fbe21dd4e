package artifact

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// everything has a column of every type.
type everything struct {
	Flag    bool      `col:"flag"`
	Small   int32     `col:"small"`
	Big     int64     `col:"big"`
	Single  float32   `col:"single" unit:"m"`
	Double  float64   `col:"double" unit:"rad/m"`
	Text    string    `col:"text"`
	Blob    []byte    `col:"blob"`
	Smalls  []int32   `col:"smalls"`
	Bigs    []int64   `col:"bigs"`
	Singles []float32 `col:"singles" unit:"m" shape:"ny,nx"`
	Doubles []float64 `col:"doubles"`
}

func drawRow(t *rapid.T) everything {
	float32s := rapid.OneOf(rapid.Float32(), rapid.Just(float32(math.NaN())), rapid.Just(float32(math.Inf(-1))))
	float64s := rapid.OneOf(rapid.Float64(), rapid.Just(math.NaN()), rapid.Just(math.Copysign(0, -1)))
	return everything{
		Flag:    rapid.Bool().Draw(t, "flag"),
		Small:   rapid.Int32().Draw(t, "small"),
		Big:     rapid.Int64().Draw(t, "big"),
		Single:  float32s.Draw(t, "single"),
		Double:  float64s.Draw(t, "double"),
		Text:    rapid.String().Draw(t, "text"),
		Blob:    rapid.SliceOf(rapid.Byte()).Draw(t, "blob"),
		Smalls:  rapid.SliceOf(rapid.Int32()).Draw(t, "smalls"),
		Bigs:    rapid.SliceOf(rapid.Int64()).Draw(t, "bigs"),
		Singles: rapid.SliceOf(float32s).Draw(t, "singles"),
		Doubles: rapid.SliceOf(float64s).Draw(t, "doubles"),
	}
}

func drawRows(t *rapid.T, least int) []everything {
	rows := rapid.SliceOfN(rapid.Custom(drawRow), least, 20).Draw(t, "rows")
	return append([]everything{}, rows...)
}

var drawMeta = rapid.MapOfN(rapid.StringMatching(`[a-z_]{1,8}`), rapid.String(), 0, 4)

func table[T any](t interface {
	Helper()
	Fatal(...any)
}, rows []T, meta map[string]string) arrow.Record {
	t.Helper()
	rec, err := FromRows(rows, meta)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

var sameRows = cmp.Options{cmpopts.EquateNaNs(), cmpopts.EquateEmpty()}

func TestRowsComeBackFromATable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, meta := drawRows(t, 0), drawMeta.Draw(t, "meta")
		rec := table(t, rows, meta)
		back, err := Rows[everything](rec)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(rows, back, sameRows); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(meta, Meta(rec), cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

func TestRowsOfASliceAreTheRowsOfThatSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawRows(t, 1)
		from := rapid.IntRange(0, len(rows)).Draw(t, "from")
		to := rapid.IntRange(from, len(rows)).Draw(t, "to")
		back, err := Rows[everything](table(t, rows, nil).NewSlice(int64(from), int64(to)))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(rows[from:to], back, sameRows); d != "" {
			t.Fatal(d)
		}
	})
}

// Place is exported, for what it is embedded in must be able to reach it.
type Place struct {
	X float64 `col:"x" unit:"m"`
	Y float64 `col:"y" unit:"m"`
}

func TestFieldsOfAnEmbeddedStructStandWhereItDoes(t *testing.T) {
	type visit struct {
		Step int32 `col:"step"`
		Place
		Rate float64 `col:"rate"`
	}
	rows := []visit{{1, Place{2, 3}, 4}, {5, Place{6, 7}, 8}}
	rec := table(t, rows, nil)
	var names []string
	for _, f := range rec.Schema().Fields() {
		names = append(names, f.Name)
	}
	if want := []string{"step", "x", "y", "rate"}; !slices.Equal(names, want) {
		t.Errorf("columns %v, want %v", names, want)
	}
	back, err := Rows[visit](rec)
	if err != nil || !slices.Equal(back, rows) {
		t.Errorf("rows %v, %v", back, err)
	}
	type twice struct {
		X float64 `col:"x"`
		Place
	}
	if _, err := FromRows([]twice{{}}, nil); err == nil {
		t.Error("a table with two columns of one name was made")
	}
}

// corners are two numbers, each with a name.
type corners [2]float64

func (corners) Columns() []string { return []string{"left", "right"} }

func TestAnArrayWithNamesIsAColumnForEach(t *testing.T) {
	type bar struct {
		Step  int32   `col:"step"`
		Edges corners `col:"*_edge" unit:"m"`
		Rate  float64 `col:"rate"`
	}
	rows := []bar{{1, corners{2, 3}, 4}, {5, corners{6, 7}, 8}}
	rec := table(t, rows, nil)
	if names, want := columnNames(rec), "step, left_edge, right_edge, rate"; names != want {
		t.Errorf("columns %s, want %s", names, want)
	}
	back, err := Rows[bar](rec)
	if err != nil || !slices.Equal(back, rows) {
		t.Errorf("rows %v, %v", back, err)
	}
	type right struct {
		Edge float64 `col:"right_edge" unit:"m"`
	}
	if one, err := Rows[right](rec); err != nil || !slices.Equal(one, []right{{3}, {7}}) {
		t.Errorf("one column of an array: %v, %v", one, err)
	}
	for name, err := range map[string]error{
		"two columns of one name": func() error {
			_, err := FromRows([]struct {
				E corners `col:"edge"`
			}{}, nil)
			return err
		}(),
		"an array without names": func() error {
			_, err := FromRows([]struct {
				E [2]float64 `col:"*"`
			}{}, nil)
			return err
		}(),
	} {
		if err == nil {
			t.Errorf("a table with %s was made", name)
		}
	}
}

func TestAViewReadsJustItsColumns(t *testing.T) {
	type view struct {
		Singles []float32 `col:"singles"`
		Single  float32   `col:"single" unit:"m"`
	}
	got, err := Rows[view](table(t, []everything{{Single: 2, Text: "unread", Singles: []float32{1, 2}}}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]view{{Single: 2, Singles: []float32{1, 2}}}, got); d != "" {
		t.Fatal(d)
	}
}

func TestChangingARowLeavesTheTableAlone(t *testing.T) {
	rows := []everything{{Singles: []float32{1, 2}, Blob: []byte("ab")}, {Singles: []float32{3}}}
	rec := table(t, rows, nil)
	digest := LogicalDigest(rec)
	rows[0].Singles[0] = 9
	view, err := Rows[everything](rec)
	if err != nil {
		t.Fatal(err)
	}
	view[0].Singles[1], view[0].Blob[0] = 9, 'z'
	view[0].Singles = append(view[0].Singles, 9)
	if view[1].Singles[0] != 3 {
		t.Error("appending to the list of one row changed the next row's")
	}
	if LogicalDigest(rec) != digest {
		t.Error("changing rows changed the table that they came from or went to")
	}
}

func TestAViewThatDoesNotFitIsRefused(t *testing.T) {
	rec := table(t, []everything{{}}, nil)
	for _, c := range []struct {
		read func() error
		want string
	}{
		{reading[struct {
			X float32 `col:"x"`
		}](rec), `no column "x"`},
		{reading[struct {
			X float64 `col:"single"`
		}](rec), `column "single" holds float32, but struct`},
		{reading[struct {
			X []float64 `col:"singles"`
		}](rec), `column "singles" holds []float32`},
		{reading[struct {
			X float32 `col:"single" unit:"cm"`
		}](rec), `column "single" is in "m"`},
		{reading[struct {
			X float32 `col:"small" unit:"m"`
		}](rec), `column "small" holds int32`},
		{reading[struct{ X float32 }](rec), `names no column`},
		{reading[int](rec), `rows must be structs`},
	} {
		err := c.read()
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v; want one line with %q", err, c.want)
		}
	}
}

func reading[T any](rec arrow.Record) func() error {
	return func() error {
		_, err := Rows[T](rec)
		return err
	}
}

func TestRowStructsThatCannotBeStoredAreRefused(t *testing.T) {
	_, hidden := FromRows([]struct {
		x int32 `col:"x"`
	}{{x: 1}}, nil)
	_, unnamed := FromRows([]struct{ X int32 }{{1}}, nil)
	_, wide := FromRows([]struct {
		X int `col:"x"`
	}{{1}}, nil)
	_, twice := FromRows([]struct {
		X int32 `col:"x"`
		Y int32 `col:"x"`
	}{{1, 2}}, nil)
	_, empty := FromRows([]struct{}{{}}, nil)
	_, scalar := FromRows([]float64{1}, nil)
	for what, err := range map[string]error{"not exported": hidden, "names no column": unnamed, "type int cannot be stored": wide,
		`two columns are named "x"`: twice, "at least one column": empty, "rows must be structs": scalar} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v; want %q", err, what)
		}
	}
}

func TestNullsAndForeignTypesAreRefused(t *testing.T) {
	nulls := array.NewInt32Builder(memory.DefaultAllocator)
	nulls.AppendNull()
	withNull := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int32, Nullable: true}}, nil),
		[]arrow.Array{nulls.NewArray()}, 1)
	bytes := array.NewInt8Builder(memory.DefaultAllocator)
	bytes.Append(1)
	int8s := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int8}}, nil), []arrow.Array{bytes.NewArray()}, 1)
	for want, rec := range map[string]arrow.Record{`column "n" has nulls`: withNull, `column "n": type int8 cannot be stored`: int8s} {
		err := Write(discard{}, rec)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Write: %v; want %q", err, want)
		}
		if d := LogicalDigest(rec); d != "" {
			t.Errorf("%s: has a digest, %s", want, d)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
