package ndarray

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"sicgrid/pkg/parquetpages/bombs"
)

func TestAFileThatWouldTakeAllMemoryIsRefused(t *testing.T) {
	for name, b := range bombs.All(nil) {
		path := filepath.Join(t.TempDir(), "bomb.parquet")
		if err := os.WriteFile(path, b.Data, 0o644); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ReadParquet(path)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), b.Want) && !strings.Contains(err.Error(), "of memory") || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: found %v, want %s", name, err, b.Want)
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 64 {
			t.Errorf("%s: %d MiB were allocated (%v)", name, took, err)
		}
	}
}
