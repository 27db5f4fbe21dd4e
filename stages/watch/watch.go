// Package watch looks at trainings under way from outside: at their checkpoints, which they save
// anyway. A training is not asked anything and does nothing more than without being watched.
package watch

import (
	"cmp"
	"math"
	"slices"
	"time"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
	"sicgrid/pkg/walk"
	"sicgrid/stages/train/saved"
	"sicgrid/stages/train/traintable"
)

// Training is one that is looked at.
type Training struct {
	Name    string
	Network sic.Network
	Steps   int    // of the whole training
	Dir     string // where its checkpoints are
}

// View is what is seen of a training.
type View struct {
	Name           string             `json:"name"`
	Step           int                `json:"step"` // of the last checkpoint
	Of             int                `json:"of"`
	Saved          time.Time          `json:"saved"`
	StepsPerSecond float64            `json:"steps_per_second,omitempty"` // between the checkpoints that were seen; 0 = one was
	SecondsLeft    float64            `json:"seconds_left,omitempty"`     // at that rate
	Losses         map[string]float64 `json:"losses,omitempty"`           // of the last row of the history: its terms, and total
	LearningRate   float64            `json:"learning_rate,omitempty"`
	GradientNorm   float64            `json:"gradient_norm,omitempty"`
	Dead           float64            `json:"dead,omitempty"`      // share of states
	Totals         []float64          `json:"totals,omitempty"`    // total loss over the steps, at most fifty values
	Explained      *float64           `json:"explained,omitempty"` // share of the states' variance that position explains, roughly: on a few walks
	BoxM           float64            `json:"box_m,omitempty"`     // where
	Maps           []Map              `json:"maps,omitempty"`
}

// Map is a coarse ratemap.
type Map struct {
	Unit   int        `json:"unit"`
	Values []*float64 `json:"values"` // [Bins, Bins], row 0 the lowest y; null where nobody was
}

// Rates are the map's values, NaN where nobody was, and the highest of them.
func (m Map) Rates() (values []float32, peak float64) {
	for _, v := range m.Values {
		if v == nil {
			values = append(values, float32(math.NaN()))
			continue
		}
		values, peak = append(values, float32(*v)), max(peak, *v)
	}
	return values, peak
}

// Bins is the number of bins along each side of a map.
const Bins = 20

// How much is done to look at a network: states on walks of so many steps, at most so many
// multiplications and additions, and at most so large a share of the time of a core.
const (
	mostStates = 8000
	walkSteps  = 400
	mostFlops  = 8e9
	mostShare  = 0.02
)

// Watcher looks at trainings again and again.
type Watcher struct {
	Motion walk.Motion
	BoxM   float64
	Maps   int // units whose maps are drawn; 0 = networks are not looked at

	known map[string]*View
	rest  time.Time // until then networks are not looked at
}

// Look is what is seen of a training now; false where it has no checkpoint. The network itself is
// looked at where deeply is asked for.
func (w *Watcher) Look(t Training, deeply bool) (View, bool) {
	c := saved.Look(t.Dir)
	if c == nil {
		return View{}, false
	}
	if w.known == nil {
		w.known = map[string]*View{}
	}
	before := w.known[t.Name]
	v := View{Name: t.Name, Step: c.Step, Of: t.Steps, Saved: c.At}
	if before != nil && before.Step == c.Step && before.Saved.Equal(c.At) {
		v = *before
	} else {
		v.pace(before)
		if history, err := c.History(); err == nil {
			v.note(history)
		}
	}
	if deeply && w.Maps > 0 && v.Explained == nil && time.Now().After(w.rest) {
		begun := time.Now()
		if params, err := c.Weights(); err == nil {
			w.see(&v, t.Network, params)
		}
		w.rest = time.Now().Add(time.Duration(float64(time.Since(begun)) / mostShare))
	}
	if v.Explained == nil && before != nil { // until it is looked at again, what was seen last
		v.BoxM, v.Maps = before.BoxM, before.Maps
	}
	w.known[t.Name] = &v
	return v, true
}

// pace is how fast the training goes, from one checkpoint to the next.
func (v *View) pace(before *View) {
	if before == nil || v.Step <= before.Step {
		return
	}
	if seconds := v.Saved.Sub(before.Saved).Seconds(); seconds > 0 {
		v.StepsPerSecond = float64(v.Step-before.Step) / seconds
		if before.StepsPerSecond > 0 {
			v.StepsPerSecond = (v.StepsPerSecond + 2*before.StepsPerSecond) / 3 // a machine has moods
		}
		v.SecondsLeft = float64(v.Of-v.Step) / v.StepsPerSecond
	}
}

