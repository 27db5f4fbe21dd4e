package artifact

import (
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"pgregory.net/rapid"
)

// The digest of a small table, computed by hand from the description at LogicalDigest. It must
// never change: every key depends on it.
func TestLogicalDigestFollowsItsDescription(t *testing.T) {
	type row struct {
		N   int32     `col:"n"`
		Map []float32 `col:"map" unit:"m" shape:"ny,nx"`
	}
	rows := []row{{1, []float32{0.5, float32(math.NaN())}}, {-2, nil}}
	const want = "e0df72202e2d46810b9145034831b8102eb7a560867858d425dde2b2da82a99c"
	if got := LogicalDigest(table(t, rows, map[string]string{"box_m": "2"})); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestDigestDoesNotDependOnHowATableLiesInMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, meta := drawRows(t, 1), drawMeta.Draw(t, "meta")
		from := rapid.IntRange(0, len(rows)).Draw(t, "from")
		to := rapid.IntRange(from, len(rows)).Draw(t, "to")
		slice := table(t, rows, meta).NewSlice(int64(from), int64(to))
		fresh := table(t, rows[from:to], meta)
		if LogicalDigest(slice) != LogicalDigest(fresh) {
			t.Fatal("the digest of a slice is not that of the same rows in a table of their own")
		}
		if string(parquetBytes(t, slice)) != string(parquetBytes(t, fresh)) {
			t.Fatal("the file of a slice is not that of the same rows in a table of their own")
		}
	})
}

func TestDigestDoesNotDependOnTheOrderOfMetadataOrOnNullability(t *testing.T) {
	rec := table(t, []everything{{Small: 1}}, map[string]string{"a": "1", "b": "2"})
	fields := rec.Schema().Fields()
	for i := range fields {
		fields[i].Nullable = true
	}
	meta := arrow.NewMetadata([]string{"b", "a"}, []string{"2", "1"})
	other := array.NewRecord(arrow.NewSchema(fields, &meta), rec.Columns(), 1)
	if LogicalDigest(rec) != LogicalDigest(other) {
		t.Error("two tables of the same meaning have two digests")
	}
	if string(parquetBytes(t, rec)) != string(parquetBytes(t, other)) {
		t.Error("two tables of the same meaning have different files")
	}
}

// A better sentence about a column makes no other table: nothing that reads it runs again.
func TestMeaningsAreInTheFileAndNotInTheDigest(t *testing.T) {
	type plainRow struct {
		Length float64   `col:"length" unit:"m"`
		Map    []float32 `col:"map" shape:"ny,nx"`
	}
	type toldRow struct {
		Length float64   `col:"length" unit:"m" doc:"how long it is"`
		Map    []float32 `col:"map" shape:"ny,nx" doc:"what it looks like"`
	}
	untold := table(t, []plainRow{{1, []float32{2}}}, nil)
	told := table(t, []toldRow{{1, []float32{2}}}, nil)
	if LogicalDigest(untold) != LogicalDigest(told) {
		t.Error("meanings change the digest")
	}
	if d := Compare(untold, told); !d.None() {
		t.Errorf("meanings make a difference: %s", d)
	}
	data := parquetBytes(t, told)
	back, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	want := []Column{{"length", "float64", "m", "", "how long it is"}, {"map", "[]float32", "", "ny,nx", "what it looks like"}}
	if got := Columns(back.Schema()); !slices.Equal(got, want) {
		t.Errorf("the file says %+v, want %+v", got, want)
	}
	if err := CheckWithArrow(data, back); err != nil {
		t.Error(err)
	}
	if rows, err := Rows[toldRow](untold); err != nil || rows[0].Length != 1 {
		t.Errorf("a table without meanings is read as %v, %v", rows, err)
	}
}

func TestAllNaNsAreOne(t *testing.T) {
	nans := func(f uint32, d uint64) arrow.Record {
		x, y := math.Float32frombits(f), math.Float64frombits(d)
		return table(t, []everything{{Single: x, Double: y, Singles: []float32{x}, Doubles: []float64{y}}}, nil)
	}
	a, b := nans(0x7fc00000, 0x7ff8000000000000), nans(0xffc12345, 0xfff8000000abcdef)
	if LogicalDigest(a) != LogicalDigest(b) || string(parquetBytes(t, a)) != string(parquetBytes(t, b)) {
		t.Error("NaNs of different payloads make different tables")
	}
}

