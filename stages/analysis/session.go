package analysis

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/ndarray"
	"sicgrid/pkg/recording"
	"sicgrid/pkg/usage"
)

// SpikeSmoothM is the smoothing in metres of maps of spikes, unless another is asked for: below a
// tenth of the smallest periods of rats and mice, and enough for the spikes of ten minutes.
const SpikeSmoothM = 0.03

const (
	// jumpSpeed is the speed in m/s that no rat or mouse reaches.
	jumpSpeed = 2
	// mostOutside and mostJumps are the shares of positions that may lie outside the arena, or be
	// jumps.
	mostOutside, mostJumps = 0.05, 0.05
	// slowestFrames is the interval of frames in seconds from which on times are likely to be in
	// another unit.
	slowestFrames = 2
)

// The names by which a recording's columns are known, unless the source names others.
var (
	placeNames = [][]string{{"d"}, {"position"}, {"positions"}, {"x", "y"}}
	timeNames  = [][]string{{"t"}, {"times"}, {"timestamp"}, {"timestamps"}, {"time_s"}, {"seconds"}, {"time"}}
	spikeNames = [][]string{{"index", "t"}, {"unit", "time"}, {"unit", "t"}, {"unit", "seconds"}, {"unit", "time_s"}, {"unit_id", "time"}, {"unit", "spike_time"}, {"unit", "spike_times"}, {"unit", "second"}}
	epochNames = [][]string{{"start", "end"}, {"start", "stop"}, {"start_time", "stop_time"}}
)

// session reads the recording, and says what it found.
func (r *Request) session(found *Result) (*recording.Session, error) {
	track, err := r.track()
	if err != nil {
		return nil, err
	}
	rules := recording.Rules{MinSpeed: r.Speed[0], MaxSpeed: r.Speed[1], MaxOutside: mostOutside, MaxJumps: mostJumps}
	if rules.MaxSpeed == 0 {
		rules.MaxSpeed = jumpSpeed
	} else {
		rules.MaxJumps = 1 // they were asked for
	}
	if rules.Epochs, err = r.epochs(); err != nil {
		return nil, err
	}
	if track.Times == nil && (r.Speed != [2]float64{} || r.Epochs != "") {
		return nil, usage.Errorf("--speed and --epochs need --times")
	}
	samples, err := recording.NewSamples(track.Track, r.arena(), rules)
	switch {
	case errors.Is(err, recording.ErrTimes):
		return nil, fmt.Errorf("%s: %w", r.Times, err)
	case err != nil && track.held != "":
		return nil, fmt.Errorf("%s: %w; %s", r.Positions, err, track.held)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", r.Positions, err)
	case track.held != "":
		found.notef("%s", track.held)
	default:
		if seconds, longest := still(track.Track); longest >= longStill {
			found.notef("positions stand exactly still for %s, once for %s: if the tracking was lost there, give NaN", duration(seconds), duration(longest))
		}
	}
	if spacing := samples.Duration() / float64(len(samples.From)); samples.Timed && spacing > slowestFrames {
		return nil, fmt.Errorf("%s: frames are %.3g s apart: times must be seconds", r.Times, spacing)
	}
	s := recording.NewSession(samples)
	if r.Spikes != "" {
		err = r.addSpikes(s, found)
	} else {
		err = r.addActivity(s, track, found)
	}
	found.describe(samples, len(track.X))
	if err == nil {
		found.silent(s)
	}
	return s, err
}

const (
	// expectedEvents is how many spikes, or other activity, all units together have on average in a
	// time in which they have none by no chance.
	expectedEvents = 100
	// longSilence is the share of the time, silent in such stretches, from which on rates are wrong.
	longSilence = 0.01
)

// silent says where nothing was recorded of any unit though positions count.
func (f *Result) silent(s *recording.Session) {
	var all float64
	var longest recording.Stretch
	for _, t := range s.Silences(expectedEvents) {
		if all += t.Seconds; t.Seconds > longest.Seconds {
			longest = t
		}
	}
	switch {
	case all < longSilence*s.Duration():
	case s.Timed:
		f.notef("no unit fires for %s, once from %.6g to %.6g s, though positions count there: if spikes were not recorded then, or by another clock, leave it out by --epochs",
			duration(all), longest.From, longest.To)
	default:
		f.notef("all units are 0 in %.0f samples, once from %.0f to %.0f: if nothing was recorded then, give NaN", all, longest.From+0.5, longest.To-0.5)
	}
}

