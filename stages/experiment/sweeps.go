package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/params"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/spectra"
)

// A sweep is a file beside the profiles, params/sweep-<name>.yaml: settings over a profile, and the
// seeds that each is trained with.

// SweepFile is what a sweep's file holds, strictly as a profile does.
type SweepFile struct {
	Base     string         `json:"base" doc:"the profile, beside this file"`
	Figure   string         `json:"figure" range:"overview|phase-diagram|robustness" doc:"what is drawn of it"`
	BoxM     float64        `json:"box_m" unit:"m" range:"> 0" doc:"the box in which runs are measured, one of evaluation.boxes_m"`
	Variants []string       `json:"variants" doc:"of the profile, each trained at every point"`
	Seeds    SweepSeeds     `json:"seeds" doc:"what every point is trained with"`
	Set      map[string]any `json:"set" doc:"changes of the profile for every run"`
	Designs  map[string]any `json:"designs" doc:"settings over the profile, see params.Design"`
}

// SweepSeeds are what every point is trained with. A search looks at the ones and says how well it
// did by the others, which no search may touch. Above 1<<62 there would be no room for those of
// several attempts.
type SweepSeeds struct {
	Finding   []uint64 `json:"finding,omitempty" range:"[0, 100] or [111, 4611686018427387904]" doc:"what a search may look at"`
	Reporting []uint64 `json:"reporting,omitempty" range:"[101, 110]" doc:"what says how well it did"`
}

// Figures of sweeps.
const (
	phaseFigure      = "phase-diagram"
	robustnessFigure = "robustness"
)

// sweepSections are what a sweep may change.
var sweepSections = append(slices.Clone(trainingSections), "evaluation", "analysis", "variants")

// ManyPoints is how many points a sweep may have without anybody saying that so many are meant.
const ManyPoints = 1000

// Sweep is a sweep as it was read, with every value of every point checked.
type Sweep struct {
	SweepFile
	Path       string
	Name       string // the file's name without "sweep-" and ending
	Parameters []string
	Designs    []params.Design
	Points     []point
	own        []string // the profile's values of the parameters
	titles     sheet.Titles
}

// point is one setting over the profile.
type point struct {
	name       string // of a list's setting
	designs    []int32
	parameters *Parameters // its evaluation and analysis
	trainings  []trainingAt
}

// trainingAt is one variant's training at a point.
type trainingAt struct {
	variant  string
	training Training
	values   []string // of the sweep's parameters
}

// TooManyPoints is the fault of a sweep that is larger than anybody has said is meant.
type TooManyPoints struct {
	Sweep  *Sweep // of its first point alone
	Where  *params.Document
	Points int
}

func (e *TooManyPoints) Runs() int {
	f := e.Sweep.SweepFile
	return e.Points * len(f.Variants) * (len(f.Seeds.Finding) + len(f.Seeds.Reporting))
}

func (e *TooManyPoints) Error() string {
	return e.Where.Errorf("designs", "found %d points, %d runs; `sicgrid sweep %s` says how long they take, and --yes runs them", e.Points, e.Runs(), e.Sweep.Name).Error()
}

const SweepPrefix = "sweep-"

func IsSweep(path string) bool { return strings.HasPrefix(filepath.Base(path), SweepPrefix) }

func SweepName(path string) string {
	return strings.TrimPrefix(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), SweepPrefix)
}

// SweepPath finds a sweep by its name, in dir, or by its file.
func SweepPath(dir, name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) || filepath.Ext(name) == ".yaml" {
		return name, nil
	}
	path := filepath.Join(dir, SweepPrefix+name+".yaml")
	_, err := os.Stat(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	names := SweepNames(dir)
	if near := params.Nearest(name, names); len(near) > 0 {
		return "", unknownf("unknown sweep %q, did you mean %s?", name, strings.Join(near, " or "))
	}
	if len(names) == 0 {
		return "", unknownf("unknown sweep %q: there is no %s", name, filepath.Join(dir, SweepPrefix+"*.yaml"))
	}
	return "", unknownf("unknown sweep %q, must be one of %s, or a file", name, strings.Join(names, ", "))
}

func SweepNames(dir string) []string {
	var names []string
	for _, f := range yamlFiles(dir) {
		if IsSweep(f) {
			names = append(names, SweepName(f))
		}
	}
	return names
}

// ReadSweepFile reads the file alone.
func ReadSweepFile(path string) (doc *params.Document, f SweepFile, err error) {
	if doc, err = params.Read(path); err != nil {
		return nil, f, err
	}
	if err := doc.Decode(&f); err != nil {
		return nil, f, err
	}
	if err := checkSweepName(SweepName(path), doc); err != nil {
		return nil, f, err
	}
	return doc, f, f.Seeds.check(doc)
}

// BasePath is where the profile of a sweep's file is.
func (f SweepFile) BasePath(path string) string { return params.Beside(path, f.Base) }

func (s SweepSeeds) check(doc *params.Document) error {
	if len(s.Finding)+len(s.Reporting) == 0 {
		return doc.Errorf("seeds", "found no seed, must have some under finding or reporting")
	}
	return cmp.Or(eachOnce(doc, "seeds.finding", s.Finding), eachOnce(doc, "seeds.reporting", s.Reporting))
}