func TestAnyChangedValueChangesTheDigest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawRows(t, 1)
		before := LogicalDigest(table(t, rows, nil))
		r := &rows[rapid.IntRange(0, len(rows)-1).Draw(t, "row")]
		switch rapid.IntRange(0, 10).Draw(t, "column") {
		case 0:
			r.Flag = !r.Flag
		case 1:
			r.Small ^= 1 << rapid.IntRange(0, 31).Draw(t, "bit")
		case 2:
			r.Big ^= 1 << rapid.IntRange(0, 63).Draw(t, "bit")
		case 3:
			r.Single = otherThan(r.Single)
		case 4:
			r.Double = otherThan(r.Double)
		case 5:
			r.Text += "x"
		case 6:
			r.Blob = append(r.Blob, 0)
		case 7:
			r.Smalls = append(r.Smalls, 0)
		case 8:
			r.Bigs = append(r.Bigs, 0)
		case 9:
			r.Singles = changed(t, r.Singles)
		case 10:
			r.Doubles = changed(t, r.Doubles)
		}
		if LogicalDigest(table(t, rows, nil)) == before {
			t.Fatal("the digest did not see the change")
		}
	})
}

func otherThan[F float32 | float64](x F) F {
	if x == 1 {
		return 2
	}
	return 1
}

func changed[F float32 | float64](t *rapid.T, list []F) []F {
	if len(list) == 0 {
		return []F{0}
	}
	i := rapid.IntRange(0, len(list)-1).Draw(t, "element")
	list[i] = otherThan(list[i])
	return list
}

// Every pair of these tables differs in one thing that means something.
func TestTablesThatMeanDifferentThingsHaveDifferentDigests(t *testing.T) {
	type plain struct {
		X float32 `col:"x"`
	}
	type renamed struct {
		X float32 `col:"y"`
	}
	type wider struct {
		X float64 `col:"x"`
	}
	type inMetres struct {
		X float32 `col:"x" unit:"m"`
	}
	type inCentimetres struct {
		X float32 `col:"x" unit:"cm"`
	}
	type text struct {
		X string `col:"x"`
	}
	type blob struct {
		X []byte `col:"x"`
	}
	type list struct {
		X []float32 `col:"x"`
	}
	type tensor struct {
		X []float32 `col:"x" shape:"ny,nx"`
	}
	type pair struct {
		X float32 `col:"x"`
		Y float32 `col:"y"`
	}
	type turned struct {
		Y float32 `col:"y"`
		X float32 `col:"x"`
	}
	seen := map[string]string{}
	for _, c := range []struct {
		what string
		rec  arrow.Record
	}{
		{"one value", table(t, []plain{{1}}, nil)},
		{"another value", table(t, []plain{{2}}, nil)},
		{"zero", table(t, []plain{{0}}, nil)},
		{"minus zero", table(t, []plain{{float32(math.Copysign(0, -1))}}, nil)},
		{"no rows", table(t, []plain{}, nil)},
		{"the same row twice", table(t, []plain{{1}, {1}}, nil)},
		{"two rows", table(t, []plain{{1}, {2}}, nil)},
		{"two rows in another order", table(t, []plain{{2}, {1}}, nil)},
		{"another name", table(t, []renamed{{1}}, nil)},
		{"another type", table(t, []wider{{1}}, nil)},
		{"another type, no rows", table(t, []wider{}, nil)},
		{"metres", table(t, []inMetres{{1}}, nil)},
		{"centimetres", table(t, []inCentimetres{{1}}, nil)},
		{"metadata", table(t, []plain{{1}}, map[string]string{"box_m": "2"})},
		{"another metadata value", table(t, []plain{{1}}, map[string]string{"box_m": "3"})},
		{"another metadata key", table(t, []plain{{1}}, map[string]string{"bins": "2"})},
		{"text", table(t, []text{{"ab"}, {"c"}}, nil)},
		{"text cut elsewhere", table(t, []text{{"a"}, {"bc"}}, nil)},
		{"bytes", table(t, []blob{{[]byte("ab")}, {[]byte("c")}}, nil)},
		{"list", table(t, []list{{[]float32{1, 2}}, {}}, nil)},
		{"list cut elsewhere", table(t, []list{{[]float32{1}}, {[]float32{2}}}, nil)},
		{"tensor", table(t, []tensor{{[]float32{1, 2}}, {}}, nil)},
		{"two columns", table(t, []pair{{1, 2}}, nil)},
		{"two columns the other way round", table(t, []turned{{2, 1}}, nil)},
	} {
		d := LogicalDigest(c.rec)
		if other, ok := seen[d]; ok {
			t.Errorf("%q and %q have the same digest", c.what, other)
		}
		seen[d] = c.what
	}
}
