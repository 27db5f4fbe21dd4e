package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/figure"
	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
	"sicgrid/pkg/usage"
	"sicgrid/stages/exchange"
	"sicgrid/stages/experiment"
	"sicgrid/stages/figures/sheet"
)

// A figure is an artifact like any other. Its files are laid out beside a JSON file that says where
// they came from; a file that is missing or altered there is restored from the store, not redrawn.

// Record is the JSON file beside a figure.
type Record struct {
	Figure     string             `json:"figure"`
	Title      string             `json:"title"`
	Caption    string             `json:"caption"`
	Panels     []sheet.Panel      `json:"panels"` // each with the tables behind it: "spectra/full/4m:units"
	Profile    string             `json:"profile"`
	Seed       uint64             `json:"seed"`
	Set        []string           `json:"set"`     // parameters that were not the profile file's
	Command    string             `json:"command"` // that makes the figure
	Commit     string             `json:"commit"`
	Numerics   []string           `json:"numerics"`
	Numbers    json.RawMessage    `json:"numbers"` // what the figure shows, measured
	Files      map[string]string  `json:"files"`   // SHA-256
	Chain      []recordStage      `json:"chain"`   // every stage that the figure rests on, inputs first
	Parameters experiment.Profile `json:"parameters"`
}

type recordStage struct {
	Name     string                  `json:"name"`
	Key      string                  `json:"key"`
	Seed     uint64                  `json:"seed"`
	Numerics string                  `json:"numerics"`
	Commit   string                  `json:"commit"` // of the source that computed it
	Outputs  map[string]recordOutput `json:"outputs"`

	Foreign *exchange.Provenance `json:"foreign,omitempty"` // of a network that was trained elsewhere
}

type recordOutput struct {
	Object  store.Digest `json:"object"`
	Logical string       `json:"logical"`
}

// Result is where the outputs of an up-to-date node are.
type Result struct {
	Key, Numerics string
	Action        *store.Action // its record, if that has been read
}

// ResultsOf are the results of the nodes that are up to date, by their names.
func ResultsOf(nodes []pipeline.NodeStatus) map[string]Result {
	results := map[string]Result{}
	for _, n := range nodes {
		if n.Current() {
			results[n.Node.Name] = Result{n.Key, n.Numerics, n.Action}
		}
	}
	return results
}

// Source is what files are laid out of.
type Source struct {
	Parameters *experiment.Parameters
	Graph      *pipeline.Graph
	Store      *store.Store
	Folder     Folder
	Code       string // digest of the code that lays out
}

// record is a result's record.
func (s Source) record(r Result) (*store.Action, error) {
	if r.Action != nil {
		return r.Action, nil
	}
	return s.Store.Lookup(r.Key, r.Numerics, true)
}

// Files are the files of every figure and sweep of the graph whose whole chain is up to date: of
// results by the names of their nodes.
func (s Source) Files(results map[string]Result) ([]File, error) {
	return s.files(results, contents{})
}

// Due are the Files without those of figures that lie in the folder as they were laid out there, of
// the same results and by the same code: their drawings need not be read.
func (s Source) Due(results map[string]Result) ([]File, error) {
	there, _ := read(s.Folder.Path)
	return s.files(results, there)
}

// files are the Files without those of figures that are there.
func (s Source) files(results map[string]Result, there contents) ([]File, error) {
	nodes := s.Graph.Nodes()
	of := make([][]File, len(nodes)) // by node
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, n := range nodes {
		if !laysOut(n) {
			continue
		}
		chain, err := pipeline.NewGraph(n)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(chain.Nodes(), func(n *pipeline.Node) bool { return results[n.Name].Key == "" }) {
			continue
		}
		group.Go(func() (err error) {
			if n.Stage == experiment.SweepStage {
				of[i], err = s.tableFiles(n, results)
			} else {
				of[i], err = s.figure(n, chain, results, there)
			}
			if err != nil {
				err = fmt.Errorf("%s: %w", n.Name, err)
			}
			return err
		})
	}
	err := group.Wait()
	return slices.Concat(of...), err
}

