package artifact

import (
	"bytes"
	"testing"
)

// Whatever the bytes, Read ends with a table or an error; and a table that it gives can be written
// and read again. go test -fuzz FuzzRead -fuzzminimizetime 1x ./pkg/artifact
func FuzzRead(f *testing.F) {
	small := []everything{{}, {Flag: true, Text: "ü", Blob: []byte{0, 255}, Smalls: []int32{1, -2}, Singles: []float32{0.5}, Doubles: []float64{1e-300, 2}}}
	for _, rows := range [][]everything{nil, small[:1], small} {
		rec, err := FromRows(rows, map[string]string{"box_m": "2"})
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		if err := Write(&b, rec); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, err := Read(data)
		if err != nil {
			return
		}
		defer rec.Release()
		var again bytes.Buffer
		if err := Write(&again, rec); err != nil {
			t.Fatalf("a table that was read cannot be written: %v", err)
		}
		back, err := Read(again.Bytes())
		if err != nil {
			t.Fatalf("a table that was written cannot be read: %v", err)
		}
		defer back.Release()
		if LogicalDigest(back) != LogicalDigest(rec) {
			t.Fatal("the logical digest changed on the way through a file")
		}
	})
}
