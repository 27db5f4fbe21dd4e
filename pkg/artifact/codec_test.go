package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

func parquetBytes(t interface {
	Helper()
	Fatal(...any)
}, rec arrow.Record) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, rec); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestATableComesBackFromItsFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, meta := drawRows(t, 0), drawMeta.Draw(t, "meta")
		rec := table(t, rows, meta)
		data := parquetBytes(t, rec)
		back, err := Read(data)
		if err != nil {
			t.Fatal(err)
		}
		if !back.Schema().Equal(rec.Schema()) {
			t.Fatalf("schema %v became %v", rec.Schema(), back.Schema())
		}
		got, err := Rows[everything](back)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(rows, got, sameRows); d != "" {
			t.Fatal(d)
		}
		if LogicalDigest(back) != LogicalDigest(rec) {
			t.Fatal("the logical digest changed on the way through a file")
		}
		if !bytes.Equal(parquetBytes(t, back), data) {
			t.Fatal("written again, the file has other bytes")
		}
	})
}

// tablesWorthReading cover what breaks codecs: emptiness, NaN, long lists among short ones, more
// rows than one row group takes.
func tablesWorthReading(t *testing.T) map[string]arrow.Record {
	nan32, nan64 := float32(math.NaN()), math.NaN()
	small := []everything{
		{},
		{true, math.MinInt32, math.MaxInt64, nan32, nan64, "ü\x00", []byte{0, 255}, []int32{1, -2}, []int64{math.MinInt64}, []float32{nan32, 0.5}, []float64{nan64}},
		{Singles: []float32{}, Smalls: []int32{7}},
		{Text: "last", Doubles: []float64{math.Inf(1), 1e-300}},
	}
	long := make([]everything, 3)
	for i := range long {
		long[i].Small = int32(i)
		if i != 1 {
			long[i].Singles = ramp[float32](1_000_000, float32(i))
			long[i].Doubles = ramp[float64](300_000, 0.1)
			long[i].Smalls = ramp[int32](500_000, 3)
			long[i].Bigs = ramp[int64](200_001, 5)
			long[i].Blob = bytes.Repeat([]byte("artifact"), 400_000)
		}
	}
	type sample struct {
		Step int32     `col:"step"`
		On   bool      `col:"on"`
		X    float64   `col:"x" unit:"m"`
		Pair []float32 `col:"pair"`
		Name string    `col:"name"`
	}
	many := make([]sample, rowGroupRows+12_345)
	for i := range many {
		many[i] = sample{int32(i), i%3 == 0, float64(i) / 7, make([]float32, i%3), fmt.Sprint("n", i%1000)}
		for j := range many[i].Pair {
			many[i].Pair[j] = float32(i + j)
		}
	}
	return map[string]arrow.Record{
		"no rows":    table(t, []everything{}, map[string]string{"box_m": "2"}),
		"small":      table(t, small, map[string]string{"box_m": "2", "bins": "50"}),
		"long lists": table(t, long, nil),
		"many rows":  table(t, many, nil),
	}
}

func ramp[E number](n int, step E) []E {
	v := make([]E, n)
	for i := range v {
		v[i] = E(i) * step
	}
	return v
}

