package parquetpages

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"sicgrid/pkg/parquetpages/bombs"
)

type row struct {
	X float64   `parquet:"x"`
	L []float64 `parquet:"l,list"`
	O *float64  `parquet:"o"`
}

// sound is a file as some program may write it.
func sound(t testing.TB, rows int, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, options...)
	for i := range rows {
		v := rand.Float64()
		r := row{X: v, L: make([]float64, i%5)}
		if i%3 == 0 {
			r.O = &v
		}
		if _, err := w.Write([]row{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sizes foretells every leaf.
func sizes(data []byte, most int64) (total int64, err error) {
	if err := CheckFooter(bytes.NewReader(data), int64(len(data))); err != nil {
		return 0, err
	}
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return 0, err
	}
	for i := range leaves(file.Root(), nil) {
		n, err := Size(bytes.NewReader(data), file, i, most)
		if err != nil {
			return 0, fmt.Errorf("leaf %d: %w", i, err)
		}
		same, err := SizeIn(data, file, i, most)
		if err != nil || same != n {
			return 0, fmt.Errorf("leaf %d: %d bytes in memory, %d in a file, %w", i, same, n, err)
		}
		total += n
	}
	return total, nil
}

func TestFilesOfManyKindsAreForetold(t *testing.T) {
	for name, options := range map[string][]parquet.WriterOption{
		"plain":      nil,
		"zstd":       {parquet.Compression(&parquet.Zstd)},
		"snappy v1":  {parquet.Compression(&parquet.Snappy), parquet.DataPageVersion(1)},
		"gzip":       {parquet.Compression(&parquet.Gzip)},
		"dictionary": {parquet.DefaultEncodingFor(parquet.Double, &parquet.RLEDictionary), parquet.Compression(&parquet.Zstd), parquet.DataPageVersion(1)},
		"streams":    {parquet.DefaultEncodingFor(parquet.Double, &parquet.ByteStreamSplit)},
		"small":      {parquet.PageBufferSize(100), parquet.MaxRowsPerRowGroup(7), parquet.Compression(&parquet.Zstd)},
	} {
		for _, rows := range []int{0, 1, 1000} {
			got, err := sizes(sound(t, rows, options...), 1<<30)
			least := int64(8 * (rows + 2*rows + rows/3)) // x, the lists, the values of o that are there
			if err != nil || got < least || got > 10*least+64 {
				t.Errorf("%s, %d rows: %d bytes, %v; want about %d", name, rows, got, err, least)
			}
		}
	}
}

// allocated is how many bytes do allocates, whether it keeps them or not.
func allocated(do func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

func TestNoBombTakesMemory(t *testing.T) {
	zstdDecoder()
	refused, worst := 0, int64(0)
	for name, b := range bombs.All(nil) {
		data := b.Data
		if len(data) > 9<<20 {
			t.Errorf("%s: %d bytes are no bomb", name, len(data))
		}
		var err error
		took := allocated(func() { _, err = sizes(data, Limit(int64(len(data)))) })
		if err == nil || !strings.Contains(err.Error(), b.Want) {
			t.Errorf("%s: found %v, want %s", name, err, b.Want)
		}
		if took > 64<<20 {
			t.Errorf("%s: %d MiB were allocated to notice it (%v)", name, took>>20, err)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q is not one line", name, err)
		}
		worst = max(worst, took)
		refused++
	}
	t.Logf("%d Parquet bombs refused, the dearest for %.1f MiB: nothing lost", refused, float64(worst)/(1<<20))
}

func TestAFileOfSoManyBytesMayTakeSoMuch(t *testing.T) {
	data := bombs.Forged(nil, format.Zstd, 2<<20, bombs.PageOf(2<<20, 16<<20, bombs.Zeros(16<<20)))
	if n, err := sizes(data, 16<<20); err != nil || n != 16<<20 {
		t.Errorf("%d bytes, %v; want 16 MiB", n, err)
	}
	if _, err := sizes(data, 16<<20-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("beyond the limit: %v", err)
	}
}

// Whatever the bytes, the foretelling ends, without a panic and without taking memory.
func FuzzSize(f *testing.F) {
	f.Add(sound(f, 5, parquet.Compression(&parquet.Zstd)))
	f.Add(sound(f, 5, parquet.Compression(&parquet.Gzip), parquet.DataPageVersion(1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if took := allocated(func() {
			defer func() { _ = recover() }() // of parquet-go's own
			_, _ = sizes(data, 1<<20)
		}); took > 64<<20 {
			t.Fatalf("%d MiB for %d bytes", took>>20, len(data))
		}
	})
}
