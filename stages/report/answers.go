package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"sicgrid/pkg/printable"
	"sicgrid/stages/ambiguity/ambiguitytable"
)

// Answer is one question of a reader, and what the results say to it.
type Answer struct {
	Question string
	Verdict  Verdict
	Short    string // in a few words
	Evidence string
	Links    []Link
	Commands []string
}

// Link leads to a place of the page.
type Link struct{ Text, To string }

// Verdict is what an answer or claim comes to.
type Verdict string

// Verdicts, each with a mark, so that no colour has to be told apart.
const (
	Yes     Verdict = "yes"
	Partly  Verdict = "partly"
	No      Verdict = "no"
	Unknown Verdict = "unknown"
	Plain   Verdict = "plain" // not a question of yes or no
)

// Mark is drawn before it.
func (v Verdict) Mark() string {
	return map[Verdict]string{Yes: "✓", Partly: "◐", No: "✕", Unknown: "?", Plain: "→"}[v]
}

// Word is read aloud in the mark's place.
func (v Verdict) Word() string {
	return map[Verdict]string{Yes: "Yes", Partly: "In part", No: "No", Unknown: "Not known yet", Plain: "How"}[v]
}

// An ideal hexagonal lattice has these grid scores of the expanding-ring kind, and the cells of the
// paper's figure 4 those.
const (
	idealScores = "an ideal lattice has 1.38 to 1.42"
	paperScores = "the paper’s cells 0.40 to 0.74"
)

// answers are the questions that a reader has, in their order.
func (p *Page) answers() []Answer {
	return []Answer{p.emerged(), p.independent(), p.good(), p.generalises(), p.mattered(), p.trusted(), p.data()}
}

// full is the network of figure 4, and the box in which it is shown.
func (p *Page) full() (*network, *box) {
	f := p.source.Parameters.Figures.Figure4
	n := p.network(f.Variant)
	return n, n.box(f.BoxM)
}

// single is likewise that of figure 6.
func (p *Page) single() (*network, *box) {
	f := p.source.Parameters.Figures.Figure6
	n := p.network(f.Variant)
	return n, n.box(f.BoxM)
}

func (p *Page) network(name string) *network {
	i := slices.IndexFunc(p.networks, func(n *network) bool { return n.name == name })
	if i < 0 {
		return nil
	}
	return p.networks[i]
}

// unmade is the answer to a question whose stage has made nothing yet.
func (p *Page) unmade(a Answer, stage string) Answer {
	one := p.results.of(stage)
	a.Verdict, a.Short = Unknown, "Not known yet"
	a.Evidence = fmt.Sprintf("%s is %s: %s.", one.Node, one.State, one.Reason)
	a.Commands = []string{"bin/sicgrid run " + stage + p.source.Flags}
	return a
}

func (p *Page) emerged() Answer {
	a := Answer{Question: "Did grid cells emerge?", Links: []Link{{"Figure 6", "#figure-6"}, {"all units", "#units"}}}
	boxM := p.source.Parameters.Figures.Figure4.BoxM
	var found, elsewhere []string
	seen := false
	for _, n := range p.networks {
		b := n.box(boxM)
		if !n.variant || !b.there() {
			continue
		}
		seen = true
		h := b.hexagonal()
		if len(h) == 0 {
			continue
		}
		units := 0
		for _, m := range h {
			units += int(m.N)
		}
		text := fmt.Sprintf("%d of %d active units of the network “%s” have %s (%s)", units, b.summary.Active, n.title, lattices(len(h)), periods(h))
		if n.parts > 0 && !n.apart {
			elsewhere = append(elsewhere, text)
		} else {
			found = append(found, text)
		}
	}
	switch {
	case !seen:
		f := p.source.Parameters.Figures.Figure6
		return p.unmade(a, spectraOf(f.Variant, f.BoxM))
	case len(found) > 0:
		a.Verdict, a.Short = Yes, "Yes, from random initialisation"
		a.Evidence = strings.Join(found, "; ") + "."
		if c := p.Claims.row("one-module"); c != nil {
			a.Evidence += fmt.Sprintf(" Without the capacity term there is just one module in %d of %s%s.", c.Holds, printable.Count(p.Claims.Seeds, "seed"), p.Claims.whose())
		}
	case len(elsewhere) > 0:
		a.Verdict, a.Short = Partly, "Only from copies of one lattice"
		a.Evidence = strings.Join(elsewhere, "; ") + "."
	default:
		a.Verdict, a.Short = No, "No hexagonal lattice"
		_, b := p.single()
		a.Evidence = fmt.Sprintf("No network of this profile has a hexagonal module in a box of %g m.", boxM)
		if b.there() {
			a.Evidence += fmt.Sprintf(" The median grid score of that without the capacity term is %s.", number(b.summary.Score, 2))
		}
		if steps := p.source.Parameters.Optimiser.Steps; steps < 5000 {
			a.Evidence += fmt.Sprintf(" It trains for %d steps only, to try the pipeline.", steps)
		}
	}
	return a
}

