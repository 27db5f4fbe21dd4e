package recording

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Track is where an animal was: Times (s) ascending, or nil for samples of equal length whose time
// is their number; X and Y in metres from the centre of the arena. A value that is not finite is
// missing.
type Track struct {
	Times, X, Y []float64
}

// Rules say which moments of a track count. The zero value lets all count that lie in the arena.
type Rules struct {
	// MinSpeed and MaxSpeed in m/s bound the speed over SpeedWindow; 0 is no bound. What MaxSpeed
	// is exceeded by from one frame that counts to the next is a jump of the tracking, and does not
	// count.
	MinSpeed, MaxSpeed float64
	Epochs             [][2]float64 // s, from and to; none: all
	// MaxOutside is the largest share of frames that may lie outside the arena, and MaxJumps of
	// those that are jumps; more are an error, since then unit, origin or size are likely to be
	// others.
	MaxOutside, MaxJumps float64
}

const (
	// SpeedWindow is the time in seconds over which a running speed is measured.
	SpeedWindow = 0.4
	// gap is the interval, in median intervals, from which on frames are missing in between.
	gap = 1.5
)

// LeftOut counts the frames of a track that do not count, each under the first reason that holds.
type LeftOut struct {
	Missing, Outside, Jumps, OutOfEpochs, Speed int
	// Gaps are intervals in which frames are missing, and GapSeconds the time in them that no frame
	// stands for.
	Gaps       int
	GapSeconds float64
}

// Frames is how many frames were left out.
func (l LeftOut) Frames() int { return l.Missing + l.Outside + l.Jumps + l.OutOfEpochs + l.Speed }

// Samples are the moments of a track that count, in order of time. Sample i was frame Frames[i],
// lies at X[i], Y[i] in bin Bins[i], and stands for the time from From[i] to To[i]: to halfway to the
// neighbouring frames, or, where those are missing, for half a median interval.
type Samples struct {
	Arena
	Frames   []int32
	Bins     []int32
	X, Y     []float64
	From, To []float64
	Timed    bool // whether times are seconds; else they are numbers of frames
	LeftOut  LeftOut
}

// Duration is the time that the samples stand for.
func (s *Samples) Duration() (sum float64) {
	for i, from := range s.From {
		sum += s.To[i] - from
	}
	return sum
}

// Coverage is the share of the arena's bins that were visited.
func (s *Samples) Coverage() float64 {
	visited := map[int32]bool{}
	for _, b := range s.Bins {
		visited[b] = true
	}
	return min(1, float64(len(visited))/float64(s.bins()))
}

// NewSamples returns the moments of a track that count. The error says what is wrong with the
// track, or that no moment counts.
func NewSamples(t Track, a Arena, r Rules) (*Samples, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	n := len(t.X)
	if len(t.Y) != n || t.Times != nil && len(t.Times) != n {
		return nil, fmt.Errorf("%d times, %d and %d coordinates: must be as many", len(t.Times), n, len(t.Y))
	}
	s := &Samples{Arena: a, Timed: t.Times != nil}
	times, err := s.clock(t)
	if err != nil {
		return nil, err
	}
	counts, err := s.count(t, times, r)
	if err != nil {
		return nil, err
	}
	from, to := s.spans(times)
	for i, ok := range counts {
		if ok && to[i] > from[i] {
			s.Frames, s.Bins = append(s.Frames, int32(i)), append(s.Bins, int32(a.Bin(t.X[i], t.Y[i])))
			s.X, s.Y = append(s.X, t.X[i]), append(s.Y, t.Y[i])
			s.From, s.To = append(s.From, from[i]), append(s.To, to[i])
		}
	}
	if len(s.Frames) == 0 {
		return nil, fmt.Errorf("none of %d frames counts (%d missing, %d outside the arena, %d jumps, %d out of the epochs, %d too slow or too fast)",
			n, s.LeftOut.Missing, s.LeftOut.Outside, s.LeftOut.Jumps, s.LeftOut.OutOfEpochs, s.LeftOut.Speed)
	}
	return s, nil
}

// ErrTimes is that of times that are in no order.
var ErrTimes = errors.New("times must ascend")

// clock returns the time of every frame, NaN where it is missing.
func (s *Samples) clock(t Track) ([]float64, error) {
	times := slices.Clone(t.Times)
	if !s.Timed {
		for i := range t.X {
			times = append(times, float64(i))
		}
		return times, nil
	}
	last, at := math.Inf(-1), -1
	for i, v := range times {
		if !finite(v) {
			times[i] = math.NaN()
			continue
		}
		switch {
		case v == last:
			return nil, fmt.Errorf("time %d, %.10g s, is that of time %d again: %w, keep one frame of each", i, v, at, ErrTimes)
		case v < last:
			return nil, fmt.Errorf("time %d, %.10g s, comes before time %d, %.10g s: %w: sort the frames by time; where a clock begins anew measure each part by itself", i, v, at, last, ErrTimes)
		}
		last, at = v, i
	}
	if at < 0 {
		return nil, errors.New("has no finite time")
	}
	return times, nil
}

// spans returns the time that each frame stands for, and counts the gaps. A frame whose time is
// missing stands for none.
func (s *Samples) spans(times []float64) (from, to []float64) {
	from, to = make([]float64, len(times)), make([]float64, len(times))
	var known []int
	var intervals []float64
	for i, v := range times {
		if finite(v) {
			if len(known) > 0 {
				intervals = append(intervals, v-times[known[len(known)-1]])
			}
			known = append(known, i)
		}
	}
	usual := 1.0
	if len(intervals) > 0 {
		slices.Sort(intervals)
		usual = intervals[len(intervals)/2]
	}
	for k, i := range known {
		before, after := usual/2, usual/2
		if k > 0 {
			if d := times[i] - times[known[k-1]]; d <= gap*usual {
				before = d / 2
			}
		}
		if k+1 < len(known) {
			if d := times[known[k+1]] - times[i]; d <= gap*usual {
				after = d / 2
			} else {
				s.LeftOut.Gaps++
				s.LeftOut.GapSeconds += d - usual
			}
		}
		from[i], to[i] = times[i]-before, times[i]+after
	}
	return from, to
}

