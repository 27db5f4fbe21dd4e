package artifact

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"sicgrid/pkg/parquetpages/bombs"
)

// Every bomb wears the schema of a table of this package, so that nothing but its pages is wrong.
func TestATableThatWouldTakeAllMemoryIsRefused(t *testing.T) {
	rec, err := FromRows([]struct {
		X float64 `col:"x"`
	}{{1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	own := parquetBytes(t, rec)
	file, err := parquet.OpenFile(bytes.NewReader(own), int64(len(own)))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range bombs.All(file.Metadata().KeyValueMetadata) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Read(b.Data)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), b.Want) && !strings.Contains(err.Error(), "of memory") {
			t.Errorf("%s: found %v, want %s", name, err, b.Want)
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 64 {
			t.Errorf("%s: %d MiB were allocated (%v)", name, took, err)
		}
	}
}