// mostTotals bounds how many values of the total loss are shown.
const mostTotals = 50

func (v *View) note(history []traintable.Losses) {
	if len(history) == 0 {
		return
	}
	last := history[len(history)-1]
	v.LearningRate, v.GradientNorm, v.Dead = last.LearningRate, last.GradientNorm, last.Dead
	v.Losses = map[string]float64{"total": last.Total}
	for i, term := range loss.Table {
		v.Losses[term.Key] = last.Values[i]
	}
	for i := range min(len(history), mostTotals) {
		v.Totals = append(v.Totals, history[(i+1)*len(history)/min(len(history), mostTotals)-1].Total)
	}
	for key, x := range v.Losses { // JSON has no such numbers
		if math.IsNaN(x) || math.IsInf(x, 0) {
			delete(v.Losses, key)
		}
	}
	v.Totals = slices.DeleteFunc(v.Totals, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
}

// see takes the network along a few walks.
func (w *Watcher) see(v *View, n sic.Network, params []float32) {
	roller, err := cpu.NewRoller(n, params)
	if err != nil {
		return
	}
	states := min(mostStates, int(mostFlops/(2*float64(n.Units)*float64(n.Units)*float64(n.Hidden))))
	var velocity, position [][]float32
	for i := range max(1, states/walkSteps) {
		drawn, err := w.Motion.Draw(0, w.BoxM, i, walkSteps)
		if err != nil {
			return
		}
		velocity, position = append(velocity, drawn.Velocity), append(position, drawn.Position)
	}
	s := sums{units: n.Units, box: w.BoxM, count: make([]float64, Bins*Bins), sum: make([]float64, Bins*Bins*n.Units)}
	roller.Run(velocity, func(walk, step int, state []float32) {
		s.add(position[walk][2*step], position[walk][2*step+1], state)
	})
	v.BoxM, v.Maps = w.BoxM, s.maps(w.Maps)
	if e := s.explained(); !math.IsNaN(e) {
		v.Explained = &e
	}
}

// sums add up the states in each bin.
type sums struct {
	units   int
	box     float64
	count   []float64 // [Bins*Bins]
	sum     []float64 // [Bins*Bins][units]
	squares float64   // Σ ‖g‖²
}

func (s *sums) add(x, y float32, state []float32) {
	index := func(c float32) int {
		return min(max(int((float64(c)/s.box+0.5)*Bins), 0), Bins-1)
	}
	bin := index(y)*Bins + index(x)
	s.count[bin]++
	for i, g := range state {
		s.sum[bin*s.units+i] += float64(g)
		s.squares += float64(g) * float64(g)
	}
}

// explained is the share of the states' variance between bins, corrected for what as many bins
// would explain of noise (the adjusted R² of a mean for each bin).
func (s *sums) explained() float64 {
	n, bins, between, common := 0.0, 0.0, 0.0, 0.0
	mean := make([]float64, s.units)
	for bin, count := range s.count {
		if count == 0 {
			continue
		}
		n, bins = n+count, bins+1
		for i := range mean {
			x := s.sum[bin*s.units+i]
			mean[i] += x
			between += x * x / count
		}
	}
	for _, x := range mean {
		common += x * x / n
	}
	total, within := s.squares-common, s.squares-between
	if n <= bins || total <= 1e-9*s.squares {
		return math.NaN()
	}
	return 1 - within/(n-bins)/(total/(n-1))
}

// maps are those of the units whose rate is modulated most of all by place, at most so many.
func (s *sums) maps(most int) []Map {
	type modulated struct {
		Map
		by float64
	}
	var all []modulated
	for unit := range s.units {
		values := make([]*float64, len(s.count))
		for bin, count := range s.count {
			if x := s.sum[bin*s.units+unit] / count; count > 0 {
				values[bin] = &x
			}
		}
		all = append(all, modulated{Map{unit, values}, variance(values)})
	}
	slices.SortStableFunc(all, func(a, b modulated) int { return cmp.Compare(b.by, a.by) })
	var list []Map
	for _, m := range all[:min(most, len(all))] {
		list = append(list, m.Map)
	}
	return list
}

// variance is that of the bins where somebody was.
func variance(values []*float64) float64 {
	n, sum, squares := 0.0, 0.0, 0.0
	for _, v := range values {
		if v != nil {
			n, sum, squares = n+1, sum+*v, squares+*v**v
		}
	}
	return squares/n - sum*sum/n/n
}