// count says of every frame whether it counts, and counts the reasons why not.
func (s *Samples) count(t Track, times []float64, r Rules) ([]bool, error) {
	counts := make([]bool, len(times))
	last, since := -1, 0.0 // frame that counts, and when its place was first seen: tracking that is slower than the frames repeats a place
	l, present := &s.LeftOut, 0
	for i, v := range times {
		x, y := t.X[i], t.Y[i]
		if !finite(v) || !finite(x) || !finite(y) {
			l.Missing++
			continue
		}
		present++
		if s.Bin(x, y) < 0 {
			l.Outside++
			continue
		}
		if last >= 0 && s.Timed && r.MaxSpeed > 0 && math.Hypot(x-t.X[last], y-t.Y[last]) > r.MaxSpeed*(v-since) {
			l.Jumps++
			continue
		}
		if last < 0 || x != t.X[last] || y != t.Y[last] {
			since = v
		}
		counts[i], last = true, i
	}
	if share := float64(l.Outside) / float64(max(present, 1)); share > r.MaxOutside && l.Outside > 0 {
		return nil, fmt.Errorf("%d of %d positions (%.0f %%) lie outside the arena of %s: %s", l.Outside, present, 100*share, s.text(), s.advice(t))
	}
	if share := float64(l.Jumps) / float64(max(present, 1)); share > r.MaxJumps && l.Jumps > 0 {
		return nil, fmt.Errorf("%d of %d positions (%.0f %%) are reached at more than %g m/s: are times in seconds and positions in metres? Else allow a higher speed",
			l.Jumps, present, 100*share, r.MaxSpeed)
	}
	slow := s.tooSlowOrFast(t, times, counts, r)
	for i := range counts {
		switch {
		case !counts[i]:
		case len(r.Epochs) > 0 && !slices.ContainsFunc(r.Epochs, func(e [2]float64) bool { return times[i] >= e[0] && times[i] < e[1] }):
			l.OutOfEpochs++
			counts[i] = false
		case slow[i]:
			l.Speed++
			counts[i] = false
		}
	}
	return counts, nil
}

// tooSlowOrFast says of every frame that counts whether its speed, from the first to the last frame
// that counts within half a SpeedWindow of it, is out of bounds. One that has no other near it is
// not.
func (s *Samples) tooSlowOrFast(t Track, times []float64, counts []bool, r Rules) []bool {
	out := make([]bool, len(counts))
	if !s.Timed || r.MinSpeed == 0 && r.MaxSpeed == 0 {
		return out
	}
	var on []int
	for i, ok := range counts {
		if ok {
			on = append(on, i)
		}
	}
	lo, hi := 0, 0
	for k, i := range on {
		for times[i]-times[on[lo]] > SpeedWindow/2 {
			lo++
		}
		hi = max(hi, k)
		for hi+1 < len(on) && times[on[hi+1]]-times[i] <= SpeedWindow/2 {
			hi++
		}
		a, b := on[lo], on[hi]
		if a == b {
			continue
		}
		v := math.Hypot(t.X[b]-t.X[a], t.Y[b]-t.Y[a]) / (times[b] - times[a])
		out[i] = v < r.MinSpeed || r.MaxSpeed > 0 && v > r.MaxSpeed
	}
	return out
}

// text is the size of the arena.
func (a Arena) text() string {
	if a.Width == a.Height {
		return fmt.Sprintf("%g m", a.Width)
	}
	return fmt.Sprintf("%g x %g m", a.Width, a.Height)
}

// advice says what positions that lie outside may be instead: of another unit, or from another
// origin.
func (a Arena) advice(t Track) string {
	var x, y []float64
	for i := range t.X {
		if finite(t.X[i]) && finite(t.Y[i]) {
			x, y = append(x, t.X[i]), append(y, t.Y[i])
		}
	}
	slices.Sort(x)
	slices.Sort(y)
	// The ends without the outermost hundredth, which may be faults of the tracking.
	cut := len(x) / 100
	x0, x1, y0, y1 := x[cut], x[len(x)-1-cut], y[cut], y[len(y)-1-cut]
	found := fmt.Sprintf("x runs from %.3g to %.3g, y from %.3g to %.3g", x0, x1, y0, y1)
	fits := func(scale, dx, dy float64) bool {
		const slack, least = 0.55, 0.3 // of a side: as far out, and as wide, as positions in a box are
		return (x1-x0)*scale >= least*a.Width && (y1-y0)*scale >= least*a.Height &&
			math.Abs(x0*scale-dx) <= slack*a.Width && math.Abs(x1*scale-dx) <= slack*a.Width &&
			math.Abs(y0*scale-dy) <= slack*a.Height && math.Abs(y1*scale-dy) <= slack*a.Height
	}
	switch {
	case fits(1, a.Width/2, a.Height/2):
		return found + ": if that is from a corner, say --origin corner"
	case fits(0.01, 0, 0):
		return found + ": if that is centimetres, say --unit cm"
	case fits(0.01, a.Width/2, a.Height/2):
		return found + ": if that is centimetres from a corner, say --unit cm --origin corner"
	}
	return found + ": must be metres from its centre"
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
