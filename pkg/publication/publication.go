// Package publication makes of results what is given to others to keep: figures, and every result
// that they rest on, with their origin, a licence and how to cite them. It knows nothing of what
// the results are about.
//
// The nouns: a publication is a list of files,
//
//	README.md              what it is, where it came from, how to check and to use it
//	LICENSE, CITATION.cff  as they are given
//	SHA256SUMS             of all others, for sha256sum -c
//	figures/<name>         drawings, tables and the records beside them
//	results/               a remote in a folder: the chain of results behind the figures
//
// The same results give the same files, byte by byte, whenever and wherever they were computed: of
// their records only what says how they came about is kept, not when, how fast and in which order.
// So whoever computes them again can compare one digest, that of the image's manifest.
//
// A publication goes into a folder (WriteFolder) or, by package remote, into a registry.
package publication

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
	"sicgrid/pkg/store/remote"
)

// Result is one of the chain behind the figures.
type Result struct {
	Name   string // of its node
	Action *store.Action
}

// Publication is what is given to others.
type Publication struct {
	Title    string
	Made     []string          // how it was made, one line each, such as the commit
	Use      string            // how to go on from it, Markdown
	Figures  map[string][]byte // files by name
	Results  []Result          // inputs first
	Licence  []byte
	Citation []byte // in the Citation File Format
}

// Names of the files.
const (
	readmeFile   = "README.md"
	licenceFile  = "LICENSE"
	citationFile = "CITATION.cff"
	sumsFile     = "SHA256SUMS"
	figures      = "figures"
)

// Files lists the files of a publication, in the order of their names. Objects are not read.
func (p *Publication) Files() ([]remote.File, error) {
	files := []remote.File{
		{Name: licenceFile, Data: p.Licence},
		{Name: citationFile, Data: p.Citation},
		{Name: path.Join(remote.ResultsFolder, store.FormatFile), Data: []byte(store.RemoteFolder.Text())},
	}
	for name, data := range p.Figures {
		files = append(files, remote.File{Name: path.Join(figures, name), Data: data})
	}
	objects := map[store.Digest]bool{}
	for _, r := range p.Results {
		data, err := store.EncodeAction(timeless(r.Action))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
		files = append(files, remote.File{Name: path.Join(remote.ResultsFolder, "actions", store.ActionName(r.Action.Key, r.Action.Numerics)), Data: data})
		for _, o := range r.Action.Outputs {
			if !objects[o.Object] {
				objects[o.Object] = true
				files = append(files, remote.File{Name: objectName(o), Object: o.Object, Bytes: o.Bytes})
			}
		}
	}
	files = append(files, remote.File{Name: readmeFile, Data: p.readme()})
	byName := func(a, b remote.File) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(files, byName)
	files = slices.CompactFunc(files, func(a, b remote.File) bool { return a.Name == b.Name }) // one result may be two nodes'
	files = append(files, remote.File{Name: sumsFile, Data: sums(files)})
	slices.SortFunc(files, byName)
	return files, nil
}

func objectName(o store.Output) string {
	return path.Join(remote.ResultsFolder, "objects", string(o.Object))
}

// ofTheMoment is what the provenance of a result says of the moment in which it was made.
var ofTheMoment = []string{"reason", "started", "wall_seconds", "peak_rss_bytes", "resumed_from_step"}

// timeless is a record without what another computation of the same result would say otherwise.
func timeless(a *store.Action) *store.Action {
	var said map[string]json.RawMessage
	if json.Unmarshal(a.Provenance, &said) != nil {
		return a
	}
	maps.DeleteFunc(said, func(name string, _ json.RawMessage) bool { return slices.Contains(ofTheMoment, name) })
	b := *a
	b.Provenance, _ = json.Marshal(said) // of what was JSON
	return &b
}

func sums(files []remote.File) []byte {
	var b bytes.Buffer
	for _, f := range files {
		sum := string(f.Object)
		if sum == "" {
			hash := sha256.Sum256(f.Data)
			sum = hex.EncodeToString(hash[:])
		}
		fmt.Fprintf(&b, "%s  %s\n", sum, f.Name)
	}
	return b.Bytes()
}

func (p *Publication) readme() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n", printable.Cell(p.Title))
	for _, line := range p.Made {
		fmt.Fprintf(&b, "- %s\n", printable.Cell(line))
	}
	b.WriteString("\n`LICENSE` says what may be done with it, `CITATION.cff` how to cite it. `sha256sum -c SHA256SUMS` checks\nevery file.\n\n")
	if names := slices.Sorted(maps.Keys(p.Figures)); len(names) > 0 {
		b.WriteString("## Figures and tables\n\n")
		for _, name := range names {
			fmt.Fprintf(&b, "- [%s](%s)\n", printable.Cell(name), path.Join(figures, name))
		}
		b.WriteString("\n")
	}
	b.WriteString(p.Use)
	b.WriteString("\n## Results\n\nEvery result behind them, inputs first: Parquet files, which any reader of Parquet opens, named by the\nSHA-256 of their bytes. `results/actions` has a record for each computation: its code, parameters, seed\nand inputs by digest, and on what it ran.\n\n")
	b.WriteString("| result | rows | bytes | file | digest of the values | numerics |\n|---|---|---|---|---|---|\n")
	for _, r := range p.Results {
		for _, o := range r.Action.Outputs {
			fmt.Fprintf(&b, "| %s:%s | %d | %d | [%.12s](%s) | %.12s | %s |\n", printable.Cell(r.Name), printable.Cell(o.Name), o.Rows, o.Bytes,
				string(o.Object), objectName(o), printable.Cell(o.Logical), printable.Cell(r.Action.Numerics))
		}
	}
	return b.Bytes()
}

// WriteFolder writes files into dir, which must be new or empty: all of them, or none. Objects come
// from s, and are checked while they are copied.
func WriteFolder(ctx context.Context, dir string, s *store.Store, files []remote.File) (err error) {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; nothing in it was touched: choose a new folder", dir)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	draft, err := os.MkdirTemp(parent, ".publication-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(draft)
		}
	}()
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(draft, filepath.FromSlash(f.Name)), s, f); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if err := os.Chmod(draft, 0o755); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) { // the empty one
		return err
	}
	return os.Rename(draft, dir)
}

func writeFile(to string, s *store.Store, f remote.File) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	var from io.Reader = bytes.NewReader(f.Data)
	if f.Object != "" {
		object, err := store.OpenRegular(s.ObjectPath(f.Object))
		if err != nil {
			return err
		}
		defer object.Close()
		from = object
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, hash), from)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); f.Object != "" && sum != string(f.Object) {
		return fmt.Errorf("object %s is damaged; `sicgrid verify --repair` takes it out: %w", f.Object, store.ErrMissing)
	}
	return nil
}

// Commits are those of the sources by which the results were made, as far as they are known.
func (p *Publication) Commits() []string {
	commits := map[string]bool{}
	for _, r := range p.Results {
		commits[r.commit()] = true
	}
	delete(commits, "") // of which nothing is known
	return slices.Sorted(maps.Keys(commits))
}

func (r Result) commit() string {
	var said struct {
		Commit string `json:"commit"`
	}
	_ = json.Unmarshal(r.Action.Provenance, &said) // of which nothing may be known
	return said.Commit
}

// Annotations are what a registry shows of the publication.
func (p *Publication) Annotations() map[string]string {
	return map[string]string{ocispec.AnnotationTitle: printable.Line(p.Title), ocispec.AnnotationDescription: printable.Short(strings.Join(p.Made, "; "), mostDescription)}
}

const mostDescription = 500 // characters
