// Package safetensors reads and writes files of named tensors as Hugging Face's safetensors does: 8
// bytes that say how long the header is (little-endian), the header, which is JSON and names each
// tensor's type, shape and place, and then the values, little-endian and without gaps
// (https://huggingface.co/docs/safetensors). What a header declares is compared with the size of
// the file before anything is made for it.
package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// mostHeader bounds a header, in bytes: a tensor takes about a hundred.
const mostHeader = 1 << 20

// mostAxes is more than any tensor of a network has.
const mostAxes = 32

// metadataKey stands in a header for what is said of the whole file.
const metadataKey = "__metadata__"

// Tensor is what a header says of one tensor.
type Tensor struct {
	Name  string
	Type  string // "F32"
	Shape []int  // slowest axis first
	begin int64  // of its values, behind the header
	bytes int64
}

// widths are the bytes of a value of each type that Float32 reads.
var widths = map[string]int64{"F16": 2, "BF16": 2, "F32": 4, "F64": 8}

// File is an open file; its tensors are read one by one.
type File struct {
	Tensors  []Tensor // in the order of their values
	Metadata map[string]string

	path string
	file *os.File
	data int64 // where the values begin
}

// Open reads the header of a regular file and checks it: every tensor lies within the file, none
// overlaps another, nothing is left over.
func Open(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: must be a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read: %w", err)
	}
	f := &File{path: path, file: file}
	if err := f.readHeader(info.Size()); err != nil {
		_ = file.Close() // which was only read
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

func (f *File) readHeader(size int64) error {
	var length uint64
	if err := binary.Read(f.file, binary.LittleEndian, &length); err != nil {
		return errors.New("is no safetensors file: it has fewer than 8 bytes")
	}
	switch {
	case length > mostHeader:
		return fmt.Errorf("is no safetensors file, or damaged: its header declares %d bytes of itself, must be at most %d", length, mostHeader)
	case int64(length) > size-8:
		return fmt.Errorf("its header declares %d bytes of itself, but %d follow: the file is truncated", length, size-8)
	}
	header := make([]byte, length)
	if _, err := io.ReadFull(f.file, header); err != nil {
		return fmt.Errorf("cannot read its header: %w", err)
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(header, &entries); err != nil {
		return errors.New("is no safetensors file, or damaged: its header is not a JSON object")
	}
	for name, entry := range entries {
		if name == metadataKey {
			if json.Unmarshal(entry, &f.Metadata) != nil {
				return fmt.Errorf("its %s must be texts by their names", metadataKey)
			}
			continue
		}
		t, err := parseTensor(name, entry)
		if err != nil {
			return err
		}
		f.Tensors = append(f.Tensors, t)
	}
	f.data = 8 + int64(length)
	return f.checkPlaces(size - f.data)
}

// parseTensor reads what a header says of a tensor, and checks that its shape is as large as its
// place.
func parseTensor(name string, entry json.RawMessage) (Tensor, error) {
	var said struct {
		Type    string   `json:"dtype"`
		Shape   []int64  `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	t := Tensor{Name: name}
	if err := json.Unmarshal(entry, &said); err != nil {
		return t, fmt.Errorf("%s: its entry in the header must have dtype, shape and data_offsets", name)
	}
	t.Type, t.begin, t.bytes = said.Type, said.Offsets[0], said.Offsets[1]-said.Offsets[0]
	if t.begin < 0 || t.bytes < 0 || len(said.Shape) > mostAxes {
		return t, fmt.Errorf("%s: is declared from byte %d to byte %d with %d axes: the header is damaged", name, said.Offsets[0], said.Offsets[1], len(said.Shape))
	}
	count := int64(1)
	for _, n := range said.Shape {
		if n < 0 || n > 0 && count > math.MaxInt32/n {
			return t, fmt.Errorf("%s: its header declares the shape %v, more than any weights have: the header is damaged", name, said.Shape)
		}
		count *= n
		t.Shape = append(t.Shape, int(n))
	}
	if width := widths[t.Type]; width > 0 && count*width != t.bytes {
		return t, fmt.Errorf("%s: its shape %v of %s takes %d bytes, its place has %d: the header is damaged", name, t.Shape, t.Type, count*width, t.bytes)
	}
	return t, nil
}

// checkPlaces demands that the tensors' places follow one another and fill so many bytes.
func (f *File) checkPlaces(size int64) error {
	slices.SortFunc(f.Tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.bytes, b.bytes), strings.Compare(a.Name, b.Name))
	})
	end := int64(0)
	for _, t := range f.Tensors {
		if t.begin != end || t.bytes > size-end {
			return fmt.Errorf("%s: is declared in %d bytes from byte %d, but there are %d from byte %d on: the file is truncated or damaged", t.Name, t.bytes, t.begin, size-end, end)
		}
		end += t.bytes
	}
	if end != size {
		return fmt.Errorf("has %d bytes of values, its header declares %d: the file is damaged", size, end)
	}
	return nil
}

// Float32 returns the values of a tensor of floating-point numbers, the last axis fastest.
func (f *File) Float32(t Tensor) ([]float32, error) {
	width := widths[t.Type]
	if width == 0 {
		return nil, fmt.Errorf("%s: %s: holds values of type %.20q, must be F16, BF16, F32 or F64", f.path, t.Name, t.Type)
	}
	data := make([]byte, t.bytes)
	if _, err := f.file.ReadAt(data, f.data+t.begin); err != nil && (err != io.EOF || len(data) > 0) {
		return nil, fmt.Errorf("%s: %s: cannot read its values: %w", f.path, t.Name, err)
	}
	values := make([]float32, t.bytes/width)
	for i := range values {
		b := data[int64(i)*width:]
		switch t.Type {
		case "F16":
			values[i] = float16(binary.LittleEndian.Uint16(b))
		case "BF16":
			values[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
		case "F32":
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b))
		case "F64":
			values[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
	}
	return values, nil
}

// float16 is the value of an IEEE 754 binary16 number: a sign, 5 bits of exponent, 10 of fraction.
func float16(bits uint16) float32 {
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	v := math.Ldexp(fraction+1024, exponent-25)
	switch {
	case exponent == 0:
		v = math.Ldexp(fraction, -24)
	case exponent == 0x1f && fraction != 0:
		v = math.NaN()
	case exponent == 0x1f:
		v = math.Inf(1)
	}
	return float32(math.Copysign(v, 1-2*float64(bits>>15)))
}

// Values is a tensor with its values, the last axis fastest.
type Values struct {
	Name   string
	Shape  []int
	Values []float32
}

// Encode returns the bytes of a file of these tensors, in this order, and of what is said of them.
func Encode(tensors []Values, metadata map[string]string) ([]byte, error) {
	var header bytes.Buffer
	text, err := json.Marshal(metadata)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&header, `{"%s":%s`, metadataKey, text)
	end := 0
	for _, t := range tensors {
		name, err := json.Marshal(t.Name)
		if err != nil {
			return nil, err
		}
		shape, err := json.Marshal(t.Shape)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&header, `,%s:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, name, shape, end, end+4*len(t.Values))
		end += 4 * len(t.Values)
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 {
		header.WriteByte(' ') // so that the values are aligned
	}
	data := binary.LittleEndian.AppendUint64(nil, uint64(header.Len()))
	data = append(data, header.Bytes()...)
	for _, t := range tensors {
		if data, err = binary.Append(data, binary.LittleEndian, t.Values); err != nil {
			return nil, err
		}
	}
	return data, nil
}
