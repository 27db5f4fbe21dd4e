package recording

import (
	"math"
	"slices"
	"sync"

	"sicgrid/pkg/gridcell"
)

// Session is what was recorded of several units in the same samples.
type Session struct {
	*Samples
	Trains []*Train
	whole  map[float64]*clock // of units that were recorded in all samples, by their smoothing
}

// NewSession returns a session without units.
func NewSession(s *Samples) *Session {
	return &Session{Samples: s, whole: map[float64]*clock{}}
}

// clock is that of units that were recorded in all samples.
func (s *Session) clock(smoothM float64) *clock {
	if s.whole[smoothM] == nil {
		all := make([]int32, len(s.Frames))
		for i := range all {
			all[i] = int32(i)
		}
		s.whole[smoothM] = newClock(s.Samples, all, smoothM)
	}
	return s.whole[smoothM]
}

// Train is the activity of one unit in the samples in which it was recorded.
type Train struct {
	// Spikes is how many spikes lie in the samples; NaN for activity that is no count of spikes.
	Spikes float64
	// Sum is the activity times the seconds that it lasted; of spikes it is their number.
	Sum float64
	// SmoothM is the standard deviation in metres of the normal kernel by which its maps are
	// smoothed; 0 for none.
	SmoothM float64
	clock   *clock
	at      []int32   // samples, as the clock numbers them, ascending
	weight  []float64 // of each, nil for one spike each
	signed  bool      // whether it is below 0 in some sample
	slots   func() []int32
}

// newTrain returns a train without activity.
func newTrain(c *clock) *Train {
	t := &Train{SmoothM: c.smoothM, clock: c}
	t.slots = sync.OnceValue(func() []int32 {
		slots := make([]int32, len(t.at))
		for n, k := range t.at {
			slots[n] = c.slot(k)
		}
		return slots
	})
	return t
}

// Seconds is the time in which the unit was recorded.
func (t *Train) Seconds() float64 { return t.clock.seconds }

// Rate is the mean rate, in spikes a second for spikes, or the mean activity.
func (t *Train) Rate() float64 { return t.Sum / t.clock.seconds }

// clock lays the samples in which a unit was recorded end to end, without the time between them,
// and cuts that time into slots of equal length, as many as samples. A train is rolled by whole
// slots.
type clock struct {
	samples   *Samples
	index     []int32   // of the samples
	begin     []float64 // of each, in the time laid end to end
	seconds   float64
	slots     []int32   // bin of the sample in the middle of each slot
	occupancy []float64 // s in every bin
	smoothM   float64
	smoother  func() *smoother
	halves    func() [2]*smoother
}

func newClock(s *Samples, index []int32, smoothM float64) *clock {
	c := &clock{samples: s, index: index, occupancy: make([]float64, s.NX*s.NY), smoothM: smoothM}
	for _, i := range index {
		d := s.To[i] - s.From[i]
		c.begin = append(c.begin, c.seconds)
		c.seconds += d
		c.occupancy[s.Bins[i]] += d
	}
	at := 0
	for k := range index {
		middle := (float64(k) + 0.5) * c.seconds / float64(len(index))
		for at+1 < len(index) && c.begin[at+1] <= middle {
			at++
		}
		c.slots = append(c.slots, s.Bins[index[at]])
	}
	c.smoother = sync.OnceValue(func() *smoother { return c.smootherOf(c.occupancy) })
	c.halves = sync.OnceValue(func() (two [2]*smoother) {
		for h := range two {
			occupancy := make([]float64, len(c.occupancy))
			for k, i := range index {
				if c.half(int32(k)) == h {
					occupancy[s.Bins[i]] += s.To[i] - s.From[i]
				}
			}
			two[h] = c.smootherOf(occupancy)
		}
		return two
	})
	return c
}

func (c *clock) smootherOf(occupancy []float64) *smoother {
	a := c.samples.Arena
	return newSmoother(occupancy, a.NX, a.NY, c.smoothM/a.Width*float64(a.NX), c.smoothM/a.Height*float64(a.NY))
}

// half says in which half of the time a sample lies.
func (c *clock) half(k int32) int {
	if c.begin[k] < c.seconds/2 {
		return 0
	}
	return 1
}

// slot is the slot in whose time the middle of a sample lies.
func (c *clock) slot(k int32) int32 {
	i := c.index[k]
	middle := c.begin[k] + (c.samples.To[i]-c.samples.From[i])/2
	return int32(min(len(c.slots)-1, int(middle/c.seconds*float64(len(c.slots)))))
}

// AddSpikes adds a unit that fired at these times (s), in any order, whose maps are smoothed by
// smoothM metres, and returns how many of its spikes lie in no sample.
func (s *Session) AddSpikes(times []float64, smoothM float64) (left int) {
	t := newTrain(s.clock(smoothM))
	sorted := slices.Clone(times)
	slices.Sort(sorted)
	at := 0
	for _, v := range sorted {
		for at < len(s.To) && s.To[at] <= v {
			at++
		}
		if at < len(s.From) && s.From[at] <= v {
			t.at = append(t.at, int32(at))
		} else {
			left++ // NaN, too
		}
	}
	t.Spikes = float64(len(t.at))
	t.Sum = t.Spikes
	s.Trains = append(s.Trains, t)
	return left
}