func TestArrowsOwnReaderSeesTheSameValues(t *testing.T) {
	for name, rec := range tablesWorthReading(t) {
		t.Run(name, func(t *testing.T) {
			if err := CheckWithArrow(parquetBytes(t, rec), rec); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheSecondReaderNoticesEveryDifference(t *testing.T) {
	row := everything{Flag: true, Small: 1, Big: 2, Single: 3, Double: 4, Text: "five", Blob: []byte("six"), Smalls: []int32{7}, Bigs: []int64{8}, Singles: []float32{9}, Doubles: []float64{10}}
	meta := map[string]string{"box_m": "2"}
	read, err := readWithArrow(parquetBytes(t, table(t, []everything{row}, meta)))
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*everything){
		"flag": func(r *everything) { r.Flag = false }, "small": func(r *everything) { r.Small++ }, "big": func(r *everything) { r.Big++ },
		"single": func(r *everything) { r.Single++ }, "double": func(r *everything) { r.Double = math.NaN() }, "text": func(r *everything) { r.Text = "" },
		"blob": func(r *everything) { r.Blob[0]++ }, "smalls": func(r *everything) { r.Smalls = nil }, "bigs": func(r *everything) { r.Bigs = []int64{9} },
		"singles": func(r *everything) { r.Singles = []float32{9, 9} }, "doubles": func(r *everything) { r.Doubles = []float64{10 + 1e-14} },
	} {
		other := row
		other.Blob = bytes.Clone(row.Blob)
		change(&other)
		if err := compareTable(table(t, []everything{other}, meta), read); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", what)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := compareTable(table(t, []everything{row}, map[string]string{"box_m": "3"}), read); err == nil {
		t.Error("other metadata passed")
	}
	if err := compareTable(table(t, []everything{row, row}, meta), read); err == nil {
		t.Error("another number of rows passed")
	}
	data := parquetBytes(t, table(t, []everything{row}, meta))
	if err := CheckWithArrow(append(data, 0), table(t, []everything{row}, meta)); !errors.Is(err, ErrOtherEncoding) {
		t.Errorf("bytes that Write does not give went to Arrow's reader: %v", err)
	}
}

func TestLargeTablesComeBackFromTheirFiles(t *testing.T) {
	for name, rec := range tablesWorthReading(t) {
		back, err := Read(parquetBytes(t, rec))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if LogicalDigest(back) != LogicalDigest(rec) {
			t.Errorf("%s: other values came back", name)
		}
	}
}

func TestDigestDoesNotDependOnTheFilesEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rec := table(t, drawRows(t, 0), drawMeta.Draw(t, "meta"))
		schema, types, err := canonicalSchema(rec.Schema())
		if err != nil {
			t.Fatal(err)
		}
		text, err := encodeSchema(schema)
		if err != nil {
			t.Fatal(err)
		}
		own, err := encodeTable(schema, types)
		if err != nil {
			t.Fatal(err)
		}
		data := parquetBytes(t, rec)
		in, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		var other bytes.Buffer
		w := parquet.NewWriter(&other, parquetSchema(schema, types, nil), parquet.Compression(&parquet.Snappy), parquet.DataPageVersion(1),
			parquet.PageBufferSize(100), parquet.MaxRowsPerRowGroup(3), parquet.KeyValueMetadata(schemaKey, text), parquet.KeyValueMetadata(tableKey, own))
		for _, g := range in.RowGroups() {
			rows := g.Rows()
			if _, err := parquet.CopyRows(w, rows); err != nil {
				t.Fatal(err)
			}
			rows.Close()
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		back, err := Read(other.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if LogicalDigest(back) != LogicalDigest(rec) {
			t.Fatal("another encoding of the same table has another digest")
		}
	})
}

func TestTheSameValuesGiveTheSameBytes(t *testing.T) {
	tables := tablesWorthReading(t)
	want := map[string][]byte{}
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	for name, rec := range tables {
		want[name] = parquetBytes(t, rec)
	}
	runtime.GOMAXPROCS(4)
	var writers sync.WaitGroup
	for name, rec := range tables { // at once, so that they share parquet-go's pools of buffers and encoders
		writers.Go(func() {
			var b bytes.Buffer
			if err := Write(&b, rec); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(b.Bytes(), want[name]) {
				t.Errorf("%s: other bytes with 4 threads", name)
			}
		})
	}
	writers.Wait()
}

func TestAFileNamesItsWriterAndNothingElse(t *testing.T) {
	data := parquetBytes(t, table(t, []everything{{}}, map[string]string{"box_m": "2", "bins": "50"}))
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if by := f.Metadata().CreatedBy; !strings.HasPrefix(by, "sicgrid") {
		t.Errorf("created by %q", by)
	}
	var keys []string
	for _, kv := range f.Metadata().KeyValueMetadata {
		keys = append(keys, kv.Key)
	}
	if d := cmp.Diff([]string{schemaKey, "bins", "box_m", tableKey}, keys); d != "" {
		t.Error(d)
	}
	var names []string
	for _, c := range f.Root().Columns() {
		names = append(names, c.Name())
	}
	if d := cmp.Diff([]string{"flag", "small", "big", "single", "double", "text", "blob", "smalls", "bigs", "singles", "doubles"}, names); d != "" {
		t.Error(d)
	}
}

var errDisk = errors.New("the disk is full")

type failAfter struct{ left int }

func (f *failAfter) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return 0, errDisk
	}
	f.left -= len(p)
	return len(p), nil
}

