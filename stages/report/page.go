package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/experiment"
)

//go:embed assets/*.tmpl assets/*.css assets/*.js
var assets embed.FS

// scripts in the order in which they are run.
var scripts = []string{"base.js", "colours.js", "zoom.js", "units.js", "states.js", "forming.js", "history.js", "graph.js", "live.js"}

// Page is everything that the page shows.
type Page struct {
	Title    string
	Profile  string
	Settings []string
	Seed     uint64
	Commit   string
	Made     string // when the newest result was
	Numerics string
	Flags    string

	Answers []Answer
	Figures []*Figure
	Unmade  []*Figure // figures of which there is no drawing
	Claims  Claims
	Table   *Table
	Stages  []*Stage
	Graph   *Graph
	Counts  []StateCount
	YAML    string
	Hero    []Hero
	Data    pageData
	Blobs   []Blob
	Policy  string
	Style   template.CSS
	Script  template.JS
	Live    bool

	source   Source
	results  *results
	networks []*network
	stages   map[string]*Stage
	ofAll    map[string]bool // nodes that "all" needs
	fetched  []string        // nodes whose results were made elsewhere
	pinned   []string        // or are pins of the repository
}

// StateCount is how many stages are in a state.
type StateCount struct {
	State State
	N     int
}

// Hero is one unit beside the answers.
type Hero struct {
	Network, Box string
	Side         float64 // of the box, m
	Unit         int32
	Module       int32
	Period       string
	Score        string
	Alt          string
}