// ReadSweep reads a sweep over a profile and checks every value of every point. More than
// manyPoints are a *tooManyPoints unless that is what is meant.
func ReadSweep(path string, p *Parameters, many bool) (*Sweep, error) {
	doc, f, err := ReadSweepFile(path)
	if err != nil {
		return nil, err
	}
	s := &Sweep{SweepFile: f, Path: path, Name: SweepName(path), titles: maps.Clone(p.titles())}
	for i, v := range f.Variants {
		if _, known := p.Variants[v]; !known {
			return nil, doc.Errorf(fmt.Sprintf("variants[%d]", i), "found %q, must be one of the profile's, %s", v, strings.Join(p.doc.Keys("variants"), ", "))
		}
		if slices.Contains(f.Variants[:i], v) {
			return nil, doc.Errorf(fmt.Sprintf("variants[%d]", i), "found %q twice, must be given once", v)
		}
	}
	set, err := doc.Setting("set", p.doc, sweepSections)
	if err != nil {
		return nil, err
	}
	base := p.doc.With(set)
	for _, assignment := range p.Sets { // the command line goes before the file
		if err := base.Set(assignment); err != nil {
			return nil, err
		}
	}
	if s.Designs, err = doc.Designs("designs", base, sweepSections); err != nil {
		return nil, err
	}
	if err := s.checkFigure(doc); err != nil {
		return nil, err
	}
	points := 0
	for _, d := range s.Designs {
		points += d.Len()
		for _, key := range d.Keys {
			if !slices.Contains(s.Parameters, key) {
				s.Parameters = append(s.Parameters, key)
			}
		}
	}
	s.own = valuesAt(base, s.Parameters)
	if points > ManyPoints && !many {
		first, err := s.pointAt(doc, base.With(s.Designs[0].Setting(0)), p)
		if err != nil {
			return nil, err
		}
		first.designs = []int32{0}
		s.Points = []point{first}
		return nil, &TooManyPoints{s, doc, points}
	}
	if err := s.expand(doc, base, p); err != nil {
		return nil, err
	}
	for _, t := range s.Points[0].trainings { // the profile's word may be another
		if t.training.Pretraining.Separate {
			s.titles[t.variant] = strings.ReplaceAll(s.titles[t.variant], fromCopies, fromSeparate)
		}
	}
	return s, nil
}

func (s *Sweep) checkFigure(doc *params.Document) error {
	parameters := map[string]int{phaseFigure: 2, robustnessFigure: 1}[s.Figure]
	for _, d := range s.Designs {
		if parameters > 0 && (d.Kind != "grid" || len(d.Keys) != parameters) {
			return doc.Errorf("figure", "found %s, which needs designs that are grids of %d parameters: %s is not", s.Figure, parameters, d.Name)
		}
	}
	if parameters > 0 && len(s.Designs) > mostPanels[s.Figure] {
		return doc.Errorf("figure", "found %s, which has room for %d designs, not for %d", s.Figure, mostPanels[s.Figure], len(s.Designs))
	}
	return nil
}

// mostPanels is how many designs a figure has room for.
var mostPanels = map[string]int{phaseFigure: 4, robustnessFigure: 8}

// expand makes the points: those of equal values are one, which belongs to several designs.
func (s *Sweep) expand(doc, base *params.Document, p *Parameters) error {
	index := map[string]int{}
	for i, d := range s.Designs {
		for j := range d.Len() {
			setting := d.Setting(j)
			at := base.With(setting)
			id := strings.Join(valuesAt(at, s.Parameters), "\x00")
			if n, known := index[id]; known {
				if !slices.Contains(s.Points[n].designs, int32(i)) {
					s.Points[n].designs = append(s.Points[n].designs, int32(i))
				}
				continue
			}
			one, err := s.pointAt(doc, at, p)
			if err != nil {
				return err
			}
			one.name, one.designs = setting.Name, []int32{int32(i)}
			index[id] = len(s.Points)
			s.Points = append(s.Points, one)
		}
	}
	return nil
}

func (s *Sweep) pointAt(file, doc *params.Document, p *Parameters) (point, error) {
	q := *p
	var out point
	for _, v := range s.Variants {
		over := doc.Overlay("variants."+v, trainingSections)
		t, err := readTraining(p.Path, over)
		if err != nil {
			return out, err
		}
		q.Network = t.Network
		values := valuesAt(doc, s.Parameters)
		for i, key := range s.Parameters { // the variant's own word goes before the point's
			if section, _, _ := strings.Cut(key, "."); slices.Contains(trainingSections, section) {
				values[i] = valuesAt(over, s.Parameters[i:i+1])[0]
			}
		}
		out.trainings = append(out.trainings, trainingAt{v, t, values})
	}
	var measured struct {
		Evaluation Evaluation     `json:"evaluation"`
		Analysis   spectra.Params `json:"analysis"`
	}
	if err := doc.Sections("evaluation", "analysis").Decode(&measured); err != nil {
		return out, err
	}
	q.Evaluation, q.Analysis = measured.Evaluation, measured.Analysis
	if err := q.checkEvaluation(doc); err != nil {
		return out, err
	}
	if !slices.Contains(q.Evaluation.BoxesM, s.BoxM) {
		return out, file.Errorf("box_m", "found %v, must be one of evaluation.boxes_m, %v", s.BoxM, q.Evaluation.BoxesM)
	}
	out.parameters = &q
	return out, nil
}

// valuesAt are the texts of the values at the keys: numbers in one spelling.
func valuesAt(doc *params.Document, keys []string) []string {
	values := make([]string, len(keys))
	for i, key := range keys {
		text, number, isNumber := doc.Scalar(key)
		if isNumber {
			text = strconv.FormatFloat(number, 'g', -1, 64)
		}
		values[i] = text
	}
	return values
}
