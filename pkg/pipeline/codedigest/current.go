package codedigest

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// Change is a difference between the tree on disk and the embedded digests.
type Change struct {
	File   string   // or "module gonum.org/v1/gonum"
	What   string   // "changed", "new", "gone" or "v0.16.0 -> v0.17.0"
	Stages []string // whose results it may change, sorted
}

// Current compares the module at root with the digests that were computed when the program was
// built. Files are first compared by their plain hash; only those that differ are read as source,
// and a changed comment is no change.
func Current(root string, embedded Digests) ([]Change, error) {
	var list []Change
	report := func(file, what string) {
		list = append(list, Change{file, what, embedded.stagesOf(file)})
	}
	for _, file := range slices.Sorted(maps.Keys(embedded.Raw)) {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			report(file, "gone")
			continue
		case err != nil:
			return nil, err
		case rawSum(data) == embedded.Raw[file]:
			continue
		}
		if file == "go.mod" {
			changes, err := embedded.moduleChanges(root)
			if err != nil {
				return nil, err
			}
			list = append(list, changes...)
			continue
		}
		// A file that does not parse is a change, not a reason to fail here.
		if src, err := digestSource(file, data); err != nil || src.digest != embedded.digestOf(file) {
			report(file, "changed")
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(embedded.Packages)) {
		added, err := embedded.added(root, dir)
		if err != nil {
			return nil, err
		}
		for _, file := range added {
			list = append(list, Change{file, "new", embedded.stagesOfPackage(dir)})
		}
	}
	return list, nil
}

// added lists files that count for the package and that are not in the digests.
func (d Digests) added(root, dir string) ([]string, error) {
	names, err := sourceFiles(root, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // each of its files is reported as gone
	}
	if err != nil {
		return nil, err
	}
	var files []string
	for _, name := range names {
		file := path.Join(dir, name)
		if d.Raw[file] != "" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return nil, err
		}
		if src, err := digestSource(file, data); err == nil && src.ignored {
			continue
		}
		files = append(files, file)
	}
	embedded, err := embeddedFiles(root, dir, d.Packages[dir])
	if err != nil {
		return nil, err
	}
	for _, file := range embedded {
		if d.Raw[file] == "" && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files, nil
}

func (d Digests) moduleChanges(root string) ([]Change, error) {
	mod, err := readModule(root)
	if err != nil {
		return nil, err
	}
	stages := map[string][]string{} // module -> stages
	was := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(d.Stages)) {
		for m, version := range d.Stages[name].Modules {
			was[m] = version
			stages[m] = append(stages[m], name)
		}
	}
	var list []Change
	for _, m := range slices.Sorted(maps.Keys(was)) {
		now := mod.requires[m]
		if now == "" {
			now = "(none)"
		}
		if now != was[m] {
			list = append(list, Change{"module " + m, was[m] + " -> " + now, stages[m]})
		}
	}
	return list, nil
}

func (d Digests) digestOf(file string) string {
	for _, s := range d.Stages {
		if sum := s.Files[file]; sum != "" {
			return sum
		}
	}
	return ""
}

func (d Digests) stagesOf(file string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(d.Stages)) {
		if d.Stages[name].Files[file] != "" {
			list = append(list, name)
		}
	}
	return list
}

func (d Digests) stagesOfPackage(dir string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(d.Stages)) {
		for file := range d.Stages[name].Files {
			if path.Dir(file) == dir {
				list = append(list, name)
				break
			}
		}
	}
	return list
}
