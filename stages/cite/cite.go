// Package cite says for a paper's supplement how a result of the pipeline was made: a paragraph of
// provenance, and BibTeX of the paper that is reproduced and of this software.
package cite

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sicgrid/pkg/printable"
	"sicgrid/stages/exchange"
)

// Version and Released are those of CITATION.cff, at the root of the repository.
const (
	Version  = "0.1.0"
	Released = "2026-11-29"
)

// Result is a result and everything that it rests on.
type Result struct {
	Name    string   `json:"result"`  // "figure-6"
	Profile string   `json:"profile"` // "laptop"
	Seed    uint64   `json:"seed"`
	Set     []string `json:"set"`     // parameters that were not the profile's
	Digest  string   `json:"digest"`  // of its table, values and schema
	Stages  []Stage  `json:"stages"`  // that it rests on, inputs first; it itself is the last
	Command string   `json:"command"` // that remakes it, from a clone of the repository
}

// Stage is what is cited of a stage's record.
type Stage struct {
	Name     string `json:"name"`
	Stage    string `json:"stage"`
	Key      string `json:"key"`
	Seed     uint64 `json:"seed"`
	Commit   string `json:"commit"` // of the source that computed it
	Numerics string `json:"numerics"`
	Device   string `json:"device,omitempty"` // that trained it
	Steps    int    `json:"steps,omitempty"`  // of its training
	Pinned   bool   `json:"pinned,omitempty"` // it came with the repository
	Fetched  string `json:"fetched,omitempty"`
	Started  string `json:"started,omitempty"` // as RFC 3339

	Foreign *exchange.Provenance `json:"foreign,omitempty"` // of a network that was trained elsewhere
}

// last is the stage that made the result.
func (r Result) last() Stage { return r.Stages[len(r.Stages)-1] }

// distinct are the different values that the stages have of something, in their order.
func (r Result) distinct(of func(Stage) string) []string {
	var all []string
	for _, s := range r.Stages {
		if v := of(s); v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// Paragraph says in words where the result is from.
func (r Result) Paragraph() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s was made with sicgrid %s (commit %s), profile %s, seed %d%s.", title(r.Name), Version, r.last().Commit, r.Profile, r.Seed, settings(r.Set))
	fmt.Fprintf(&b, " It rests on %s%s, computed under the numerics %s.", printable.Count(len(r.Stages)-1, "stage"), r.trainings(), printable.List(r.distinct(func(s Stage) string { return s.Numerics })))
	if commits := r.distinct(func(s Stage) string { return s.Commit }); len(commits) > 1 {
		fmt.Fprintf(&b, " Some of them were computed by the commits %s.", printable.List(slices.DeleteFunc(commits, func(c string) bool { return c == r.last().Commit })))
	}
	for _, from := range r.foreign() {
		fmt.Fprintf(&b, " The network was trained elsewhere, by a program that is not known here: %s (file %s, SHA-256 %s).", from.From, from.File, from.SHA256)
	}
	if n := r.count(func(s Stage) bool { return s.Pinned }); n > 0 {
		fmt.Fprintf(&b, " %s came with the repository and %s not computed anew.", printable.Count(n, "result"), map[bool]string{true: "was", false: "were"}[n == 1])
	}
	if from := r.distinct(func(s Stage) string { return s.Fetched }); len(from) > 0 {
		fmt.Fprintf(&b, " %s fetched from %s.", printable.Count(r.count(func(s Stage) bool { return s.Fetched != "" }), "result"), printable.List(from))
	}
	fmt.Fprintf(&b, " Its values have the digest %s; the same command on a clone of that commit gives the same digest under the same numerics: %s", r.Digest, r.Command)
	return b.String()
}

// trainings says how many networks were trained, and on what.
func (r Result) trainings() string {
	n, steps := 0, 0
	for _, s := range r.Stages {
		if s.Steps > 0 {
			n, steps = n+1, steps+s.Steps
		}
	}
	if n == 0 {
		return ""
	}
	text := fmt.Sprintf(", among them %s of %d optimiser steps in all", printable.Count(n, "training"), steps)
	if devices := r.distinct(func(s Stage) string { return s.Device }); len(devices) > 0 {
		text += " on " + printable.List(devices)
	}
	return text
}

func (r Result) foreign() (list []exchange.Provenance) {
	for _, s := range r.Stages {
		if s.Foreign != nil && !slices.Contains(list, *s.Foreign) {
			list = append(list, *s.Foreign)
		}
	}
	return list
}

func (r Result) count(what func(Stage) bool) (n int) {
	for _, s := range r.Stages {
		if what(s) {
			n++
		}
	}
	return n
}

// BibTeX has the paper that is reproduced and this software as the result needed it.
func (r Result) BibTeX() string {
	year := Released[:4]
	if t, err := time.Parse(time.RFC3339, r.last().Started); err == nil {
		year = fmt.Sprint(t.Year())
	}
	return `@inproceedings{schaeffer2023selfsupervised,
  title     = {Self-Supervised Learning of Representations for Space Generates Multi-Modular Grid Cells},
  author    = {Schaeffer, Rylan and Khona, Mikail and Ma, Tzuhsuan and Eyzaguirre, Crist{\'o}bal and Koyejo, Sanmi and Fiete, Ila Rani},
  booktitle = {Advances in Neural Information Processing Systems},
  volume    = {36},
  year      = {2023},
  url       = {https://arxiv.org/abs/2311.02316}
}

@software{sicgrid,
  title   = {sicgrid},
  author  = {{The sicgrid authors}},
  version = {` + Version + `},
  year    = {` + year + `},
  note    = {Commit ` + r.last().Commit + `, ` + escaped(r.Name) + `, digest ` + short(r.Digest) + `}
}
`
}

// escaped is a text as TeX takes it.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\textbackslash{}`, `_`, `\_`, `%`, `\%`, `#`, `\#`, `&`, `\&`, `$`, `\$`, `{`, `\{`, `}`, `\}`, `~`, `\~{}`, `^`, `\^{}`).Replace(s)
}

// title is a result's name at the beginning of a sentence: "Figure 6".
func title(name string) string {
	for _, kind := range []string{"figure", "table"} {
		if number, ok := strings.CutPrefix(name, kind+"-"); ok {
			return strings.ToUpper(kind[:1]) + kind[1:] + " " + number
		}
	}
	return "The result " + name
}

func settings(set []string) string {
	if len(set) == 0 {
		return ""
	}
	return ", with " + printable.List(set)
}

func short(digest string) string { return digest[:min(16, len(digest))] }