func lattices(n int) string {
	if n == 1 {
		return "one hexagonal lattice"
	}
	return fmt.Sprintf("%d hexagonal lattices", n)
}

func (p *Page) independent() Answer {
	a := Answer{Question: "How many independent modules?", Links: []Link{{"Figure 4", "#figure-4"}}}
	n, b := p.full()
	if !b.there() {
		f := p.source.Parameters.Figures.Figure4
		return p.unmade(a, spectraOf(f.Variant, f.BoxM))
	}
	h, s := b.hexagonal(), b.summary
	if len(h) == 0 {
		a.Verdict, a.Short, a.Evidence = No, "None", fmt.Sprintf("No module of the network “%s” is hexagonal.", n.title)
		return a
	}
	// Two lattices at no coincidence may still share a torus, and then name no place that one of them
	// does not: so the verdict asks for all three signs, as the claims' rule does.
	several := ambiguitytable.Independent(s.Independent, s.Generators) && (b.told.Places == 0 || b.told.Beyond())
	switch {
	case len(h) == 1:
		a.Verdict, a.Short = Partly, "One module, alone"
	case several && int(s.Independent) == len(h):
		a.Verdict, a.Short = Yes, fmt.Sprintf("%d, all independent", len(h))
	case several:
		a.Verdict, a.Short = Partly, fmt.Sprintf("%d of %d", s.Independent, len(h))
	default:
		a.Verdict, a.Short = Partly, fmt.Sprintf("%d of %s", min(1, s.Independent), printable.Count(len(h), "module"))
	}
	a.Evidence = fmt.Sprintf("Periods of %s.", periods(h))
	if pairs := coincidences(h); len(pairs) > 0 {
		a.Evidence += " Not independent: " + strings.Join(pairs, "; ") + "."
	}
	if len(h) > 1 && s.Generators > 0 && s.Generators < 4 {
		a.Evidence += fmt.Sprintf(" All units’ waves are sums of %d; two independent lattices need 4.", s.Generators)
	}
	switch told := b.told; {
	case told.Places == 0:
		a.Evidence += " Whether places beyond the coarsest cell are told apart has not been tested:"
		a.Commands = []string{"bin/sicgrid run " + b.asked.Node + p.source.Flags}
	case told.Beyond():
		a.Evidence += fmt.Sprintf(" Together they tell apart places that the coarsest (%s) alone confuses: %s of %d, by guessing %s.", metres(told.Cell), percent(told.Right), told.Places, percent(told.Chance))
	default:
		a.Evidence += fmt.Sprintf(" Together they confuse places as the coarsest (%s) alone does: they tell apart %s of %d, by guessing %s.", metres(told.Cell), percent(told.Right), told.Places, percent(told.Chance))
	}
	switch {
	case n.apart:
		a.Evidence += fmt.Sprintf(" That there are several is put in: it starts from %d networks that were trained apart, each from a random initialisation of its own.", n.parts)
	case n.parts > 1:
		a.Evidence += fmt.Sprintf(" That there are several is put in: it starts from %d copies of one trained lattice.", n.parts)
	}
	return a
}

func (p *Page) good() Answer {
	a := Answer{Question: "How good are they?", Links: []Link{{"scores of all units", "#units"}}}
	var parts []string
	_, single := p.single()
	_, full := p.full()
	best := math.NaN()
	for _, one := range []struct {
		b    *box
		name string
	}{{full, "figure 4"}, {single, "figure 6"}} {
		if one.b.there() && !math.IsNaN(one.b.summary.Score) {
			parts = append(parts, fmt.Sprintf("%s in the network of %s (%s of units above 0.3)", number(one.b.summary.Score, 2), one.name, percent(one.b.summary.Above)))
			if math.IsNaN(best) || one.b.summary.Score > best {
				best = one.b.summary.Score
			}
		}
	}
	switch {
	case len(parts) == 0:
		f := p.source.Parameters.Figures.Figure4
		return p.unmade(a, spectraOf(f.Variant, f.BoxM))
	case best >= 0.8:
		a.Verdict = Yes
	case best >= 0.3:
		a.Verdict = Partly
	default:
		a.Verdict = No
	}
	a.Short = "Median grid score " + number(best, 2)
	a.Evidence = fmt.Sprintf("%s; %s, %s.", strings.Join(parts, "; "), idealScores, paperScores)
	return a
}

