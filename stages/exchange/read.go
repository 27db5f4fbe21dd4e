package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"sicgrid/pkg/ndarray"
	"sicgrid/pkg/safetensors"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/statedict"
)

// mostBytes is how large a file of weights may be: those of most parameters as float64, and a
// header.
const mostBytes = 8*statedict.MostParameters + 1<<20

// Weights are a network that was read from a file.
type Weights struct {
	Network sic.Network // its sizes; how it was initialised is not known
	Params  []float32   // in the order of sic.NewLayout, the identity folded in
	SHA256  string      // of the file
	Format  string      // "npz", "safetensors"
}

// pack is an open file of tensors.
type pack struct {
	tensors []statedict.Tensor
	values  func(i int) ([]float32, error) // of tensor i
	close   func() error
}

// Read reads the weights of a network of this architecture from a file that somebody's PyTorch,
// NumPy or sicgrid wrote. addIdentity says that its W(v) is I + MLP(v). The sizes of everything are
// known and bounded before any value is read.
func Read(path string, addIdentity bool) (w Weights, err error) {
	if w.SHA256, err = Digest(path); err != nil {
		return w, err
	}
	var p pack
	if p, w.Format, err = open(path); err != nil {
		return w, err
	}
	defer p.close()
	var order []int
	if w.Network, order, err = statedict.Recognise(p.tensors); err != nil {
		return w, fmt.Errorf("%s: %w", path, err)
	}
	layout := sic.NewLayout(w.Network)
	w.Params = make([]float32, layout.Size)
	names := make([]string, len(order))
	for i, from := range order {
		values, err := p.values(from)
		if err != nil {
			return w, err
		}
		copy(sic.Of(w.Params, layout.Tensors[i]), values)
		names[i] = p.tensors[from].Name
	}
	if err := statedict.CheckFinite(w.Network, w.Params, names); err != nil {
		return w, fmt.Errorf("%s: %w", path, err)
	}
	if addIdentity {
		statedict.AddIdentity(w.Network, w.Params)
	}
	return w, nil
}

// Digest is the SHA-256 of a regular file that is no larger than weights can be.
func Digest(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("cannot read: %w", err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: must be a regular file", path)
	case info.Size() > mostBytes:
		return "", fmt.Errorf("%s: has %d MiB, must be at most %d: weights of %d parameters take no more", path, info.Size()>>20, mostBytes>>20, statedict.MostParameters)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("cannot read: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(f, mostBytes)); err != nil {
		return "", fmt.Errorf("cannot read: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// open opens a file by what is in it, whatever it is called.
func open(path string) (p pack, format string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return p, "", fmt.Errorf("cannot read: %w", err)
	}
	head := make([]byte, 4)
	n, _ := io.ReadFull(f, head) // of a shorter file, what there is
	_ = f.Close()                // which was only read
	switch head = head[:n]; {
	case bytes.Equal(head, []byte("PK\x03\x04")):
		p, err = openNpz(path)
		return p, "npz", err
	case bytes.HasPrefix(head, []byte("\x80")):
		return p, "", fmt.Errorf("%s: %w", path, errPickle)
	}
	p, err = openSafetensors(path)
	return p, "safetensors", err
}

// errPickle is what torch.save wrote: a program in Python's pickle language, which nothing here
// runs.
var errPickle = errors.New("holds Python objects, as torch.save writes them; write the numbers alone: safetensors.torch.save_file(model.state_dict(), 'w.safetensors'), or numpy.savez('w.npz', **{k: v.numpy() for k, v in model.state_dict().items()})")

func openSafetensors(path string) (p pack, err error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return p, err
	}
	for _, t := range f.Tensors {
		p.tensors = append(p.tensors, statedict.Tensor{Name: t.Name, Shape: t.Shape})
	}
	p.values, p.close = func(i int) ([]float32, error) { return f.Float32(f.Tensors[i]) }, f.Close
	return p, nil
}

func openNpz(path string) (p pack, err error) {
	f, err := ndarray.OpenNpz(path)
	if err != nil {
		return p, err
	}
	if len(f.Keys()) == 0 {
		_ = f.Close() // which was only read
		return p, fmt.Errorf("%s: %w", path, errPickle)
	}
	for _, key := range f.Keys() {
		if slices.ContainsFunc(p.tensors, func(t statedict.Tensor) bool { return t.Name == key }) {
			_ = f.Close()
			return p, fmt.Errorf("%s: has two arrays %q", path, key)
		}
		shape, err := f.Shape(key)
		if err != nil {
			_ = f.Close()
			return p, err
		}
		p.tensors = append(p.tensors, statedict.Tensor{Name: key, Shape: shape})
	}
	p.close = f.Close
	p.values = func(i int) ([]float32, error) {
		a, err := f.Read(p.tensors[i].Name)
		if err != nil {
			return nil, err
		}
		values := make([]float32, len(a.Values))
		for j, v := range a.Values {
			values[j] = float32(v)
		}
		return values, nil
	}
	return p, nil
}
