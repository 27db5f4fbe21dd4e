// Package codedigest reduces the source code that decides a stage's results to one digest.
//
// The code of a stage is its package and every package of this module that it imports, directly or
// not: all Go files of every platform except tests, the assembly and shaders beside them, and
// embedded files. The digest sees Go and C-like source as tokens: comments and formatting do not
// count, except for directives (//go:build and its kin), nor do struct tags that are sentences for
// people. Third-party modules that the code imports count by version, the standard library not at
// all. Packages that carry results but do not decide them (store, codec, scheduling, a backend that
// is not used) are excluded by name.
//
// Digests are computed before the program is built and embedded in it. Current then tells a running
// program whether the tree that it came from has moved on.
package codedigest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Stage is the code of one stage, reduced to digests.
type Stage struct {
	Digest  string            `json:"digest"`  // of Files and Modules
	Files   map[string]string `json:"files"`   // path in the module -> digest without comments and formatting
	Modules map[string]string `json:"modules"` // third-party module -> version
}

// Digests are the code digests of all stages of a program, and what it takes to find out fast
// whether they still hold. Paths are relative to the module's root and have forward slashes.
type Digests struct {
	Module string           `json:"module"`
	Stages map[string]Stage `json:"stages"`
	// Raw has the plain SHA-256 of every file of any stage, and of go.mod.
	Raw map[string]string `json:"raw"`
	// Packages has, for every package folder, the patterns that it embeds.
	Packages map[string][]string `json:"packages"`
}

// Parse reads what embed wrote.
func Parse(data []byte) (Digests, error) {
	var d Digests
	if err := json.Unmarshal(data, &d); err != nil {
		return d, fmt.Errorf("code digests: %w", err)
	}
	if len(d.Stages) == 0 {
		return d, fmt.Errorf("code digests: no stages")
	}
	return d, nil
}

// Compute reads the module at root. stages maps each stage's name to its package folder, or to
// several joined by "+": a stage and the device's code that it is given to run on. exclude lists
// package folders of this module ("pkg/store", with all below) and import paths of other modules
// that do not count.
func Compute(root string, stages map[string]string, exclude []string) (Digests, error) {
	mod, err := readModule(root)
	if err != nil {
		return Digests{}, err
	}
	r := &reader{root: root, mod: mod, exclude: exclude, packages: map[string]*pkg{}}
	d := Digests{
		Module: mod.path, Stages: map[string]Stage{},
		Raw: map[string]string{"go.mod": mod.raw}, Packages: map[string][]string{},
	}
	for name, dir := range stages {
		s := Stage{Files: map[string]string{}, Modules: map[string]string{}}
		packages, err := r.closure(strings.Split(filepath.ToSlash(dir), "+")...)
		if err != nil {
			return Digests{}, fmt.Errorf("stage %s: %w", name, err)
		}
		for _, p := range packages {
			d.Packages[p.dir] = p.embeds
			for file, sum := range p.files {
				s.Files[file], d.Raw[file] = sum, p.raw[file]
			}
			for _, m := range p.modules {
				s.Modules[m] = mod.requires[m]
			}
		}
		s.Digest = s.sum()
		d.Stages[name] = s
	}
	return d, nil
}

