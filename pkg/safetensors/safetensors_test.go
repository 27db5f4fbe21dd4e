package safetensors

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func written(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.safetensors")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// file is a file of this header and so many bytes of values.
func file(header string, values int) []byte {
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(data, header...), make([]byte, values)...)
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	tensors := []Values{{"b", []int{2, 3}, []float32{1, 2, 3, 4, 5, float32(math.Pi)}}, {"a", []int{0}, nil}, {"a.\"é", []int{1}, []float32{-0.5}}}
	data, err := Encode(tensors, map[string]string{"format": "pt"})
	if err != nil {
		t.Fatal(err)
	}
	if begin := binary.LittleEndian.Uint64(data) + 8; begin%8 != 0 {
		t.Errorf("values begin at byte %d", begin)
	}
	f, err := Open(written(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Metadata["format"] != "pt" || len(f.Tensors) != len(tensors) {
		t.Fatalf("%v, %v", f.Metadata, f.Tensors)
	}
	for _, want := range tensors {
		i := slices.IndexFunc(f.Tensors, func(t Tensor) bool { return t.Name == want.Name })
		got, err := f.Float32(f.Tensors[i])
		if err != nil || !slices.Equal(got, want.Values) || !slices.Equal(f.Tensors[i].Shape, want.Shape) {
			t.Errorf("%s: %v %v, %v", want.Name, f.Tensors[i].Shape, got, err)
		}
	}
}

// One and a half in every type that others write.
func TestEveryWidthIsRead(t *testing.T) {
	for kind, bytes := range map[string][]byte{
		"F16": {0x00, 0x3e}, "BF16": {0xc0, 0x3f}, "F32": {0, 0, 0xc0, 0x3f}, "F64": {0, 0, 0, 0, 0, 0, 0xf8, 0x3f},
	} {
		header := `{"x":{"dtype":"` + kind + `","shape":[],"data_offsets":[0,` + string(rune('0'+len(bytes))) + `]}}`
		f, err := Open(written(t, append(file(header, 0), bytes...)))
		if err != nil {
			t.Fatal(kind, err)
		}
		if got, err := f.Float32(f.Tensors[0]); err != nil || !slices.Equal(got, []float32{1.5}) {
			t.Errorf("%s: %v, %v", kind, got, err)
		}
		_ = f.Close()
	}
}

// A header that lies is refused in one line, and for no more memory than a header's.
func TestDamagedHeadersAreRefusedBeforeAnythingIsMade(t *testing.T) {
	x := func(shape, offsets string) string {
		return `{"x":{"dtype":"F32","shape":[` + shape + `],"data_offsets":[` + offsets + `]}}`
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":                      {nil, "fewer than 8 bytes"},
		"a header of an exabyte":     {binary.LittleEndian.AppendUint64(nil, 1<<60), "must be at most"},
		"a header of a negative":     {binary.LittleEndian.AppendUint64(nil, math.MaxUint64), "must be at most"},
		"a header beyond the file":   {append(binary.LittleEndian.AppendUint64(nil, 100), '{'), "truncated"},
		"no JSON":                    {file("{{", 0), "not a JSON object"},
		"a list":                     {file("[]", 0), "not a JSON object"},
		"values that are not there":  {file(x("1000000000", "0,4000000000"), 8), "truncated"},
		"values cut off":             {file(x("4", "0,16"), 15), "truncated"},
		"more axes than any":         {file(x(strings.Repeat("1,", 99)+"1", "0,4"), 4), "axes"},
		"a shape that overflows":     {file(x("4294967296,4294967296", "0,0"), 0), "more than any weights have"},
		"a negative shape":           {file(x("-1", "0,4"), 4), "more than any weights have"},
		"a shape unlike its place":   {file(x("3", "0,16"), 16), "takes 12 bytes"},
		"a place before the values":  {file(x("1", "-4,0"), 4), "damaged"},
		"a place that ends before":   {file(x("1", "4,0"), 4), "damaged"},
		"bytes that are nobody's":    {file(x("1", "0,4"), 8), "declares 4"},
		"a gap":                      {file(x("1", "4,8"), 8), "damaged"},
		"two tensors at one place":   {file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "damaged"},
		"metadata that are no texts": {file(`{"__metadata__":{"a":1}}`, 0), "must be texts"},
		"an entry that is none":      {file(`{"x":7}`, 0), "must have dtype"},
	} {
		path := written(t, c.data)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := Open(path)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if f != nil {
			t.Errorf("%s: opened", name)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
			t.Errorf("%s: took %d MiB", name, took>>20)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("a folder: %v", err)
	}
}

func FuzzOpenNeverPanics(f *testing.F) {
	good, _ := Encode([]Values{{"x", []int{2}, []float32{1, 2}}}, nil)
	f.Add(good)
	f.Add(file(`{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, 8))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Open(written(t, data))
		if err != nil {
			return
		}
		defer file.Close()
		for _, x := range file.Tensors {
			_, _ = file.Float32(x)
		}
	})
}