func (s Source) figure(n *pipeline.Node, chain *pipeline.Graph, results map[string]Result, there contents) ([]File, error) {
	record := Record{
		Figure: n.Name, Profile: s.Parameters.Name, Seed: s.Parameters.Seed, Set: append([]string{}, s.Parameters.Sets...), Command: s.commandFor(n),
		Files: map[string]string{}, Parameters: s.Parameters.Profile,
	}
	var drawn *store.Action
	for _, node := range chain.Nodes() {
		action, err := s.record(results[node.Name])
		if action == nil {
			return nil, fmt.Errorf("the record of %s is gone: %w", node.Name, err)
		}
		record.add(node, action)
		drawn = action
	}
	of, err := s.decides(record)
	if err != nil || there.still(s.Folder.Path, n.Name, of) {
		return nil, err
	}
	files, err := s.draw(record, n, drawn)
	for i := range files {
		files[i].figure, files[i].of = n.Name, of
	}
	return files, err
}

// decides is a digest of all that decides the files of the figure whose record this is, before its
// drawing has been read.
func (s Source) decides(record Record) (string, error) {
	data, err := json.Marshal(struct {
		Code   string
		Record Record
	}{s.Code, record})
	return sum(data), err
}

// draw is the files of a figure, of its record and of that of its drawing.
func (s Source) draw(record Record, n *pipeline.Node, drawn *store.Action) ([]File, error) {
	data, err := s.Store.Get(drawn.Outputs[0].Object)
	if err != nil {
		return nil, err
	}
	rec, err := artifact.Read(data)
	if err != nil {
		return nil, err
	}
	rows, err := artifact.Rows[sheet.File](rec)
	if err != nil {
		return nil, err
	}
	if err := record.describe(n, rows); err != nil {
		return nil, fmt.Errorf("%w; `sicgrid run %s --force %s` draws it anew", err, n.Name, n.Name)
	}
	var files []File
	for _, row := range rows {
		if row.Name == sheet.NumbersFile {
			record.Numbers = row.Data
		}
		if row.Name == sheet.NumbersFile || row.Name == sheet.CaptionFile {
			continue
		}
		noted, err := record.noted(row, drawn.Key)
		if err != nil {
			return nil, notLaidOut(n, err)
		}
		file := NewFile(filepath.Join(s.Folder.Path, row.Name), noted)
		record.Files[row.Name] = file.Sum
		files = append(files, file)
	}
	// What is laid out is opened by others; what lies there already was looked at before.
	if slices.ContainsFunc(files, func(f File) bool { return filepath.Dir(f.Path) != filepath.Clean(s.Folder.Path) || !f.Current() }) || len(files) == 0 {
		if err := sheet.Check(n.Name, rows); err != nil {
			return nil, notLaidOut(n, err)
		}
	}
	var text bytes.Buffer
	if err := jsontext.Write(&text, record); err != nil {
		return nil, err
	}
	return append(files, NewFile(filepath.Join(s.Folder.Path, n.Name+".json"), text.Bytes())), nil
}

// notLaidOut is the error of a drawing in which something is wrong.
func notLaidOut(n *pipeline.Node, err error) error {
	return fmt.Errorf("its drawing is not laid out: %w; `sicgrid run %s --force %s` draws it anew", err, n.Name, n.Name)
}

// commandFor is the command line that makes a node's result, as a shell takes it.
func (s Source) commandFor(n *pipeline.Node) string {
	return "sicgrid run " + n.Name + experiment.ProfileFlags(s.Folder.Profile, s.Folder.Set)
}

// describe says what the figure shows, with the tables of its panels by the names that `export`
// knows them by.
func (r *Record) describe(n *pipeline.Node, rows []sheet.File) error {
	legend, err := sheet.LegendOf(rows)
	if err != nil {
		return err
	}
	r.Title, r.Caption, r.Panels = legend.Title, legend.Caption, legend.Panels
	for _, panel := range r.Panels {
		for i, role := range panel.Tables {
			ref, ok := n.Inputs[role]
			if !ok {
				return fmt.Errorf("its caption names a table %q that is none of its inputs", role)
			}
			panel.Tables[i] = ref.Node.Name + ":" + ref.Output
		}
	}
	return nil
}

