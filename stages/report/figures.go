package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"image/png"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
	"sicgrid/stages/figures/sheet"
)

// Figure is one figure or table as the page shows it.
type Figure struct {
	ID      string // "figure-4"
	Name    string // "Figure 4"
	Title   string
	State   State
	Reason  string
	Caption string
	Alt     string // what it finds
	Panels  []Panel
	Image   template.URL // "" without a drawing
	Width   int          // of the drawing, in any unit
	Height  int
	Chain   []*Stage
	Made    Made
	Command string

	numbers  json.RawMessage
	markdown string
	legend   sheet.Legend // the tables of a stored one are named as its inputs are, those of a published one as export knows them
}

// Panel is one panel of a figure and the tables behind it.
type Panel struct {
	Letter string
	Tables []string
}

// Made says how the drawing came about.
type Made struct{ Commit, Key, Digest, Numerics, When, Seconds, Where string }

// titles of the figures and tables; others are called by their name.
var titles = map[string]string{
	"figure-1":   "Grid cells, idealised",
	"figure-2":   "Coding theory of the idealised code",
	"figure-3":   "The losses on a real batch, the network, permuted walks",
	"figure-4":   "Cells of each module of the full network",
	"figure-5":   "Decorrelation, path invariance, and the same cells in every box",
	"figure-6":   "Spectrum, lattice, phases and torus without the capacity term",
	"figure-7":   "Ablations: example maps, scores and periods",
	"figure-8":   "Ratemaps of all units",
	"figure-9":   "Construction of the grid code",
	"table-1":    "Table 1 beside each profile",
	"seeds":      "Both networks of several seeds",
	"results":    "The paper’s claims beside ours, over several seeds",
	"robustness": "How far the recipe carries: one parameter at a time",

	"robustness-scratch":       "The same, from random initialisation",
	"phase-diagram":            "When grid cells emerge",
	"figure-training":          "A training as it goes",
	"sweep-report":             "The recipe on ten seeds",
	"sweep-report-copies":      "Three modules from copies of one lattice, on ten seeds",
	"sweep-copies":             "Copies of one lattice, rotated",
	"sweep-report-scratch":     "From random initialisation on ten seeds",
	"sweep-phase-diagram":      "Every run of the two planes of parameters",
	"sweep-robustness":         "Every run of one parameter at a time",
	"sweep-robustness-scratch": "Every run of the same, from random initialisation",
}

