package params

import (
	"os"
	"path/filepath"
	"slices"
)

// ReadProfile is Read of a file that may have a base: the key `base` at its top names another file,
// from its own folder, over which it is laid as Merge does. A base may have a base. The key is not
// part of the document.
func ReadProfile(path string) (*Document, error) {
	d, err := Read(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return d.overBase(path, []os.FileInfo{info})
}

// overBase is the document of the file at path, laid over its base if it names one; above are that
// file and those that are laid over it.
func (d *Document) overBase(path string, above []os.FileInfo) (*Document, error) {
	at := slices.Index(d.root.keys, "base")
	if at < 0 {
		return d, nil
	}
	base := d.root.items[at]
	d.root.keys, d.root.items = slices.Delete(d.root.keys, at, at+1), slices.Delete(d.root.items, at, at+1)
	if base.kind != text {
		return nil, base.errorf("found %s, must be the path of a file", base.found())
	}
	file := base.text
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(path), file)
	}
	data, err := readFile(file)
	if err != nil {
		return nil, base.errorf("cannot read %s: %v", file, err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, base.errorf("cannot read %s: %v", file, err)
	}
	if slices.ContainsFunc(above, func(other os.FileInfo) bool { return os.SameFile(info, other) }) {
		return nil, base.errorf("found %q, must be a file that is not based on this one", base.text)
	}
	under, err := Parse(file, data)
	if err != nil {
		return nil, err
	}
	if under.root.kind != mapping {
		return nil, under.root.errorf("found %s, must be a mapping", under.root.found())
	}
	if under, err = under.overBase(file, append(above, info)); err != nil {
		return nil, err
	}
	return under.Merge(d), nil
}
