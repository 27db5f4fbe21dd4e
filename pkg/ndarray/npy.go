package ndarray

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// Array holds values [Shape...] in C order.
type Array struct {
	Shape  []int
	Values []float64
}

const (
	magic = "\x93NUMPY"
	// maxHeader bounds the text of a header: NumPy itself writes a few hundred bytes and warns
	// above 10 000.
	maxHeader = 1 << 16
	// maxAxes is the number of axes that NumPy allows.
	maxAxes = 32
)

// Npy returns the bytes of a .npy file of format version 1.0 with these values in C order.
func Npy[T float32 | float64 | int32 | int64](shape []int, values []T) []byte {
	kind := map[reflect.Kind]string{reflect.Float32: "<f4", reflect.Float64: "<f8", reflect.Int32: "<i4", reflect.Int64: "<i8"}
	header := NpyHeader(kind[reflect.TypeFor[T]().Kind()], shape)
	data, err := binary.Append([]byte(header), binary.LittleEndian, values)
	if err != nil {
		panic(err) // no number fails
	}
	return data
}

// NpyHeader is the head of a file of such values, padded so that they begin at a multiple of 64
// bytes; descr is NumPy's name of their type.
func NpyHeader(descr string, shape []int) string {
	sizes := ""
	for _, n := range shape {
		sizes += fmt.Sprintf("%d,", n)
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, sizes)
	dict += strings.Repeat(" ", 63-(10+len(dict))%64) + "\n"
	return magic + "\x01\x00" + string([]byte{byte(len(dict)), byte(len(dict) >> 8)}) + dict
}

// ReadNpy reads a .npy file (format versions 1 to 3) of little-endian float32 or float64 values in
// C order.
func ReadNpy(path string) (*Array, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot read: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: is a folder, must be a .npy file", path)
	}
	a, err := readNpy(bufio.NewReaderSize(f, 1<<20), info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// readNpy reads an array from a file of size bytes.
func readNpy(r io.Reader, size int64) (*Array, error) {
	text, start, err := headerText(r, size)
	if err != nil {
		return nil, err
	}
	shape, width, err := parseHeader(text)
	if err != nil {
		return nil, err
	}
	count, ok := product(shape)
	declared := count * int64(width)
	switch {
	case !ok || count > (math.MaxInt64-start)/int64(width):
		return nil, fmt.Errorf("its header declares the shape %s, more than any file holds: the header is damaged", shapeText(shape))
	case start+declared > size:
		return nil, fmt.Errorf("its header declares the shape %s, %d bytes of values, but %d follow: the file is truncated", shapeText(shape), declared, size-start)
	case start+declared < size:
		return nil, fmt.Errorf("its header declares the shape %s, %d bytes of values, but %d follow: it must hold one array and nothing else", shapeText(shape), declared, size-start)
	}
	a := &Array{Shape: shape, Values: make([]float64, count)}
	chunk := make([]byte, 1<<16)
	for at := 0; at < len(a.Values); {
		n := min(len(chunk)/width, len(a.Values)-at)
		if _, err := io.ReadFull(r, chunk[:n*width]); err != nil {
			return nil, fmt.Errorf("cannot read its values: %w", err)
		}
		for i := range n {
			if width == 4 {
				a.Values[at+i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(chunk[4*i:])))
			} else {
				a.Values[at+i] = math.Float64frombits(binary.LittleEndian.Uint64(chunk[8*i:]))
			}
		}
		at += n
	}
	return a, nil
}

// headerText returns the text of the header and where the values start.
func headerText(r io.Reader, size int64) (text string, start int64, err error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(r, head); err != nil || string(head[:6]) != magic {
		return "", 0, errors.New("is no .npy file: it does not begin with \\x93NUMPY; write one with numpy.save")
	}
	version, field := head[6], 2
	if version > 1 {
		field = 4
	}
	if version < 1 || version > 3 {
		return "", 0, fmt.Errorf("is of npy format version %d.%d, must be 1 to 3", version, head[7])
	}
	raw := make([]byte, 4)
	if _, err := io.ReadFull(r, raw[:field]); err != nil {
		return "", 0, errors.New("ends within its header: the file is truncated")
	}
	length := int64(binary.LittleEndian.Uint32(raw))
	start = 8 + int64(field) + length
	switch {
	case length > maxHeader:
		return "", 0, fmt.Errorf("its header declares %d bytes of itself, must be at most %d: the header is damaged", length, maxHeader)
	case start > size:
		return "", 0, errors.New("ends within its header: the file is truncated")
	}
	header := make([]byte, length)
	if _, err := io.ReadFull(r, header); err != nil {
		return "", 0, fmt.Errorf("cannot read its header: %w", err)
	}
	return string(header), start, nil
}

