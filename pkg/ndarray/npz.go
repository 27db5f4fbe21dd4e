package ndarray

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Arrays are the arrays of numbers of one .npz file, by their keys. Each is read when it is asked
// for.
type Arrays struct {
	path   string
	file   *zip.ReadCloser
	keys   []string // of numbers
	others []string // "type (text or objects)"
}

// OpenNpz opens a .npz file, as numpy.savez and numpy.savez_compressed write it: a zip archive of
// .npy files. Arrays of text or of Python objects are known to be there and cannot be read.
func OpenNpz(path string) (*Arrays, error) {
	file, err := zip.OpenReader(path)
	if err != nil {
		if errors.Is(err, zip.ErrFormat) {
			return nil, fmt.Errorf("%s: is no .npz file: it is no zip archive; write one with numpy.savez", path)
		}
		return nil, fmt.Errorf("cannot read: %w", err)
	}
	a := &Arrays{path: path, file: file}
	for _, f := range file.File {
		key, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		if _, err := a.look(f); err != nil {
			a.others = append(a.others, key)
		} else {
			a.keys = append(a.keys, key)
		}
	}
	return a, nil
}

// deflate is the most bytes that one byte of a zip archive can stand for.
const deflate = 1032

// Close closes the file.
func (a *Arrays) Close() error { return a.file.Close() }

// Keys are those of the arrays of numbers, in the order of the file.
func (a *Arrays) Keys() []string { return a.keys }

// look reads a member's header, which may not be that of an array of numbers.
func (a *Arrays) look(f *zip.File) (h npyHeader, err error) {
	r, err := f.Open()
	if err != nil {
		return h, err
	}
	defer r.Close()
	text, _, err := headerText(r, int64(f.UncompressedSize64))
	if err != nil {
		return h, err
	}
	return parseHeader(text)
}

// Read returns the array of a key; "" stands for the only one there is.
func (a *Arrays) Read(key string) (*Array, error) {
	if key == "" {
		if len(a.keys) != 1 {
			return nil, fmt.Errorf("%s: has %s: name one as %s:KEY", a.path, a.text(), a.path)
		}
		key = a.keys[0]
	}
	i := slices.IndexFunc(a.file.File, func(f *zip.File) bool { return f.Name == key+".npy" })
	if i < 0 {
		return nil, fmt.Errorf("%s: has no array %q, has %s", a.path, key, a.text())
	}
	f := a.file.File[i]
	if f.UncompressedSize64/deflate > f.CompressedSize64 {
		return nil, fmt.Errorf("%s: %s: declares %d bytes packed into %d: the file is damaged", a.path, key, f.UncompressedSize64, f.CompressedSize64)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", a.path, key, err)
	}
	defer r.Close()
	v, err := readNpy(bufio.NewReaderSize(r, 1<<20), int64(f.UncompressedSize64))
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", a.path, key, err)
	}
	return v, nil
}

// text lists what the file holds.
func (a *Arrays) text() string {
	text := "no array of numbers"
	if len(a.keys) > 0 {
		text = "the arrays " + strings.Join(a.keys, ", ")
	}
	if len(a.others) > 0 {
		text += " (and of no numbers " + strings.Join(a.others, ", ") + ")"
	}
	return text
}

// Shape is that of the array of a key, as its header declares it; nothing of its values is read.
func (a *Arrays) Shape(key string) ([]int, error) {
	i := slices.IndexFunc(a.file.File, func(f *zip.File) bool { return f.Name == key+".npy" })
	if i < 0 {
		return nil, fmt.Errorf("%s: has no array %q, has %s", a.path, key, a.text())
	}
	h, err := a.look(a.file.File[i])
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", a.path, key, err)
	}
	return h.shape, nil
}

// A Member is one array of a .npz file: its key, and the bytes of its .npy file.
type Member struct {
	Key string
	Npy []byte
}

// Npz returns the bytes of a .npz file as numpy.savez writes it: nothing is compressed, and the
// same members give the same bytes.
func Npz(members []Member) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		w, err := z.CreateHeader(&zip.FileHeader{Name: m.Key + ".npy", Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(m.Npy); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// NpyText returns the bytes of a .npy file of one text, an array without axes.
func NpyText(text string) []byte {
	points := []rune(text)
	data, err := binary.Append([]byte(NpyHeader(fmt.Sprintf("<U%d", len(points)), nil)), binary.LittleEndian, points)
	if err != nil {
		panic(err) // no number fails
	}
	return data
}
