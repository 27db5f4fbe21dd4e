package manifold

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Verdict is what the bars of a cloud say of its shape, measured by those of its controls.
type Verdict struct {
	Numbers  []int   // Betti numbers, one for each dimension; nil if undetermined
	From, To float64 // the scales [From, To) at which just the classes of the shape live; NaN if undetermined
	Reason   string  // why it is undetermined; empty if it is not
}

// Of bars in the order of their lives, longest first, those of the shape are told from those of the
// sampling by a gap. The shortest life above it is so many times the longest below.
const (
	gapOfComponents = 2    // landmarks lie one to two covering radii from the next
	mostComponents  = 20   // beyond them it is points that are told apart
	gapOfClasses    = 1.35 // of loops and voids that outlive those of the controls
	gapInDoubt      = 1.5  // of others: too clear to be passed over
	shareInDoubt    = 2. / 3
)

// The numbers hold from one scale to another so many times as large. The fewer classes vouch for them,
// the more is asked: what is not there might be too short to see.
const (
	rangeOfNothing = 3   // neither loops nor voids
	rangeOfVoids   = 2   // voids without loops
	rangeOfLoops   = 1.5 // loops without voids
	rangeOfBoth    = 1.1 // loops and voids
)

// Life is how long a class lives: 2 sqrt(death) - 2 sqrt(birth), with scales in units of the cone, half
// way between their difference (Gardner et al. 2022), in which the classes of a small feature are
// short, and their ratio (Bobrowski and Skraba 2023), in which those of the sampling are long. Of
// components, which are all born at 0, it is the death.
func (p *Persistence) Life(dimension int, i Interval) float64 {
	if dimension == 0 {
		return i.Death / p.Cone
	}
	return 2 * (math.Sqrt(i.Death/p.Cone) - math.Sqrt(i.Birth/p.Cone))
}

// bars are the intervals of a dimension that end and are born before a scale, longest life first.
func (p *Persistence) bars(dimension int, before float64) (bars []Interval, lives []float64) {
	for _, i := range p.Intervals[dimension] {
		if i.Birth < before && !math.IsInf(i.Death, 1) {
			bars = append(bars, i)
		}
	}
	slices.SortStableFunc(bars, func(a, b Interval) int { return cmp.Compare(p.Life(dimension, b), p.Life(dimension, a)) })
	for _, i := range bars {
		lives = append(lives, p.Life(dimension, i))
	}
	return bars, lives
}

// longest returns the longest life in a dimension, 0 if nothing lives.
func (p *Persistence) longest(dimension int) float64 {
	if _, lives := p.bars(dimension, math.Inf(1)); len(lives) > 0 {
		return lives[0]
	}
	return 0
}

func undetermined(format string, a ...any) Verdict {
	return Verdict{From: math.NaN(), To: math.NaN(), Reason: fmt.Sprintf(format, a...)}
}

// judge reads the Betti numbers off the bars, given the longest lives of the controls in each
// dimension, [dimension][control]. A loop or a void is one of the shape if it outlives all of the
// controls and stands out of the cloud's own, and if there is a range of scales at which just the
// classes of the shape live. A shape none of whose loops and voids lives at a third of its radius, be
// they significant or not, is contractible but for small holes, if any. The rest is undetermined.
func (p *Persistence) judge(longest [][]float64) Verdict {
	if len(p.Intervals[0]) < 2 {
		return undetermined("all states coincide")
	}
	if len(longest[0]) == 0 {
		return undetermined("there are no controls to compare with")
	}
	v := p.significant(longest)
	if last := p.lastDeath(); v.Numbers == nil && last <= p.Cone/rangeOfNothing {
		v = Verdict{Numbers: make([]int, len(p.Intervals)), From: last, To: p.Cone}
		v.Numbers[0] = 1
	}
	return v
}

// lastDeath is the scale from which on nothing lives but one component.
func (p *Persistence) lastDeath() float64 {
	last := 0.0
	for _, intervals := range p.Intervals {
		for _, i := range intervals {
			if !math.IsInf(i.Death, 1) {
				last = max(last, i.Death)
			}
		}
	}
	return last
}

// significant is the verdict that rests on classes which outlive those of the controls.
func (p *Persistence) significant(longest [][]float64) Verdict {
	numbers := make([]int, len(p.Intervals))
	from, to := 0.0, p.Cone
	for d := range p.Intervals {
		// What is born after a class of a lower dimension has died is of the complex, not of the shape:
		// that of a circle becomes a 3-sphere.
		bars, lives := p.bars(d, to)
		var n int
		if d == 0 {
			n = clusters(lives)
			numbers[0] = 1
		} else {
			var doubt string
			if n, doubt = classes(lives, slices.Max(longest[d])); doubt != "" {
				return undetermined("a %s %s", []string{"", "loop", "void"}[d], doubt)
			}
		}
		numbers[d] += n
		for _, b := range bars[:n] {
			from, to = max(from, b.Birth), min(to, b.Death)
		}
	}
	from, to = p.holds(numbers, from, to)
	if doubt := doubtful(numbers, from, to, p.Cone); doubt != "" {
		return undetermined("%s", doubt)
	}
	return Verdict{Numbers: numbers, From: from, To: to}
}

