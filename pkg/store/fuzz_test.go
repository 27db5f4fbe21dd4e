package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// Whatever the bytes, DecodeAction ends with a record that is written just so, or with a Defect. go
// test -fuzz FuzzDecodeAction -fuzzminimizetime 1x ./pkg/store
func FuzzDecodeAction(f *testing.F) {
	a := &Action{Format: 1, Key: key("k"), Numerics: "amd64-avx2", Parts: json.RawMessage(`{"seed":18446744073709551615,"rate":1e-3}`),
		Outputs: []Output{{Name: "weights", Object: Digest(key("o")), Logical: key("l"), Bytes: 3, Rows: 3}}, Provenance: json.RawMessage(`{"note":"<a & b>"}`)}
	data, err := EncodeAction(a)
	if err != nil {
		f.Fatal(err)
	}
	name := ActionName(a.Key, a.Numerics)
	f.Add(data, name)
	f.Add([]byte("{}"), name)
	f.Add([]byte("[[[["), "../"+name)
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		a, err := DecodeAction(data, name)
		var defect *Defect
		if err != nil {
			if !errors.As(err, &defect) {
				t.Fatalf("%v is not a Defect", err)
			}
			return
		}
		again, err := EncodeAction(a)
		if err != nil || !bytes.Equal(again, data) || ActionName(a.Key, a.Numerics) != name || !IsActionName(name) {
			t.Fatalf("taken, and written otherwise: %v", err)
		}
		for _, o := range a.Outputs {
			if !IsDigest(string(o.Object)) {
				t.Fatalf("object %q", o.Object)
			}
		}
	})
}