// longStill is for how many seconds no animal's tracked position stays the same to the last digit.
const longStill = 10

// still is for how many seconds of a track with times positions stay exactly the same, in stretches of
// a second or more, and the longest of them.
func still(t recording.Track) (seconds, longest float64) {
	for from, next := 0, 0; from < len(t.Times); from = next {
		for next = from + 1; next < len(t.Times) && t.X[next] == t.X[from] && t.Y[next] == t.Y[from]; next++ {
		}
		if lasted := t.Times[next-1] - t.Times[from]; lasted >= 1 {
			seconds, longest = seconds+lasted, max(longest, lasted)
		}
	}
	return seconds, longest
}

const (
	// heldShare is the share of the samples in which no tracked animal is at one place to the last
	// digit, and heldStretches how often it does not come back to it.
	heldShare, heldStretches = 0.01, 5
)

// heldPlace says which place is where the tracking was lost, as it is in the file: one that is there
// to the last digit again and again, in a share of all samples. Some programs write (0, 0) so, or
// (-1, -1).
func heldPlace(x, y []float64) string {
	times := map[[2]float64]int{}
	var place [2]float64
	for i := range x {
		p := [2]float64{x[i], y[i]} // of NaN each is another
		if times[p]++; times[p] > times[place] {
			place = p
		}
	}
	stretches := 0
	for i := range x {
		at := [2]float64{x[i], y[i]} == place
		if at && (i == 0 || [2]float64{x[i-1], y[i-1]} != place) {
			stretches++
		}
	}
	if n := times[place]; float64(n) >= heldShare*float64(len(x)) && stretches >= heldStretches && n >= 2*stretches {
		return fmt.Sprintf("%d of %d positions are exactly (%g, %g), in %d stretches: if the tracking was lost there, give NaN", n, len(x), place[0], place[1], stretches)
	}
	return ""
}

// arena is the box or ellipse, with Bins along its longer side and as many along the other as make
// bins about square.
func (r *Request) arena() recording.Arena {
	w, h := r.BoxX, r.BoxY
	if h == 0 {
		h = w
	}
	long := max(w, h)
	count := func(side float64) int { return max(2, int(math.Round(float64(r.Bins)*side/long))) }
	return recording.Arena{Width: w, Height: h, NX: count(w), NY: count(h), Round: r.Round}
}

// track is that of a recording, and what only its file shows.
type track struct {
	recording.Track
	walks []int  // the first axes of positions [walks, steps, 2], nil for others
	held  string // that one place is there too often to be one, "" if none is
}

// track reads positions and times.
func (r *Request) track() (t track, err error) {
	a, err := parseSource(r.Positions).read(placeNames...)
	if err != nil {
		return t, err
	}
	if len(a.Shape) == 3 {
		t.walks = a.Shape[:2]
	}
	if a, err = frames(a); err != nil || len(a.Shape) != 2 || a.Shape[1] != 2 {
		return t, fmt.Errorf("%s: has the shape %s, must be [samples, 2] or [walks, steps, 2], x and y", r.Positions, a.ShapeText())
	}
	t.X, t.Y = column(a, 0), column(a, 1)
	t.held = heldPlace(t.X, t.Y)
	w, h, scale := r.BoxX, r.BoxY, 1.0
	if h == 0 {
		h = w
	}
	if r.Centimetres {
		scale = 0.01
	}
	for i := range t.X {
		t.X[i], t.Y[i] = t.X[i]*scale, t.Y[i]*scale
		if r.Corner {
			t.X[i], t.Y[i] = t.X[i]-w/2, t.Y[i]-h/2
		}
	}
	t.Times, err = r.times(len(t.X))
	return t, err
}

// times are those of --times, or, where spikes have to be placed among them, the ones that stand
// beside the positions.
func (r *Request) times(samples int) ([]float64, error) {
	from := r.Times
	if from == "" {
		if r.Spikes == "" {
			return nil, nil
		}
		from = parseSource(r.Positions).path
		if filepath.Ext(from) == ".npy" {
			return nil, usage.Errorf("--times must be given with --spikes: the second of each position")
		}
	}
	a, err := parseSource(from).read(timeNames...)
	if err != nil {
		if r.Times == "" {
			return nil, usage.Errorf("--times must be given with --spikes, the second of each position: %s has none", from)
		}
		return nil, err
	}
	if len(a.Values) != samples {
		return nil, fmt.Errorf("%s: has the shape %s, must be one time for each of the %d positions of %s", from, a.ShapeText(), samples, r.Positions)
	}
	r.Times = from
	return a.Values, nil
}