func (p *Page) generalises() Answer {
	a := Answer{Question: "Does it generalise?", Links: []Link{{"Figure 5", "#figure-5"}}}
	n, b := p.full()
	if !b.there() || math.IsNaN(b.summary.Explained) {
		f := p.source.Parameters.Figures.Figure4
		return p.unmade(a, spectraOf(f.Variant, f.BoxM))
	}
	times := "at"
	if trained := p.source.Parameters.Variant(n.name).Batch.Length; trained > 0 {
		times = fmt.Sprintf("on walks of %d steps, %s times those of training,", p.source.Parameters.Evaluation.Steps, number(float64(p.source.Parameters.Evaluation.Steps)/float64(trained), 0))
	}
	a.Short = percent(b.summary.Explained) + " explained by position"
	a.Evidence = fmt.Sprintf("Of the states’ variance %s %s is explained by where the network is", times, percent(b.summary.Explained))
	if _, s := p.single(); s.there() && s != b {
		a.Evidence += fmt.Sprintf(" (%s without the capacity term)", percent(s.summary.Explained))
	}
	a.Evidence += "."
	if off, boxes, ok := n.samePeriods(); ok {
		a.Evidence += fmt.Sprintf(" The periods in boxes of %s m agree within %s.", boxes, number(100*off, 1)+" %")
	}
	switch e := b.summary.Explained; {
	case e >= 0.5 && len(b.hexagonal()) > 0:
		a.Verdict = Yes
	case e >= 0.3:
		a.Verdict = Partly
	default:
		a.Verdict = No
	}
	return a
}

// samePeriods is how far the period of any module is off, in the boxes where one within a tenth of
// it is found, from that in the largest box.
func (n *network) samePeriods() (off float64, boxes string, ok bool) {
	var sides []string
	for _, b := range n.boxes {
		if b.there() {
			sides = append(sides, fmt.Sprintf("%g", b.side))
		}
	}
	if len(sides) < 2 {
		return 0, "", false
	}
	reference := n.boxes[len(n.boxes)-1]
	for _, m := range reference.hexagonal() {
		for _, b := range n.boxes[:len(n.boxes)-1] {
			nearest := math.Inf(1)
			for _, other := range b.modules {
				nearest = min(nearest, math.Abs(other.Period/m.Period-1))
			}
			if nearest < 0.1 {
				off, ok = max(off, nearest), true
			}
		}
	}
	return off, printable.List(sides), ok
}

// lostShare is the share of what a network has in modules below which what it was trained without
// has mattered: the rule of the claims.
const lostShare = 0.5

func (p *Page) mattered() Answer {
	a := Answer{Question: "Which term mattered?", Links: []Link{{"Figure 7", "#figure-7"}, {"claims", "#claims"}}}
	boxM := p.source.Parameters.Figures.Figure7.BoxM
	reference := p.reference()
	b := reference.box(boxM)
	needed, judged := p.Claims.needed()
	if !b.there() {
		a = p.unmade(a, spectraOf(p.referenceName(), boxM))
		if judged != "" {
			a.Verdict, a.Short, a.Evidence = Plain, shortList(needed), judged
		}
		return a
	}
	if b.summary.InModules == 0 || math.IsNaN(b.summary.InModules) {
		a.Verdict, a.Short = Unknown, "Cannot be told"
		a.Evidence = fmt.Sprintf("The network “%s” has no lattice in a box of %g m that an ablation could lose.", reference.title, boxM)
		return a
	}
	var lost, terms, kept, missing []string
	for _, n := range p.networks {
		if n.variant {
			continue
		}
		one := n.box(boxM)
		if !one.there() {
			missing = append(missing, n.title)
			continue
		}
		text := fmt.Sprintf("%s (%s)", n.title, percent(one.summary.InModules))
		if !(one.summary.InModules >= lostShare*b.summary.InModules) {
			lost = append(lost, text)
			if term, ok := strings.CutPrefix(n.title, "without "); ok { // other weights and starts are no terms
				terms = append(terms, strings.TrimSuffix(strings.TrimPrefix(term, "the "), " term"))
			}
		} else {
			kept = append(kept, text)
		}
	}
	switch {
	case len(lost)+len(kept) == 0:
		a.Verdict, a.Short = Unknown, "Not known yet"
	case len(lost) == 0:
		a.Verdict, a.Short = No, "None of those tried"
	case len(terms) == 0:
		a.Verdict, a.Short = No, "No term, but other settings"
	default:
		a.Verdict, a.Short = Plain, shortList(terms)
	}
	a.Evidence = fmt.Sprintf("Units in modules with all terms: %s.", percent(b.summary.InModules))
	if len(lost) > 0 {
		a.Evidence += " Lost: " + strings.Join(lost, ", ") + "."
	}
	if len(kept) > 0 {
		a.Evidence += " Kept: " + strings.Join(kept, ", ") + "."
	}
	if judged != "" {
		a.Evidence += " " + judged
	}
	if len(missing) > 0 {
		a.Evidence += " Not made yet: " + strings.Join(missing, ", ") + "."
		a.Commands = []string{"bin/sicgrid run figure-7" + p.source.Flags}
	}
	return a
}