// Collect looks up everything that there is of a source.
func Collect(ctx context.Context, s Source) (*Page, error) {
	found, err := find(s)
	if err != nil {
		return nil, err
	}
	p := &Page{Profile: s.Parameters.Name, Settings: s.Parameters.Sets, Seed: s.Parameters.Seed, Commit: s.Commit, Numerics: s.Options.Numerics, Flags: s.Flags, Live: s.Live,
		source: s, results: found, stages: map[string]*Stage{}, ofAll: map[string]bool{}}
	p.Title = "Grid cells from self-supervised learning"
	all, err := pipeline.NewGraph(s.DAG.Targets["all"]...)
	if err != nil {
		return nil, err
	}
	for _, n := range all.Nodes() {
		p.ofAll[n.Name] = true
	}
	p.networks = found.networks()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.listStages()
	for _, n := range s.Graph.Nodes() {
		if draws(n) {
			p.place(p.figure(n))
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	p.count() // after everything has been read, for what is wrong with it is refused then
	p.trim()
	p.Graph = p.draw(all.Nodes())
	p.Answers = p.answers()
	p.hero()
	p.gather()
	p.Data.Live = s.Live
	var yaml bytes.Buffer
	if err := s.Parameters.WriteYAML(&yaml); err != nil {
		return nil, err
	}
	p.YAML = yaml.String()
	return p, p.dress()
}

// listStages lists all, and finds when the newest was made.
func (p *Page) listStages() {
	for _, one := range p.results.list {
		s := p.stage(one)
		p.stages[one.Node] = s
		if s.Made.When > p.Made {
			p.Made = s.Made.When
		}
		switch {
		case one.action == nil:
		case pipeline.FromPin(one.action):
			p.pinned = append(p.pinned, one.Node)
		case one.action.From() != "":
			p.fetched = append(p.fetched, one.Node)
		}
	}
}

// count counts the states of what "all" needs.
func (p *Page) count() {
	counts := map[State]int{}
	for _, one := range p.results.list {
		if p.ofAll[one.Node] {
			counts[one.State]++
		}
	}
	for _, s := range []State{Current, Stale, Refused, Missing} {
		if counts[s] > 0 {
			p.Counts = append(p.Counts, StateCount{s, counts[s]})
		}
	}
}

// place puts a figure where it belongs.
func (p *Page) place(f *Figure) {
	switch {
	case f.ID == experiment.ResultsName:
		p.Claims = readClaims(f)
	case f.ID == "table-1":
		p.Table = readTable(f)
		return
	}
	if f.Image == "" {
		p.Unmade = append(p.Unmade, f)
	} else {
		p.Figures = append(p.Figures, f)
	}
}

// trim leaves out stages that neither "all" needs nor any drawing rests on: those of figures that
// have not been asked for, hundreds for several seeds.
func (p *Page) trim() {
	shown := map[string]bool{}
	figures := p.Figures
	if p.Table != nil {
		figures = append(slices.Clone(figures), p.Table.Figure)
	}
	for _, f := range figures {
		for _, s := range f.Chain {
			shown[s.Name] = true
		}
	}
	for _, one := range p.results.list {
		if p.ofAll[one.Node] || shown[one.Node] {
			p.Stages = append(p.Stages, p.stages[one.Node])
		}
	}
	slices.SortStableFunc(p.Figures, func(a, b *Figure) int { return figureOrder(a) - figureOrder(b) })
}

// figureOrder has the figures that show most first.
func figureOrder(f *Figure) int {
	order := []string{"figure-4", "figure-6", "figure-7", "figure-5", "figure-8", "figure-training", "results", "seeds", "sweep-report", "phase-diagram", "robustness",
		"figure-1", "figure-2", "figure-3", "figure-9"}
	if i := slices.Index(order, f.ID); i >= 0 {
		return i
	}
	return len(order)
}

// hero chooses a typical unit of each module of figure 4's network, or else of its active units.
func (p *Page) hero() {
	n, b := p.full()
	if !b.there() || len(b.maps) != len(b.units) {
		return
	}
	add := func(unit, module int32, period, score float64) {
		h := Hero{Network: n.name, Box: b.name, Side: b.side, Unit: unit, Module: module, Period: metres(period), Score: number(score, 2)}
		h.Alt = fmt.Sprintf("Ratemap of unit %d in a box of %g m: grid score %s", unit, b.side, h.Score)
		if module >= 0 {
			h.Alt += fmt.Sprintf(", module %d, period %s", module+1, h.Period)
		}
		p.Hero = append(p.Hero, h)
	}
	for _, m := range b.modules {
		best := -1
		for i, u := range b.units { // of median score, and no superlattice
			off := func(i int) float64 { return math.Abs(b.units[i].Score - m.Score) }
			if u.Module == m.Module && u.Superlattice <= 1 && (best < 0 || off(i) < off(best)) {
				best = i
			}
		}
		if best >= 0 && len(p.Hero) < 3 {
			add(b.units[best].Unit, m.Module, m.Period, b.units[best].Score)
		}
	}
	for _, u := range b.units {
		if len(p.Hero) == 0 && u.Active {
			add(u.Unit, u.Module, u.Period, u.Score)
		}
	}
}

// dress adds style, script and the policy that allows these and nothing else.
func (p *Page) dress() error {
	style, err := assets.ReadFile("assets/page.css")
	if err != nil {
		return err
	}
	var script bytes.Buffer
	script.WriteString("\"use strict\";\n")
	for _, name := range scripts {
		text, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&script, "(() => {\n%s})();\n", text)
	}
	p.Style, p.Script = template.CSS(style), template.JS(script.String())
	connect := "'none'"
	if p.Live {
		connect = "'self'"
	}
	p.Policy = strings.Join([]string{"default-src 'none'", "img-src data:", "style-src " + digest(style), "script-src " + digest(script.Bytes()), "connect-src " + connect,
		"base-uri 'none'", "form-action 'none'"}, "; ")
	return nil
}

// digest is how a policy names a text that it allows.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Write writes the page.
func (p *Page) Write(w io.Writer) error {
	t, err := template.New("page.tmpl").Funcs(template.FuncMap{
		"short": digits,
		"stateWord": func(s State) string {
			return map[State]string{Current: "up to date", Stale: "stale", Published: "published", Refused: "refused", Missing: "not made"}[s]
		},
	}).ParseFS(assets, "assets/*.tmpl")
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}