// noted is a file of the figure, a picture with what it shows and where it came from inside.
func (r *Record) noted(file sheet.File, key string) ([]byte, error) {
	notes := []figure.Note{
		{Name: "Title", Text: r.Title}, {Name: "Description", Text: r.Caption}, {Name: "Software", Text: "sicgrid"},
		{Name: "Commit", Text: r.Commit}, {Name: "Key", Text: key},
		{Name: "Profile", Text: r.Profile}, {Name: "Set", Text: strings.Join(r.Set, " ")}, {Name: "Command", Text: r.Command},
	}
	switch filepath.Ext(file.Name) {
	case ".svg":
		return figure.NoteSVG(file.Data, r.Caption, notes[2:])
	case ".png":
		return figure.NotePNG(file.Data, notes)
	}
	return file.Data, nil
}

func (r *Record) add(n *pipeline.Node, a *store.Action) {
	var provenance struct {
		Commit  string               `json:"commit"`
		Foreign *exchange.Provenance `json:"foreign"`
	}
	_ = json.Unmarshal(a.Provenance, &provenance) // without one the commit is unknown
	stage := recordStage{Name: n.Name, Key: a.Key, Seed: n.Seed, Numerics: a.Numerics, Commit: provenance.Commit, Outputs: map[string]recordOutput{}, Foreign: provenance.Foreign}
	for _, o := range a.Outputs {
		stage.Outputs[o.Name] = recordOutput{o.Object, o.Logical}
	}
	r.Chain = append(r.Chain, stage)
	r.Commit = stage.Commit // the last stage is the one that drew
	if !slices.Contains(r.Numerics, a.Numerics) {
		r.Numerics = append(r.Numerics, a.Numerics)
	}
}

// laysOut says whether a node's result is laid out as files.
func laysOut(n *pipeline.Node) bool {
	return n.Stage == experiment.FigureStage || n.Stage == experiment.SweepStage
}

// Check finds what speaks against the folder of the files, if there will be any.
func (s Source) Check() error {
	if !slices.ContainsFunc(s.Graph.Nodes(), laysOut) {
		return nil
	}
	err := s.Folder.Check()
	if errors.Is(err, ErrOtherSettings) {
		return usage.Errorf("%v", err)
	}
	return err
}

// Stale are the paths of the files of up-to-date figures that are missing or altered.
func (s Source) Stale(nodes []pipeline.NodeStatus) ([]string, error) {
	results := ResultsOf(nodes)
	maps.DeleteFunc(results, func(_ string, r Result) bool {
		a, _ := s.record(r)
		return a == nil // a pinned result may not be in the store yet
	})
	files, err := s.Due(results)
	if err != nil {
		return nil, err
	}
	var stale []string
	for _, f := range files {
		if !f.Current() {
			stale = append(stale, f.Path)
		}
	}
	return stale, nil
}

// shownMost is how much of a text of somebody's file is shown.
const shownMost = 60

// Unlike says in what else another figure differs from this one, which explains its numbers.
func (r Record) Unlike(other Record) string {
	what := func(r Record) string {
		return fmt.Sprintf("profile %s, seed %d%s", printable.Short(r.Profile, shownMost), r.Seed, printable.Short(strings.Join(append([]string{""}, r.Set...), ", "), shownMost))
	}
	if here, there := what(r), what(other); here != there {
		return fmt.Sprintf(" (of %s; here %s)", there, here)
	}
	return ""
}

// ReadRecord reads the JSON file of a figure that somebody has.
func ReadRecord(path string) (r Record, err error) {
	const most = 64 << 20
	data, err := store.ReadRegular(path, most)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("%s: not the JSON of a figure: %w", path, err)
	}
	if r.Figure == "" || len(r.Numbers) == 0 || len(r.Numerics) == 0 {
		return r, fmt.Errorf("%s: found no figure, numbers or numerics, must be the JSON file that lies beside a figure", path)
	}
	return r, nil
}