// shortList names the first of a list, and how many more there are.
func shortList(items []string) string {
	if len(items) == 0 {
		return "None of those tried"
	}
	if most := 3; len(items) > most {
		items = append(slices.Clone(items[:most]), fmt.Sprintf("%d more", len(items)-most))
	}
	return upper(printable.List(items))
}

// reference is the network that ablations are to be compared with: that with all terms from random
// initialisation.
func (p *Page) reference() *network { return p.network(p.referenceName()) }

func (p *Page) referenceName() string {
	single := p.source.Parameters.Figures.Figure6.Variant
	for _, n := range p.networks {
		if n.variant && n.parts == 0 && n.name != single {
			return n.name
		}
	}
	return p.source.Parameters.Figures.Figure4.Variant
}

func (p *Page) trusted() Answer {
	a := Answer{Question: "Can I trust it?", Links: []Link{{"claims", "#claims"}, {"stages", "#stages"}}}
	current, all := 0, 0
	for _, c := range p.Counts {
		all += c.N
		if c.State == Current {
			current = c.N
		}
	}
	var parts []string
	if c := p.Claims; c.Judged > 0 {
		a.Short = fmt.Sprintf("%d of %d claims hold", c.Holding, c.Judged)
		parts = append(parts, fmt.Sprintf("Over %s, which no search touched, %d of the paper’s %d claims hold by rules fixed before%s.", printable.Count(c.Seeds, "seed"), c.Holding, c.Judged, c.whose()))
	} else {
		a.Short = "One seed only"
		parts = append(parts, fmt.Sprintf("These are the numbers of seed %d; the claims have not been judged over several.", p.source.Parameters.Seed))
		a.Commands = []string{"bin/sicgrid run results" + p.source.Flags}
	}
	switch {
	case current == all:
		parts = append(parts, fmt.Sprintf("All %d stages are up to date, and their files were compared with their digests when this page was made.", all))
	default:
		parts = append(parts, fmt.Sprintf("%d of %d stages are up to date, their files compared with their digests; the others are marked where they are shown.", current, all))
	}
	if n, _ := p.full(); n != nil && n.parts > 1 {
		parts = append(parts, "Put in by hand: the number of modules of figure 4.")
	}
	if len(p.pinned) > 0 {
		parts = append(parts, fmt.Sprintf("%s came with the repository (pins).", upper(printable.Count(len(p.pinned), "result"))))
	}
	if len(p.fetched) > 0 {
		parts = append(parts, fmt.Sprintf("%s came from elsewhere.", upper(printable.Count(len(p.fetched), "result"))))
	}
	a.Evidence = strings.Join(parts, " ")
	switch {
	case current < all || p.Claims.Judged == 0:
		a.Verdict = Unknown
	case p.Claims.Holding == p.Claims.Judged:
		a.Verdict = Yes
	default:
		a.Verdict = Partly
	}
	if p.Claims.Judged > 0 && a.Verdict == Unknown {
		a.Verdict = Partly
	}
	return a
}

func (p *Page) data() Answer {
	f := p.source.Parameters.Figures.Figure4
	stage := spectraOf(f.Variant, f.BoxM)
	return Answer{Question: "How do I get the data?", Verdict: Plain, Short: "One command a table",
		Evidence: "Every number behind a figure is a table (Parquet, CSV, JSON, npy); those of the units can be saved from this page.",
		Links:    []Link{{"data and commands", "#data"}},
		Commands: []string{"bin/sicgrid export " + stage + ":units" + p.source.Flags + " --out units.csv"}}
}

// spectraOf is the stage that measures a network in a box of this side.
func spectraOf(network string, side float64) string {
	return fmt.Sprintf("spectra/%s/%gm", network, side)
}