// clusters counts the deaths, longest first, that lie above the widest gap, if it is wide enough and
// among the first.
func clusters(deaths []float64) (n int) {
	widest := float64(gapOfComponents)
	for i := 1; i < min(len(deaths), mostComponents); i++ {
		if ratio := deaths[i-1] / deaths[i]; ratio >= widest {
			n, widest = i, ratio
		}
	}
	return n
}

// classes counts the lives, longest first, that are longer than that of any control and lie above the
// last gap that is. A gap that is clearer but lies just below the longest of the controls leaves a doubt.
func classes(lives []float64, control float64) (n int, doubt string) {
	next := func(i int) float64 {
		if i < len(lives) {
			return lives[i]
		}
		return 0
	}
	for n < len(lives) && lives[n] > control {
		n++
	}
	for i := n; i < len(lives) && lives[i] > shareInDoubt*control; i++ {
		if lives[i] >= gapInDoubt*next(i+1) {
			return 0, fmt.Sprintf("stands out of the others, but lives %.2f times as long as the longest of the controls: 1 is asked", lives[i]/control)
		}
	}
	for n > 0 && lives[n-1] < gapOfClasses*next(n) {
		n--
	}
	return n, ""
}

// doubtful says why numbers that hold from one scale to another, if from < to, are in doubt.
func doubtful(numbers []int, from, to, cone float64) string {
	counts := numbersText(numbers)
	if !(from < to) {
		return fmt.Sprintf("no scale has just %s: those of the sampling live as long", counts)
	}
	loops, voids := 0, 0
	if len(numbers) > 1 {
		loops = numbers[1]
	}
	if len(numbers) > 2 {
		voids = numbers[2]
	}
	factor, asked := to/from, rangeOfBoth
	switch {
	case loops == 0 && voids == 0 && factor < rangeOfNothing:
		return fmt.Sprintf("no loop or void stands out of the controls, but one might be hidden: the states come together at %.2f of the cloud's radius only, at 1/%d they should",
			from/cone, rangeOfNothing)
	case loops == 0 && voids > 0:
		asked = rangeOfVoids
	case loops > 0 && voids == 0:
		asked = rangeOfLoops
	}
	if factor < asked {
		return fmt.Sprintf("%s hold over a factor of %.2f of scale only: %g is asked, lest another be hidden", counts, factor, asked)
	}
	// Poincaré duality: a closed surface with two sides has 1, 2g, 1, its like of three dimensions 1, k, k.
	if numbers[0] == 1 && (voids == 1 && loops%2 == 1 || voids > 1 && loops != voids) {
		return fmt.Sprintf("%s are those of no closed surface with two sides: another class might be hidden", counts)
	}
	return ""
}

// numbersText is "1 component, 2 loops, 1 void".
func numbersText(numbers []int) string {
	var parts []string
	for d, n := range numbers {
		s := "s"
		if n == 1 {
			s = ""
		}
		parts = append(parts, fmt.Sprintf("%d %s%s", n, []string{"component", "loop", "void"}[d], s))
	}
	return strings.Join(parts, ", ")
}

// holds is the longest range of log scale within [from, to) at which exactly so many classes live; both
// are 0 if there is none.
func (p *Persistence) holds(numbers []int, from, to float64) (a, b float64) {
	scales := []float64{from, to}
	for _, intervals := range p.Intervals {
		for _, i := range intervals {
			for _, r := range []float64{i.Birth, i.Death} {
				if r > from && r < to {
					scales = append(scales, r)
				}
			}
		}
	}
	slices.Sort(scales)
	scales = slices.Compact(scales)
	longest := 1.0
	for i := 0; i+1 < len(scales); i++ {
		end := i
		for end+1 < len(scales) && slices.Equal(p.alive(scales[end]), numbers) {
			end++
		}
		if factor := scales[end] / scales[i]; end > i && factor > longest {
			longest, a, b = factor, scales[i], scales[end]
		}
		i = max(i, end-1)
	}
	return a, b
}

// alive counts the classes of each dimension at a scale.
func (p *Persistence) alive(scale float64) []int {
	counts := make([]int, len(p.Intervals))
	for d, intervals := range p.Intervals {
		for _, i := range intervals {
			if i.Birth <= scale && scale < i.Death {
				counts[d]++
			}
		}
	}
	return counts
}