func TestAFailingWriterIsReported(t *testing.T) {
	rec := tablesWorthReading(t)["small"]
	for size := 0; size < len(parquetBytes(t, rec)); size += 31 {
		if err := Write(&failAfter{size}, rec); !errors.Is(err, errDisk) {
			t.Fatalf("the disk was full after %d bytes, and Write said %v", size, err)
		}
	}
}

// Read is only for bytes whose digest has been checked, but damage that gets through must not take
// the program down: not by a panic, and not by asking for more memory than the largest page that
// Parquet can announce.
func TestReadSurvivesDamage(t *testing.T) {
	data := parquetBytes(t, tablesWorthReading(t)["small"])
	for n := range data {
		if _, err := Read(data[:n]); err == nil {
			t.Errorf("the first %d bytes of %d passed for a file", n, len(data))
		}
	}
	var before, after runtime.MemStats
	read := func(bad []byte, how string) {
		runtime.ReadMemStats(&before)
		_, err := Read(bad)
		runtime.ReadMemStats(&after)
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %v", how, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 2<<30 {
			t.Errorf("%s: %d MiB allocated to read a file of %d bytes", how, used>>20, len(data))
		}
	}
	bad := bytes.Clone(data)
	for bit := range len(data) * 8 {
		bad[bit/8] ^= 1 << (bit % 8)
		read(bad, fmt.Sprintf("bit %d of byte %d", bit%8, bit/8))
		bad[bit/8] ^= 1 << (bit % 8)
	}
	rapid.Check(t, func(t *rapid.T) {
		bad := bytes.Clone(data)
		for range rapid.IntRange(2, 4).Draw(t, "flips") {
			bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= byte(1 << rapid.IntRange(0, 7).Draw(t, "bit"))
		}
		read(bad, "some bits")
	})
	for _, junk := range []string{"", "PAR1", "PAR1PAR1", strings.Repeat("PAR1", 100)} {
		if _, err := Read([]byte(junk)); err == nil {
			t.Errorf("%q passed for a file", junk)
		}
	}
}

func TestAForeignParquetFileIsRefused(t *testing.T) {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[struct{ X int32 }](&b)
	if _, err := w.Write([]struct{ X int32 }{{1}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(b.Bytes()); err == nil || !strings.Contains(err.Error(), "not of this program") {
		t.Errorf("error %v", err)
	}
}

// Other readers pass over pages by their bounds. Those of a page of NaN, and of tensors, must not
// make them pass over anything.
func TestPageBoundsHideNothing(t *testing.T) {
	type row struct {
		X   float64   `col:"x"`
		Map []float32 `col:"map"`
	}
	const page = pageBytes / 8
	rows := make([]row, 3*page)
	for i := range rows {
		rows[i].X = float64(i)
		if i/page == 1 {
			rows[i].X = math.NaN()
		}
	}
	rows[0].Map = []float32{-1, 1}
	data := parquetBytes(t, table(t, rows, nil))
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	all := [2]float64{math.Inf(-1), math.Inf(1)}
	for column, want := range [][][2]float64{{{0, page - 1}, all, {2 * page, 3*page - 1}}, {all}} {
		index, err := f.RowGroups()[0].ColumnChunks()[column].ColumnIndex()
		if err != nil {
			t.Fatal(err)
		}
		var got [][2]float64
		for p := range index.NumPages() {
			if column == 0 {
				got = append(got, [2]float64{index.MinValue(p).Double(), index.MaxValue(p).Double()})
			} else {
				got = append(got, [2]float64{float64(index.MinValue(p).Float()), float64(index.MaxValue(p).Float())})
			}
		}
		if d := cmp.Diff(want, got[:min(len(got), len(want))]); d != "" {
			t.Errorf("column %d: %s", column, d)
		}
	}
}
