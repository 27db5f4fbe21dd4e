package ndarray

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// file is a .npy file of this version with this header text, and these values as they are.
func file(version byte, header string, values ...any) []byte {
	var b bytes.Buffer
	b.WriteString("\x93NUMPY")
	b.Write([]byte{version, 0})
	if version == 1 {
		_ = binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	} else {
		_ = binary.Write(&b, binary.LittleEndian, uint32(len(header)))
	}
	b.WriteString(header)
	for _, v := range values {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	return b.Bytes()
}

func header(descr, order, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }         \n", descr, order, shape)
}

func read(data []byte) (*Array, error) { return readNpy(bytes.NewReader(data), int64(len(data))) }

func TestArraysAreReadAsNumPyWritesThem(t *testing.T) {
	f4, f8 := []float32{1, -2.5, float32(math.Inf(1)), 4, 5, 6}, []float64{1, -2.5, 3, 4, 5, 1e-300}
	for _, c := range []struct {
		name  string
		data  []byte
		shape []int
		last  float64
	}{
		{"float32", file(1, header("<f4", "False", "(2, 3)"), f4), []int{2, 3}, 6},
		{"float64", file(1, header("<f8", "False", "(1, 2, 3)"), f8), []int{1, 2, 3}, 1e-300},
		{"version 2", file(2, header("<f8", "False", "(6,)"), f8), []int{6}, 1e-300},
		{"version 3, other order of keys", file(3, "{'shape': (3L, 2L), 'fortran_order': False, 'descr': '<f4'}\n", f4), []int{3, 2}, 6},
		{"a scalar", file(1, header("<f4", "False", "()"), f4[5:]), []int{}, 6},
		{"one axis is in both orders", file(1, header("<f4", "True", "(6,)"), f4), []int{6}, 6},
	} {
		a, err := read(c.data)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !slices.Equal(a.Shape, c.shape) || a.Values[len(a.Values)-1] != c.last {
			t.Errorf("%s: shape %v, values %v; want %v and %g at the end", c.name, a.Shape, a.Values, c.shape, c.last)
		}
	}
}

func TestHostileHeadersAreRefusedInOneLineBeforeMemoryIsAskedFor(t *testing.T) {
	six := []float32{1, 2, 3, 4, 5, 6}
	long := make([]byte, 12)
	copy(long, "\x93NUMPY\x02\x00")
	binary.LittleEndian.PutUint32(long[8:], math.MaxUint32)
	for want, data := range map[string][]byte{
		"is no .npy file: it does not begin with":                        []byte("PK\x03\x04 a zip archive"),
		"is no .npy file: it does not begin":                             nil,
		"is of npy format version 9.0, must be 1 to 3":                   file(9, header("<f4", "False", "(6,)"), six),
		"ends within its header: the file is truncated":                  file(1, header("<f4", "False", "(6,)"))[:20],
		"ends within its header":                                         file(1, "")[:9],
		"declares 4294967295 bytes of itself, must be at most 65536":     long,
		"shape [2, 3], 24 bytes of values, but 20 follow: the file is t": file(1, header("<f4", "False", "(2, 3)"), six[:5]),
		"shape [2, 2], 16 bytes of values, but 24 follow: it must hold":  file(1, header("<f4", "False", "(2, 2)"), six),
		"[1310720, 1024], 10737418240 bytes of values, but 24 follow":    file(1, header("<f8", "False", "(1310720, 1024)"), six),
		"more than any file holds":                                       file(1, header("<f8", "False", "(9223372036854775807, 3)"), six),
		"more than any file holds: the header is":                        file(1, header("<f8", "False", "(9223372036854775807,)"), six),
		"an axis of 99999999999999999999: the header is damaged":         file(1, header("<f4", "False", "(99999999999999999999,)"), six),
		"declares 40 axes, must be at most 32":                           file(1, header("<f4", "False", "("+strings.Repeat("1,", 40)+")"), six),
		"big-endian values (>f4), must be little-endian":                 file(1, header(">f4", "False", "(2, 3)"), six),
		`values of type "<i8", must be float32 or float64`:               file(1, header("<i8", "False", "(3,)"), six),
		`values of type "|O", must be float32 or float64`:                file(1, header("|O", "False", "(3,)"), six),
		"is in Fortran order, must be in C order":                        file(1, header("<f4", "True", "(2, 3)"), six),
		"holds a structured array, must hold plain float32":              file(1, "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (6,)}", six),
		"its header is not that of an array":                             file(1, "{'descr': '<f4', 'shape': (6,)}", six),
		"its header is not that of an array: must":                       file(1, "{'descr': '<f4', 'descr': '<f4', 'shape': (6,)}", six),
		"its header is not that of an array: must have":                  file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,)}", six),
		"its header is not that of an array: must have descr":            file(1, "import os", six),
	} {
		a, err := read(data)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, %v; want one line with %q", a, err, want)
		}
	}
}

func TestWhatIsNoFileIsSaid(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{filepath.Join(dir, "no.npy"): "no such file", dir: "is a folder"} {
		if _, err := ReadNpy(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	path := filepath.Join(dir, "a.npy")
	if err := os.WriteFile(path, file(1, header("<f4", "False", "(2,)"), []float32{1, 2}), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err := ReadNpy(path); err != nil || a.Shape[0] != 2 {
		t.Errorf("%v, %v", a, err)
	}
}

// Whatever bytes stand in a file, the answer is an array of its size or an error, never a panic.
func TestNoBytesMakeTheReaderPanic(t *testing.T) {
	sound := file(1, header("<f4", "False", "(2, 3)"), []float32{1, 2, 3, 4, 5, 6})
	rapid.Check(t, func(t *rapid.T) {
		data := slices.Clone(sound)
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			data[rapid.IntRange(0, len(data)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
		}
		data = data[:rapid.IntRange(0, len(data)).Draw(t, "end")]
		if a, err := read(data); err == nil && len(a.Values) > len(data) {
			t.Fatalf("%d values from %d bytes", len(a.Values), len(data))
		}
	})
}
