package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/store"
	"sicgrid/stages/exchange"
	"sicgrid/stages/experiment"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/sicgrid/layout"
)

// A figure is an artifact like any other. Its files are laid out in the session's folder beside a
// JSON file that says where they came from; a file that is missing or altered there is restored
// from the store, not redrawn.

// figureRecord is the JSON file beside a figure.
type figureRecord struct {
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
	Chain      []figureStage      `json:"chain"`   // every stage that the figure rests on, inputs first
	Parameters experiment.Profile `json:"parameters"`
}

type figureStage struct {
	Name     string                  `json:"name"`
	Key      string                  `json:"key"`
	Seed     uint64                  `json:"seed"`
	Numerics string                  `json:"numerics"`
	Commit   string                  `json:"commit"` // of the source that computed it
	Outputs  map[string]figureOutput `json:"outputs"`

	Foreign *exchange.Provenance `json:"foreign,omitempty"` // of a network that was trained elsewhere
}

type figureOutput struct {
	Object  store.Digest `json:"object"`
	Logical string       `json:"logical"`
}

// result is where the outputs of an up-to-date node are.
type result struct {
	key, numerics string
	action        *store.Action // its record, if that has been read
}

// record is a result's record.
func (s *session) record(r result) (*store.Action, error) {
	if r.action != nil {
		return r.action, nil
	}
	return s.options.Store.Lookup(r.key, r.numerics, true)
}

// figureFiles are the files of every figure of the graph whose whole chain is up to date.
func (s *session) figureFiles(results map[string]result) ([]layout.File, error) {
	nodes := s.graph.Nodes()
	of := make([][]layout.File, len(nodes)) // by node
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
		if slices.ContainsFunc(chain.Nodes(), func(n *pipeline.Node) bool { return results[n.Name].key == "" }) {
			continue
		}
		lay := s.figure
		if n.Stage == experiment.SweepStage {
			lay = func(n *pipeline.Node, _ *pipeline.Graph, results map[string]result) ([]layout.File, error) {
				return s.tableFiles(n, results)
			}
		}
		group.Go(func() (err error) {
			if of[i], err = lay(n, chain, results); err != nil {
				err = fmt.Errorf("%s: %w", n.Name, err)
			}
			return err
		})
	}
	err := group.Wait()
	return slices.Concat(of...), err
}

func (s *session) figure(n *pipeline.Node, chain *pipeline.Graph, results map[string]result) ([]layout.File, error) {
	record := figureRecord{
		Figure: n.Name, Profile: s.parameters.Name, Seed: s.parameters.Seed, Set: append([]string{}, s.parameters.Sets...), Command: s.commandFor(n),
		Files: map[string]string{}, Parameters: s.parameters.Profile,
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
	data, err := s.options.Store.Get(drawn.Outputs[0].Object)
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
	var files []layout.File
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
		file := layout.NewFile(filepath.Join(s.folder.Path, row.Name), noted)
		record.Files[row.Name] = file.Sum
		files = append(files, file)
	}
	// What is laid out is opened by others; what lies there already was looked at before.
	if slices.ContainsFunc(files, func(f layout.File) bool { return filepath.Dir(f.Path) != filepath.Clean(s.folder.Path) || !f.Current() }) || len(files) == 0 {
		if err := sheet.Check(n.Name, rows); err != nil {
			return nil, notLaidOut(n, err)
		}
	}
	var text bytes.Buffer
	if err := printJSON(&text, record); err != nil {
		return nil, err
	}
	return append(files, layout.NewFile(filepath.Join(s.folder.Path, n.Name+".json"), text.Bytes())), nil
}

// notLaidOut is the error of a drawing in which something is wrong.
func notLaidOut(n *pipeline.Node, err error) error {
	return fmt.Errorf("its drawing is not laid out: %w; `sicgrid run %s --force %s` draws it anew", err, n.Name, n.Name)
}

// commandFor is the command line that makes a node's result, as a shell takes it.
func (s *session) commandFor(n *pipeline.Node) string {
	flags := graphFlags{params: s.folder.Profile, sets: s.folder.Set, store: defaultStore}
	return "sicgrid run " + n.Name + flags.said()
}

// describe says what the figure shows, with the tables of its panels by the names that `export`
// knows them by.
func (r *figureRecord) describe(n *pipeline.Node, rows []sheet.File) error {
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
func (r *figureRecord) noted(file sheet.File, key string) ([]byte, error) {
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

func (r *figureRecord) add(n *pipeline.Node, a *store.Action) {
	var provenance struct {
		Commit  string               `json:"commit"`
		Foreign *exchange.Provenance `json:"foreign"`
	}
	_ = json.Unmarshal(a.Provenance, &provenance) // without one the commit is unknown
	stage := figureStage{Name: n.Name, Key: a.Key, Seed: n.Seed, Numerics: a.Numerics, Commit: provenance.Commit, Outputs: map[string]figureOutput{}, Foreign: provenance.Foreign}
	for _, o := range a.Outputs {
		stage.Outputs[o.Name] = figureOutput{o.Object, o.Logical}
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

// checkFolder finds what speaks against the folder of the files, if there will be any.
func (s *session) checkFolder() error {
	if !slices.ContainsFunc(s.graph.Nodes(), laysOut) {
		return nil
	}
	err := s.folder.Check()
	if errors.Is(err, layout.ErrOtherSettings) {
		return usagef("%v", err)
	}
	return err
}

// staleFigures are the files of up-to-date figures that layOut would write.
func (s *session) staleFigures(nodes []pipeline.NodeStatus) ([]string, error) {
	results := map[string]result{}
	for _, n := range nodes {
		// A pinned result may not be in the store yet.
		if a, _ := s.options.Store.Lookup(n.Key, n.Numerics, true); n.Current() && a != nil {
			results[n.Node.Name] = result{n.Key, n.Numerics, a}
		}
	}
	files, err := s.figureFiles(results)
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

// figurePaths are the drawings and tables among the paths, without the records beside them.
func figurePaths(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return strings.HasSuffix(p, ".json") })
}
