package artifact

import (
	"bytes"
	"io"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
)

// tensorTable is what the codec must be fast on: few rows of long float32 lists, here 8 of 1e6
// noisy values (32 MB).
func tensorTable(b *testing.B) arrow.Record {
	type row struct {
		Name   string    `col:"name"`
		Values []float32 `col:"values" unit:"m" shape:"1000,1000"`
	}
	rows := make([]row, 8)
	state := uint32(1)
	for i := range rows {
		rows[i].Values = make([]float32, 1_000_000)
		for j := range rows[i].Values {
			state = state*1664525 + 1013904223
			rows[i].Values[j] = float32(state>>8)/(1<<24) - 0.5
		}
	}
	rec, err := FromRows(rows, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(32_000_000)
	return rec
}

func BenchmarkWriteTensors(b *testing.B) {
	rec := tensorTable(b)
	for b.Loop() {
		if err := Write(io.Discard, rec); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadTensors(b *testing.B) {
	rec := tensorTable(b)
	var file bytes.Buffer
	if err := Write(&file, rec); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Read(file.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLogicalDigest(b *testing.B) {
	rec := tensorTable(b)
	for b.Loop() {
		LogicalDigest(rec)
	}
}