// nameOf writes "Figure 4" for "figure-4".
func nameOf(id string) string {
	text := strings.ReplaceAll(id, "-", " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// figure makes what is shown of a node that draws.
func (p *Page) figure(n *pipeline.Node) *Figure {
	one := p.results.of(n.Name)
	f := &Figure{ID: n.Name, Name: nameOf(n.Name), Title: titles[n.Name], State: one.State, Reason: one.Reason,
		Command: "bin/sicgrid run " + n.Name + p.source.Flags}
	files := rows[sheet.File](p.results, one, sheet.Outputs[0])
	if len(files) > 0 {
		if err := sheet.Check(n.Name, files); err != nil {
			one.State, one.Reason = Refused, printable.Line(err.Error())
			files = nil
		}
	}
	f.State, f.Reason = one.State, one.Reason
	f.read(files)
	if one.There() {
		f.Made = madeOf(one)
		f.Chain = p.chain(n)
	}
	if f.Image == "" {
		p.published(f)
	}
	f.describe(n)
	return f
}

// read takes drawing, numbers and legend out of a figure's files.
func (f *Figure) read(files []sheet.File) {
	for _, file := range files {
		switch ext := filepath.Ext(file.Name); {
		case ext == ".svg":
			f.Image = svgURL(file.Data)
		case ext == ".png":
			f.size(file.Data)
		case file.Name == sheet.NumbersFile:
			f.numbers = file.Data
		case file.Name == sheet.CaptionFile:
			_ = json.Unmarshal(file.Data, &f.legend) // a figure may have none
		case ext == ".md":
			f.markdown = string(file.Data)
		}
	}
}

func (f *Figure) size(data []byte) {
	if c, err := png.DecodeConfig(bytes.NewReader(data)); err == nil {
		f.Width, f.Height = c.Width, c.Height
	}
}

// dataURL holds a file. A plus sign, which the template would write as an entity of five
// characters, is written with three.
func dataURL(kind string, data []byte) template.URL {
	return template.URL("data:" + kind + ";base64," + strings.ReplaceAll(base64.StdEncoding.EncodeToString(data), "+", "%2B"))
}

// svgURL holds a drawing as text, which is shorter than base64 where much of it is base64 already.
func svgURL(data []byte) template.URL {
	const hex = "0123456789ABCDEF"
	text := []byte("data:image/svg+xml,")
	for _, c := range data {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>#%&+\^`+"`{}|'", c) >= 0 {
			text = append(text, '%', hex[c>>4], hex[c&15])
		} else {
			text = append(text, c)
		}
	}
	if whole := dataURL("image/svg+xml", data); len(whole) < len(text) {
		return whole
	}
	return template.URL(text)
}

// mostPublished is how large a file of the published folder may be to be shown.
const mostPublished = 4 << 20

// published takes the drawing that the repository shows of this profile, its SVG where there is one:
// of most figures that is a third of the PNG, and as sharp as one that is drawn here.
func (p *Page) published(f *Figure) {
	if p.source.Published == "" {
		return
	}
	path := filepath.Join(p.source.Published, f.ID)
	data, err := store.ReadRegular(path+".png", mostPublished)
	if err != nil || figure.CheckPNG(data) != nil {
		return
	}
	f.State = Published
	f.size(data)
	if svg, err := store.ReadRegular(path+".svg", mostPublished); err == nil && figure.CheckSVG(svg) == nil {
		f.Image = svgURL(svg)
	} else {
		f.Image = dataURL("image/png", data)
	}
	notes := figure.NotesOfPNG(data)
	f.legend = sheet.Legend{Title: notes["Title"], Caption: notes["Description"]}
	f.Made.Commit = notes["Commit"]
	if text, err := store.ReadRegular(path+".json", mostPublished); err == nil {
		f.record(text)
	}
	of := ""
	if f.Made.Commit != "" {
		of = ", at commit " + digits(f.Made.Commit)
	}
	f.Reason = "with the repository, of another run" + of + "; here not made: " + f.Reason
}

// digits are the first of a commit, key or digest, by which it is known.
func digits(s string) string { return s[:min(len(s), 12)] }

// record takes numbers and origin out of the JSON file that is laid out beside a drawing.
func (f *Figure) record(text []byte) {
	var record struct {
		Commit   string          `json:"commit"`
		Numerics []string        `json:"numerics"`
		Numbers  json.RawMessage `json:"numbers"`
		sheet.Legend
	}
	if json.Unmarshal(text, &record) == nil {
		f.numbers, f.legend = record.Numbers, record.Legend
		f.Made = Made{Commit: record.Commit, Numerics: strings.Join(record.Numerics, ", ")}
	}
}

// describe takes title, caption and panels from the legend, and says in words what the drawing
// finds.
func (f *Figure) describe(n *pipeline.Node) {
	finding := f.finding()
	if _, title, found := strings.Cut(f.legend.Title, ": "); found && title != "" {
		f.Title = upper(title)
	}
	if f.Title == "" {
		f.Title = f.Name
	}
	if f.Caption = f.legend.Caption; f.Caption == "" {
		f.Caption = strings.TrimSpace(f.Title + ". " + finding)
	}
	f.Alt = strings.TrimSpace(f.Name + ": " + f.Title + ". " + finding)
	for _, panel := range f.legend.Panels {
		for i, role := range panel.Tables {
			if ref, ok := n.Inputs[role]; ok {
				panel.Tables[i] = ref.Node.Name + ":" + ref.Output
			}
		}
		f.Panels = append(f.Panels, Panel{panel.Panel, panel.Tables})
	}
}

// upper begins a text with a capital.
func upper(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// networkNumbers are those that several figures have of a network.
type networkNumbers struct {
	Score   *float64 `json:"grid_expanding_median"`
	Modules []struct {
		Period *float64 `json:"period_m"`
	} `json:"modules"`
}

func (l networkNumbers) words() string {
	var list []string
	for _, m := range l.Modules {
		if m.Period != nil {
			list = append(list, number(*m.Period, 2)+" m")
		}
	}
	text := "no module"
	if len(list) > 0 {
		text = printable.Count(len(list), "module") + " of " + printable.List(list)
	}
	if l.Score != nil {
		text += ", median grid score " + number(*l.Score, 2)
	}
	return text
}

// snapshotNumbers are those that figure-training has of each step.
type snapshotNumbers []struct {
	Step      int      `json:"step"`
	Score     *float64 `json:"grid_expanding_median"`
	Explained *float64 `json:"explained"`
}

func (l snapshotNumbers) words() string {
	var parts []string
	for _, s := range l {
		if s.Score != nil && s.Explained != nil {
			parts = append(parts, fmt.Sprintf("%s and %s at step %d", number(*s.Score, 2), percent(*s.Explained), s.Step))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Median grid score, and variance explained by position: " + printable.List(parts) + "."
}

// finding is what a figure's numbers say, for whoever does not see the drawing.
func (f *Figure) finding() string {
	var n struct {
		networkNumbers
		SixtySteps *float64        `json:"same_place_to_60_steps"`
		Plateau    *float64        `json:"plateau"`
		Distance   *float64        `json:"distance_of_90_percent_of_plateau_m"`
		Betti      []int           `json:"betti"`
		Beyond     *float64        `json:"beyond_cell_right"`
		Chance     *float64        `json:"beyond_cell_chance"`
		Snapshots  snapshotNumbers `json:"snapshots"`
		Variants   []struct {
			Name string `json:"name"`
			networkNumbers
		} `json:"variants"`
		Networks []struct {
			Name   string   `json:"name"`
			Active int      `json:"active"`
			Units  int      `json:"units"`
			Score  *float64 `json:"grid_expanding_median"`
		} `json:"networks"`
		Claims []struct {
			Rule    string `json:"rule"`
			Verdict string `json:"verdict"`
		} `json:"claims"`
		Differences []json.RawMessage `json:"differences"`
	}
	if json.Unmarshal(f.numbers, &n) != nil {
		return ""
	}
	switch f.ID {
	case "figure-1", "figure-4", "figure-6":
		text := "It finds " + n.words() + "."
		if len(n.Betti) == 3 {
			text += fmt.Sprintf(" Betti numbers %d, %d, %d.", n.Betti[0], n.Betti[1], n.Betti[2])
		}
		if n.Beyond != nil && n.Chance != nil {
			text += fmt.Sprintf(" Of places beyond the coarsest cell %s are told apart, by guessing %s.", percent(*n.Beyond), percent(*n.Chance))
		}
		return text
	case "figure-training":
		return n.Snapshots.words()
	case "figure-5":
		if n.Distance != nil {
			return fmt.Sprintf("States decorrelate within %s.", metres(*n.Distance))
		}
	case "figure-7":
		var parts []string
		for _, v := range n.Variants {
			parts = append(parts, v.Name+": "+v.words())
		}
		return strings.Join(parts, "; ")
	case "figure-8":
		var parts []string
		for _, v := range n.Networks {
			if v.Score != nil {
				parts = append(parts, fmt.Sprintf("%s: %d of %d units active, median grid score %s", v.Name, v.Active, v.Units, number(*v.Score, 2)))
			}
		}
		return strings.Join(parts, "; ")
	case "results":
		holds, judged := 0, 0
		for _, c := range n.Claims {
			if c.Rule != "" {
				judged++
				if c.Verdict == "holds" {
					holds++
				}
			}
		}
		return fmt.Sprintf("%d of %d claims hold.", holds, judged)
	case "table-1":
		return fmt.Sprintf("%s with the paper’s, each explained.", upper(printable.Count(len(n.Differences), "difference")))
	}
	return ""
}

// draws says whether a node makes a drawing.
func draws(n *pipeline.Node) bool { return n.Stage == experiment.FigureStage }

func madeOf(one *Result) Made {
	o := one.origin()
	m := Made{Commit: o.Commit, Key: one.Key, Numerics: one.Numerics, Where: where(o), Seconds: duration(o.Seconds)}
	if len(one.Outputs) > 0 {
		m.Digest = string(one.Outputs[0].Object)
	}
	if at := o.Time(); !at.IsZero() {
		m.When = at.UTC().Format("2006-01-02 15:04 UTC")
	}
	return m
}

// where is the machine that a result was made on.
func where(o origin) string {
	parts := slices.DeleteFunc([]string{o.Device, o.Driver, o.System, o.Go}, func(s string) bool { return s == "" })
	return strings.Join(parts, ", ")
}