// The header is a Python dictionary of three keys; whatever else is in it makes it no header of an
// array of numbers.
var (
	descrKey   = regexp.MustCompile(`^'descr': *'([^']*)'$`)
	orderKey   = regexp.MustCompile(`^'fortran_order': *(True|False)$`)
	shapeKey   = regexp.MustCompile(`^'shape': *\(([0-9L, ]*)\)$`)
	headerForm = regexp.MustCompile(`^\{ *('[a-z_]+': *(?:'[^']*'|True|False|\([0-9L, ]*\))) *, *('[a-z_]+': *(?:'[^']*'|True|False|\([0-9L, ]*\))) *, *('[a-z_]+': *(?:'[^']*'|True|False|\([0-9L, ]*\))) *,? *\}[ \n]*$`)
)

// parseHeader returns the shape and the bytes of a value.
func parseHeader(text string) (shape []int, width int, err error) {
	parts := headerForm.FindStringSubmatch(text)
	if parts == nil {
		if strings.Contains(text, "'descr': [") {
			return nil, 0, errors.New("holds a structured array, must hold plain float32 or float64 values: save one field of it")
		}
		return nil, 0, errors.New("its header is not that of an array: must have descr, fortran_order and shape")
	}
	var descr, order, size []string
	for _, p := range parts[1:] {
		switch {
		case descrKey.MatchString(p):
			descr = descrKey.FindStringSubmatch(p)
		case orderKey.MatchString(p):
			order = orderKey.FindStringSubmatch(p)
		case shapeKey.MatchString(p):
			size = shapeKey.FindStringSubmatch(p)
		}
	}
	if descr == nil || order == nil || size == nil {
		return nil, 0, errors.New("its header is not that of an array: must have descr, fortran_order and shape")
	}
	if shape, err = parseShape(size[1]); err != nil {
		return nil, 0, err
	}
	switch descr[1] {
	case "<f4":
		width = 4
	case "<f8":
		width = 8
	case ">f4", ">f8":
		return nil, 0, fmt.Errorf("holds big-endian values (%s), must be little-endian: save a.astype('<f4')", descr[1])
	default:
		return nil, 0, fmt.Errorf("holds values of type %.20q, must be float32 or float64: save a.astype('float32')", descr[1])
	}
	if order[1] == "True" && len(shape) > 1 {
		return nil, 0, errors.New("is in Fortran order, must be in C order: save numpy.ascontiguousarray(a)")
	}
	return shape, width, nil
}

func parseShape(text string) ([]int, error) {
	var shape []int
	for _, field := range strings.Split(text, ",") {
		if field = strings.TrimSuffix(strings.TrimSpace(field), "L"); field == "" {
			continue
		}
		n, err := strconv.ParseInt(field, 10, 0)
		if err != nil {
			return nil, fmt.Errorf("its header declares an axis of %.30s: the header is damaged", field)
		}
		shape = append(shape, int(n))
	}
	if len(shape) > maxAxes {
		return nil, fmt.Errorf("its header declares %d axes, must be at most %d: the header is damaged", len(shape), maxAxes)
	}
	return shape, nil
}

// product multiplies the axes; ok is false where the product overflows.
func product(shape []int) (n int64, ok bool) {
	n = 1
	for _, s := range shape {
		if s != 0 && n > math.MaxInt64/int64(s) {
			return 0, false
		}
		n *= int64(s)
	}
	return n, true
}

func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, s := range shape {
		parts[i] = strconv.Itoa(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// ShapeText writes the shape as "[3, 64, 64]".
func (a *Array) ShapeText() string { return shapeText(a.Shape) }