// sum is the digest of all files and modules in sorted order.
func (s Stage) sum() string {
	h := sha256.New()
	for _, part := range []map[string]string{s.Files, s.Modules} {
		for _, k := range slices.Sorted(maps.Keys(part)) {
			fmt.Fprintf(h, "%q %q\n", k, part[k])
		}
		fmt.Fprintln(h)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// pkg is one package folder.
type pkg struct {
	dir     string
	files   map[string]string // path -> digest
	raw     map[string]string // path -> plain SHA-256
	embeds  []string          // patterns
	imports []string          // folders of this module, sorted
	modules []string          // other modules, sorted
}

type reader struct {
	root     string
	mod      *module
	exclude  []string
	packages map[string]*pkg
}

// closure returns the packages in dirs and all that they import in this module, each once.
func (r *reader) closure(dirs ...string) ([]*pkg, error) {
	var list []*pkg
	visited := map[string]bool{}
	var visit func(dir, from string) error
	visit = func(dir, from string) error {
		if visited[dir] || r.excluded(dir) {
			return nil
		}
		visited[dir] = true
		p, err := r.read(dir)
		if err != nil {
			if from != "" {
				return fmt.Errorf("%w (imported by %s)", err, from)
			}
			return err
		}
		list = append(list, p)
		for _, imported := range p.imports {
			if err := visit(imported, dir); err != nil {
				return err
			}
		}
		return nil
	}
	for _, dir := range dirs {
		if err := visit(path.Clean(dir), ""); err != nil {
			return list, err
		}
	}
	return list, nil
}

func (r *reader) excluded(name string) bool {
	return slices.ContainsFunc(r.exclude, func(e string) bool { return within(name, e) })
}

// within reports whether the import path or folder name is parent or below it.
func within(name, parent string) bool {
	return name == parent || strings.HasPrefix(name, parent+"/")
}

func (r *reader) read(dir string) (*pkg, error) {
	if p := r.packages[dir]; p != nil {
		return p, nil
	}
	p := &pkg{dir: dir, files: map[string]string{}, raw: map[string]string{}}
	names, err := sourceFiles(r.root, dir)
	if err != nil {
		return nil, err
	}
	imports, modules, compiled := map[string]bool{}, map[string]bool{}, false
	for _, name := range names {
		file := path.Join(dir, name)
		data, err := os.ReadFile(filepath.Join(r.root, filepath.FromSlash(file)))
		if err != nil {
			return nil, err
		}
		src, err := digestSource(file, data)
		if err != nil {
			return nil, err
		}
		if src.ignored {
			continue
		}
		compiled = compiled || strings.HasSuffix(file, ".go")
		p.files[file], p.raw[file] = src.digest, rawSum(data)
		p.embeds = append(p.embeds, src.embeds...)
		for _, imp := range src.imports {
			switch {
			case within(imp, r.mod.path):
				imports[strings.TrimPrefix(strings.TrimPrefix(imp, r.mod.path), "/")] = true
			case standard(imp) || r.excluded(imp):
			default:
				m, err := r.mod.provides(imp)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", file, err)
				}
				modules[m] = true
			}
		}
	}
	if !compiled {
		return nil, fmt.Errorf("%s: no Go files", dir)
	}
	slices.Sort(p.embeds)
	p.embeds = slices.Compact(p.embeds)
	embedded, err := embeddedFiles(r.root, dir, p.embeds)
	if err != nil {
		return nil, err
	}
	for _, file := range embedded {
		if p.files[file] != "" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(r.root, filepath.FromSlash(file)))
		if err != nil {
			return nil, err
		}
		p.raw[file] = rawSum(data)
		p.files[file] = p.raw[file]
	}
	p.imports, p.modules = slices.Sorted(maps.Keys(imports)), slices.Sorted(maps.Keys(modules))
	r.packages[dir] = p
	return p, nil
}

// sourceFiles lists the names of the files of a package folder that count.
func sourceFiles(root, dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(dir)))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		switch path.Ext(name) {
		case ".go", ".s", ".h", ".comp", ".glsl", ".spv":
			names = append(names, name)
		}
	}
	return names, nil
}

// embeddedFiles finds the files that a package's go:embed patterns name. A folder stands for all
// files below it except those that begin with . or _, unless the pattern begins with "all:".
func embeddedFiles(root, dir string, patterns []string) ([]string, error) {
	base := filepath.Join(root, filepath.FromSlash(dir))
	found := map[string]bool{}
	for _, pattern := range patterns {
		glob, all := strings.CutPrefix(pattern, "all:")
		matches, err := filepath.Glob(filepath.Join(base, filepath.FromSlash(glob)))
		if err != nil {
			return nil, fmt.Errorf("%s: go:embed %s: %w", dir, pattern, err)
		}
		for _, match := range matches {
			err := filepath.WalkDir(match, func(p string, e fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				hidden := strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "_")
				if p != match && hidden && !all {
					if e.IsDir() {
						return fs.SkipDir
					}
					return nil
				}
				if e.Type().IsRegular() {
					rel, err := filepath.Rel(root, p)
					if err != nil {
						return err
					}
					found[filepath.ToSlash(rel)] = true
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func rawSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