// frames is an array with its first two of three axes, walks and steps, laid end to end.
func frames(a *ndarray.Array) (*ndarray.Array, error) {
	switch len(a.Shape) {
	case 2:
		return a, nil
	case 3:
		return &ndarray.Array{Shape: []int{a.Shape[0] * a.Shape[1], a.Shape[2]}, Values: a.Values}, nil
	}
	return a, fmt.Errorf("has %d axes", len(a.Shape))
}

// epochs reads "0:300,400:600", or a file of rows of start and end.
func (r *Request) epochs() (spans [][2]float64, err error) {
	if r.Epochs == "" {
		return nil, nil
	}
	if s := parseSource(r.Epochs); slices.Contains([]string{".npy", ".npz", ".parquet"}, filepath.Ext(s.path)) {
		a, err := s.read(epochNames...)
		if err != nil {
			return nil, err
		}
		if len(a.Shape) != 2 || a.Shape[1] != 2 {
			return nil, fmt.Errorf("%s: has the shape %s, must be [epochs, 2], start and end in seconds", r.Epochs, a.ShapeText())
		}
		for i := 0; i < len(a.Values); i += 2 {
			spans = append(spans, [2]float64{a.Values[i], a.Values[i+1]})
		}
	} else {
		for _, part := range strings.Split(r.Epochs, ",") {
			from, to, ok := strings.Cut(part, ":")
			a, errA := strconv.ParseFloat(strings.TrimSpace(from), 64)
			b, errB := strconv.ParseFloat(strings.TrimSpace(to), 64)
			if !ok || errA != nil || errB != nil {
				return nil, usage.Errorf("--epochs %s: must be START:END in seconds, several with commas, or a file", r.Epochs)
			}
			spans = append(spans, [2]float64{a, b})
		}
	}
	for _, e := range spans {
		if !(e[0] < e[1]) {
			return nil, usage.Errorf("--epochs %s: an epoch from %g to %g s ends before it begins", r.Epochs, e[0], e[1])
		}
	}
	return spans, nil
}

// addSpikes reads rows of unit and second.
func (r *Request) addSpikes(s *recording.Session, found *Result) error {
	a, err := parseSource(r.Spikes).read(spikeNames...)
	if err != nil {
		return fmt.Errorf("%w (spikes are rows of unit and second, those of all units one below the other)", err)
	}
	if len(a.Shape) != 2 || a.Shape[1] != 2 || a.Shape[0] == 0 {
		return fmt.Errorf("%s: has the shape %s, must be [spikes, 2], rows of unit and second", r.Spikes, a.ShapeText())
	}
	trains := map[int][]float64{}
	for i := 0; i < len(a.Values); i += 2 {
		unit, second := a.Values[i], a.Values[i+1]
		if unit != math.Trunc(unit) || math.Abs(unit) > 1e9 { // NaN, too
			return fmt.Errorf("%s: row %d is of unit %g: the first column must hold the numbers of units, the second seconds", r.Spikes, i/2, unit)
		}
		trains[int(unit)] = append(trains[int(unit)], second)
	}
	var ids []int
	for id := range trains {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = strconv.Itoa(id)
	}
	chosen, err := found.choose(r.Spikes, names, nil)
	if err != nil {
		return err
	}
	left, total := 0, 0
	for _, i := range chosen {
		found.Names = append(found.Names, names[i])
		total += len(trains[ids[i]])
		left += s.AddSpikes(trains[ids[i]], r.smoothing(true))
	}
	if left == total {
		from, to := ends(a)
		return fmt.Errorf("%s: none of the spikes, from %.6g to %.6g s, is in the time of the positions, %.6g to %.6g s: must be seconds of the same clock",
			r.Spikes, from, to, s.From[0], s.To[len(s.To)-1])
	}
	if 2*left > total {
		from, to := ends(a)
		found.notef("most spikes are left out: they run from %.6g to %.6g s, the positions from %.6g to %.6g s", from, to, s.From[0], s.To[len(s.To)-1])
	}
	if left > 0 {
		found.factf("%d of %d spikes are left out: no position that counts at their time", left, total)
	}
	return nil
}

// ends are the least and the greatest second of rows of unit and second.
func ends(a *ndarray.Array) (from, to float64) {
	seconds := column(a, 1)
	return slices.Min(seconds), slices.Max(seconds)
}