// AddActivity adds a unit by its value in every frame of the track, a count of spikes, or a rate or
// activity, whose maps are smoothed by smoothM metres. Frames whose value is not finite are none in
// which the unit was recorded; missing is how many samples that leaves out.
func (s *Session) AddActivity(values []float64, counts bool, smoothM float64) (missing int) {
	var index []int32
	for i, frame := range s.Frames {
		if finite(values[frame]) {
			index = append(index, int32(i))
		}
	}
	c := s.clock(smoothM)
	if missing = len(s.Frames) - len(index); missing > 0 {
		c = newClock(s.Samples, index, smoothM)
	}
	t := newTrain(c)
	t.Spikes = math.NaN()
	for k, i := range index {
		w := values[s.Frames[i]]
		if w == 0 {
			continue
		}
		if !counts {
			w *= s.To[i] - s.From[i]
		}
		t.at, t.weight, t.Sum, t.signed = append(t.at, int32(k)), append(t.weight, w), t.Sum+w, t.signed || w < 0
	}
	if counts {
		t.Spikes = t.Sum
	}
	s.Trains = append(s.Trains, t)
	return missing
}

// Stretch is a part of the time that counts: Seconds of it, from one second of the clock to another.
type Stretch struct{ From, To, Seconds float64 }

// Silences are the stretches in which no unit does anything, though in as long a time all of them
// together do so least times on average: neither fire, nor have activity other than 0.
func (s *Session) Silences(least float64) (found []Stretch) {
	busy := make([]bool, len(s.Frames))
	events := 0
	for _, t := range s.Trains {
		events += len(t.at)
		for _, k := range t.at {
			busy[t.clock.index[k]] = true
		}
	}
	enough := least / float64(events) * s.Duration()
	var now Stretch
	end := func() {
		if now.Seconds >= enough {
			found = append(found, now)
		}
		now = Stretch{}
	}
	for i, b := range busy {
		if b {
			end()
			continue
		}
		if now.Seconds == 0 {
			now.From = s.From[i]
		}
		now.To, now.Seconds = s.To[i], now.Seconds+s.To[i]-s.From[i]
	}
	end()
	return found
}

// Occupancy is the seconds in every bin [NY, NX] in which the unit was recorded.
func (t *Train) Occupancy() []float64 { return t.clock.occupancy }

// add adds the train's activity to sums [NY, NX]; of one half of the time if half is 0 or 1.
func (t *Train) add(sums []float64, half int) {
	c := t.clock
	for n, k := range t.at {
		if half >= 0 && c.half(k) != half {
			continue
		}
		w := 1.0
		if t.weight != nil {
			w = t.weight[n]
		}
		sums[c.samples.Bins[c.index[k]]] += w
	}
}

// Signed reports whether the activity is below 0 in some sample, as that of a unit with tanh or a
// relative change of fluorescence is.
func (t *Train) Signed() bool { return t.signed }

// Tuning is how much a map of the train, or of one that was rolled, says of places: its spatial
// information, or, for signed activity, of which no spike holds bits, its variance over the time. To
// the second order in the modulation information is that variance over 2 ln 2 R², R the mean rate,
// which a roll leaves as it is, so that both order shuffles alike.
func (t *Train) Tuning(m gridcell.Map) float64 {
	if t.signed {
		return gridcell.SpatialVariance(m, t.clock.occupancy)
	}
	return gridcell.SpatialInformation(m, t.clock.occupancy)
}

// Map is the ratemap: rates in visited bins, NaN elsewhere.
func (t *Train) Map() gridcell.Map { return t.mapBy(t.clock.smoother(), -1) }

// Observed is the map that the train would have if its unit's rate at a place (m from the centre) were
// this one, in every bin that of the mean place of its samples.
func (t *Train) Observed(rate func(x, y float64) float64) gridcell.Map {
	c := t.clock
	s := c.samples
	x, y := make([]float64, len(c.occupancy)), make([]float64, len(c.occupancy))
	for _, i := range c.index {
		d := s.To[i] - s.From[i]
		x[s.Bins[i]], y[s.Bins[i]] = x[s.Bins[i]]+d*s.X[i], y[s.Bins[i]]+d*s.Y[i]
	}
	sums, out := make([]float64, len(x)), make([]float64, len(x))
	for b, time := range c.occupancy {
		if time > 0 {
			sums[b] = time * rate(x[b]/time, y[b]/time)
		}
	}
	c.smoother().rates(out, sums, make([]float64, scratchMaps*len(x)))
	return s.Map(out)
}

// Raw is the ratemap without smoothing.
func (t *Train) Raw() gridcell.Map {
	a := t.clock.samples.Arena
	return t.mapBy(newSmoother(t.clock.occupancy, a.NX, a.NY, 0, 0), -1)
}

// Halves are the ratemaps of the first and the second half of the time.
func (t *Train) Halves() (first, second gridcell.Map) {
	h := t.clock.halves()
	return t.mapBy(h[0], 0), t.mapBy(h[1], 1)
}

// CountingNoise is the share of the variance of the map without smoothing that the counting of
// spikes alone accounts for: the mean of R/T over visited bins, R the unit's rate and T a bin's
// time, over the map's variance; about 1 for a unit that fires at random, and at most 1. NaN for
// activity that is no count.
func (t *Train) CountingNoise() float64 {
	var sum, square, noise, n float64
	for i, r := range t.Raw().Values {
		if time := t.clock.occupancy[i]; time > 0 {
			sum, square, noise, n = sum+r, square+r*r, noise+t.Rate()/time, n+1
		}
	}
	if math.IsNaN(t.Spikes) || !(n > 1) {
		return math.NaN()
	}
	return min(1, noise/(square-sum*sum/n))
}

func (t *Train) mapBy(s *smoother, half int) gridcell.Map {
	n := s.nx * s.ny
	sums, out := make([]float64, n), make([]float64, n)
	t.add(sums, half)
	s.rates(out, sums, make([]float64, scratchMaps*n))
	return t.clock.samples.Map(out)
}
