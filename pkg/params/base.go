package params

import (
	"os"
	"path/filepath"
	"slices"
)

// Bases reads profiles, of which several may have one base: it is parsed once. The zero value is
// ready.
type Bases struct {
	read map[string]*Document // by path, each laid over its own base
}

// ReadProfile is Bases.ReadProfile of one file.
func ReadProfile(path string) (*Document, error) { return new(Bases).ReadProfile(path) }

// ReadProfile is Read of a file that may have a base: the key `base` at its top names another file,
// from its own folder, over which it is laid as Merge does. A base may have a base. The key is not
// part of the document.
func (b *Bases) ReadProfile(path string) (*Document, error) {
	d, err := Read(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return b.lay(d, path, []os.FileInfo{info})
}

// lay is the document of the file at path, laid over its base if it names one; above are that file
// and those that are laid over it.
func (b *Bases) lay(d *Document, path string, above []os.FileInfo) (*Document, error) {
	at := slices.Index(d.root.keys, "base")
	if at < 0 {
		return d, nil
	}
	name := d.root.items[at]
	d.root.keys, d.root.items = slices.Delete(d.root.keys, at, at+1), slices.Delete(d.root.items, at, at+1)
	if name.kind != text {
		return nil, name.errorf("found %s, must be the path of a file", name.found())
	}
	file := Beside(path, name.text)
	under := b.read[file]
	if under == nil {
		var err error
		if under, err = b.base(name, file, above); err != nil {
			return nil, err
		}
		if b.read == nil {
			b.read = map[string]*Document{}
		}
		b.read[file] = under // which cannot be based on this one: that would have been found
	}
	return under.Merge(d), nil
}

// base reads a file that is named as a base.
func (b *Bases) base(name *value, file string, above []os.FileInfo) (*Document, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, name.errorf("cannot read %s: %v", file, err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, name.errorf("cannot read %s: %v", file, err)
	}
	if slices.ContainsFunc(above, func(other os.FileInfo) bool { return os.SameFile(info, other) }) {
		return nil, name.errorf("found %q, must be a file that is not based on this one", name.text)
	}
	under, err := Parse(file, data)
	if err != nil {
		return nil, err
	}
	if under.root.kind != mapping {
		return nil, under.root.errorf("found %s, must be a mapping", under.root.found())
	}
	return b.lay(under, file, append(above, info))
}

// Beside is the path of a file that another file names: from its folder, unless the name is
// absolute.
func Beside(path, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(path), name)
}