// addActivity reads a value of each unit in each sample.
func (r *Request) addActivity(s *recording.Session, track track, found *Result) error {
	samples, walks := len(track.X), track.walks
	var names [][]string
	if len(found.only) > 0 { // they may be named among lists
		names = [][]string{found.only}
	}
	a, err := r.activity(names)
	if err != nil {
		return err
	}
	if len(a.Shape) == 3 && walks != nil && !slices.Equal(a.Shape[:2], walks) {
		return fmt.Errorf("%s: has the shape %s, must be [%d, %d, units]: its walks and steps those of %s", r.Activity, a.ShapeText(), walks[0], walks[1], r.Positions)
	}
	shape := a.ShapeText()
	if len(a.Shape) == 3 && walks == nil {
		found.factf("%d walks of %d steps are laid end to end, as the positions must be", a.Shape[0], a.Shape[1])
	}
	if a, err = frames(a); err != nil || len(a.Shape) != 2 || a.Shape[0] != samples || a.Shape[1] == 0 || samples == 0 {
		return fmt.Errorf("%s: has the shape %s, must be [%d, units], or [walks, steps, units], a row for each position of %s", r.Activity, shape, samples, r.Positions)
	}
	found.leftOut = append(found.leftOut, a.LeftOut...)
	all := namesOf(a, a.Shape[1])
	chosen, err := found.choose(r.Activity, all, func(i int) string {
		values := column(a, i)
		switch {
		case a.Names != nil: // then a place has its name
		case isPlace(values, track.X):
			return "is the x of the positions"
		case isPlace(values, track.Y):
			return "is the y of the positions"
		}
		return strangeTo(all[i], values)
	})
	if err != nil {
		return err
	}
	var partly []string
	for _, i := range chosen {
		found.Names = append(found.Names, all[i])
		values := column(a, i)
		counts := areCounts(values)
		missing := s.AddActivity(values, counts, r.smoothing(counts))
		switch {
		case missing == len(s.Frames):
			found.notef("unit %s has no value at all: it is not measured", all[i])
		case missing > 0:
			partly = append(partly, fmt.Sprintf("%s (%.3g %%)", all[i], 100*float64(missing)/float64(len(s.Frames))))
		}
	}
	if len(partly) > 0 {
		found.notef("missing values are left out, of units %s", enumerate(partly))
	}
	return nil
}

// activity reads the file of activity: of a table the columns that --columns names, if they are
// columns.
func (r *Request) activity(names [][]string) (*ndarray.Array, error) {
	s := parseSource(r.Activity)
	if r.Column != "" {
		s.names = []string{r.Column}
	}
	if filepath.Ext(s.path) == ".npz" {
		return s.read([][]string{{"activity"}, {"d"}, {"rates"}, {"spikes"}}...)
	}
	return s.read(names...)
}

// smoothing is the kernel's standard deviation for spikes, or for other activity.
func (r *Request) smoothing(spikes bool) float64 {
	switch {
	case !math.IsNaN(r.SmoothM):
		return r.SmoothM
	case spikes:
		return SpikeSmoothM
	}
	return 0
}

// areCounts reports whether values are whole numbers from 0 on, some of them above 0: counts of
// spikes. NaN is no value.
func areCounts(values []float64) (some bool) {
	for _, v := range values {
		if !finite(v) {
			continue
		}
		if v < 0 || v != math.Trunc(v) {
			return false
		}
		some = some || v > 0
	}
	return some
}

// describe says how much of a recording counts.
func (f *Result) describe(s *recording.Samples, frames int) {
	l := s.LeftOut
	if s.Timed {
		f.factf("%s of positions count, in %.0f %% of the bins; they hold %d of %d samples", duration(s.Duration()), 100*s.Coverage(), len(s.Frames), frames)
	} else {
		f.factf("%d of %d samples count, in %.0f %% of the bins", len(s.Frames), frames, 100*s.Coverage())
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{l.Missing, "with a missing value"}, {l.Outside, "outside the box"}, {l.Jumps, "jumps of the tracking"}, {l.OutOfEpochs, "out of the epochs"}, {l.Speed, "too slow or too fast"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if len(parts) > 0 {
		f.factf("samples left out: %s", strings.Join(parts, ", "))
	}
	if l.Gaps > 0 && s.Timed {
		f.factf("%s without positions, in %d gaps, are left out", duration(l.GapSeconds), l.Gaps)
	}
}

// duration writes seconds as a person would.
func duration(seconds float64) string {
	if seconds < 120 {
		return fmt.Sprintf("%.1f s", seconds)
	}
	return fmt.Sprintf("%.1f min", seconds/60)
}
