package recording

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/gridcell"
)

var nan = math.NaN()

func session(t testing.TB, track Track, a Arena) *Session {
	t.Helper()
	s, err := NewSamples(track, a, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	return NewSession(s)
}

func TestActivityIsTheMeanOverTheSamplesOfABin(t *testing.T) {
	s := session(t, Track{X: []float64{-0.9, -0.6, 0.9, nan, 0.1, 1}, Y: []float64{-0.9, -0.8, 0.9, 0, -0.9, -1}}, Arena{Width: 2, Height: 2, NX: 2, NY: 2}) // the last on the wall
	if len(s.Frames) != 5 || s.LeftOut.Missing != 1 {
		t.Fatalf("%d samples, %+v", len(s.Frames), s.LeftOut)
	}
	// Where a unit has no value it was not recorded; others have theirs.
	if missing := s.AddActivity([]float64{1, 3, 5, 7, nan, 2}, false, 0); missing != 1 {
		t.Errorf("%d samples are missing, want 1", missing)
	}
	s.AddActivity([]float64{10, 20, 0, 7, 1, 4}, true, 0)
	s.AddActivity([]float64{nan, nan, nan, nan, nan, nan}, false, 0.1)
	for u, want := range [][]float64{{2, 2, nan, 5}, {15, 2.5, nan, 0}, {nan, nan, nan, nan}} { // row 0 lowest y
		got := s.Trains[u].Map().Values
		for b, w := range want {
			if g := got[b]; g != w && !(math.IsNaN(g) && math.IsNaN(w)) {
				t.Errorf("unit %d, bin %d: %g, want %g", u, b, g, w)
			}
		}
	}
	if got := s.Trains[1].Spikes; got != 35 {
		t.Errorf("%g spikes, want 35", got)
	}
	if got := s.Trains[0].Seconds(); got != 4 {
		t.Errorf("unit 0 was recorded in %g samples, want 4", got)
	}
}

// Frames at 10 Hz; one is lost, one has no position, one jumps, one is out of the box, and one
// rests.
func TestWhatDoesNotCountIsLeftOutAndCounted(t *testing.T) {
	track := Track{
		Times: []float64{0, 0.1, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9},
		X:     []float64{0, 0.02, 0.04, 0.08, nan, 0.12, -0.4, 0.7, 0.18},
		Y:     make([]float64, 9),
	}
	box := Arena{Width: 1, Height: 1, NX: 10, NY: 10}
	s, err := NewSamples(track, box, Rules{MaxSpeed: 2, MaxOutside: 0.2, MaxJumps: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	if l := s.LeftOut; l.Missing != 1 || l.Outside != 1 || l.Jumps != 1 || l.Gaps != 1 || math.Abs(l.GapSeconds-0.1) > 1e-9 || l.Frames() != 3 {
		t.Errorf("left out %+v", l)
	}
	if !slices.Equal(s.Frames, []int32{0, 1, 2, 3, 5, 8}) || math.Abs(s.Duration()-0.6) > 1e-9 {
		t.Errorf("frames %v for %g s, want six of 0.1 s", s.Frames, s.Duration())
	}
	// Spikes in the lost frame, at the missing position, in the jump and after the end do not
	// count.
	ses := NewSession(s)
	if left := ses.AddSpikes([]float64{0.21, 0.3, 0.5, 0.61, 0.7, 5, nan, -0.04}, 0); left != 5 || ses.Trains[0].Spikes != 3 {
		t.Errorf("%d spikes left out, %g count; want 5 and 3", left, ses.Trains[0].Spikes)
	}

	s, err = NewSamples(track, box, Rules{MaxOutside: 1, Epochs: [][2]float64{{0, 0.15}, {0.4, 0.65}}})
	if err != nil || !slices.Equal(s.Frames, []int32{0, 1, 3, 5}) || s.LeftOut.OutOfEpochs != 3 {
		t.Errorf("epochs: frames %v, %+v, %v", s.Frames, s.LeftOut, err)
	}
}

// An animal that runs at 0.2 m/s for 10 s and then rests for 10 s.
func TestSpeedBoundsRunning(t *testing.T) {
	var track Track
	for i := range 400 {
		track.Times = append(track.Times, float64(i)/20)
		track.X, track.Y = append(track.X, -1+0.2*min(10, float64(i)/20)), append(track.Y, 0.0005*float64(i%2))
	}
	s, err := NewSamples(track, Arena{Width: 3, Height: 3, NX: 3, NY: 3}, Rules{MinSpeed: 0.05, MaxSpeed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if d := s.Duration(); math.Abs(d-10) > SpeedWindow {
		t.Errorf("%g s count, want the 10 s of running", d)
	}
}

// Where 40 % of the frames at x > 0 are lost, the rate there is what it is at x < 0.
func TestLostFramesLeaveRatesAlone(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	track := Track{}
	var spikes []float64
	for i := range 60000 {
		now := float64(i) / 50
		x, y := 0.49*math.Sin(0.61*now), 0.49*math.Sin(0.43*now+1)
		if random.Float64() < 20.0/50 { // 20 spikes a second, lost frames or not
			spikes = append(spikes, now+(random.Float64()-0.5)/50)
		}
		if x > 0 && random.Float64() < 0.4 {
			continue
		}
		track.Times, track.X, track.Y = append(track.Times, now), append(track.X, x), append(track.Y, y)
	}
	s := session(t, track, Arena{Width: 1, Height: 1, NX: 2, NY: 1})
	s.AddSpikes(spikes, 0)
	if m := s.Trains[0].Map().Values; math.Abs(m[0]-20) > 0.6 || math.Abs(m[1]-20) > 0.6 {
		t.Errorf("%.2f and %.2f spikes a second, want 20 on both sides", m[0], m[1])
	}
	if l := s.LeftOut; l.Gaps < 1000 || math.Abs(l.GapSeconds-0.2*1200) > 20 {
		t.Errorf("left out %+v, want about 240 s", l)
	}
}

// Tracking at 25 Hz that was written down at 500 Hz, each place twenty times, has no jumps where the
// next place comes.
func TestAPlaceThatIsRepeatedUntilTheNextIsNoJump(t *testing.T) {
	var track Track
	for i := range 5000 {
		now := float64(i/20) / 25
		track.Times = append(track.Times, float64(i)/500)
		track.X, track.Y = append(track.X, 0.4*math.Sin(now)), append(track.Y, 0.4*math.Cos(0.7*now))
	}
	track.X[2000] = -track.X[2000]
	s, err := NewSamples(track, Arena{Width: 1, Height: 1, NX: 10, NY: 10}, Rules{MaxSpeed: 2, MaxJumps: 0.05})
	if err != nil || s.LeftOut.Jumps != 1 {
		t.Errorf("%v, want one jump only", err)
	}
}

func TestACircleIsNoBox(t *testing.T) {
	a := Arena{Width: 1, Height: 1, NX: 40, NY: 40, Round: true}
	if a.Bin(0.4, 0.4) >= 0 || a.Bin(0.35, 0.35) < 0 || a.Bin(0, 0.5) < 0 {
		t.Error("the circle through the middles of the walls holds (0.35, 0.35) and (0, 0.5), not (0.4, 0.4)")
	}
	if share := float64(a.bins()) / 1600; math.Abs(share-math.Pi/4) > 0.01 {
		t.Errorf("%.3f of the bins, want pi/4", share)
	}
}

// walk is a smooth random walk of a rat, at 50 Hz, that turns away from the walls of a box.
func walk(seconds float64, box float64, random *rand.Rand) (t Track) {
	x, y, heading := 0.0, 0.0, 0.0
	for i := range int(50 * seconds) {
		t.Times, t.X, t.Y = append(t.Times, float64(i)/50), append(t.X, x), append(t.Y, y)
		heading += 0.15 * random.NormFloat64()
		nx, ny := x+0.006*math.Cos(heading), y+0.006*math.Sin(heading)
		if max(math.Abs(nx), math.Abs(ny)) > box/2 {
			heading = math.Atan2(-y, -x) + random.NormFloat64()
			continue
		}
		x, y = nx, ny
	}
	return t
}

// Ten minutes of a rat: grid cells are told from Poisson neurons of the same rate and from an
// interneuron, and their lattice is found.
func TestGridCellsStandOutFromTheirShuffles(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	track := walk(600, 1, random)
	s := session(t, track, Arena{Width: 1, Height: 1, NX: 40, NY: 40})
	waves := gridcell.IdealHexagonal(0.35, 20).WaveVectors()
	const grids, others, shuffles = 6, 4, 40
	for u := range grids + others {
		var spikes []float64
		for i, now := range track.Times {
			rate := 2.0
			switch {
			case u < grids:
				sum := 0.0
				for _, k := range waves {
					sum += math.Cos(k[0]*(track.X[i]-0.1*float64(u)) + k[1]*track.Y[i])
				}
				rate = 8 * math.Pow(max(0, sum+1.5)/4.5, 2)
			case u == grids+others-1:
				rate = 40
			}
			if random.Float64() < rate/50 {
				spikes = append(spikes, now)
			}
		}
		s.AddSpikes(spikes, 0.03)
	}
	var maps []gridcell.Map
	for _, tr := range s.Trains {
		maps = append(maps, tr.Map())
	}
	o := gridcell.StandardOptions()
	a, err := gridcell.Analyze(t.Context(), maps, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Modules) != 1 || math.Abs(a.Modules[0].PeriodM/0.35-1) > 0.03 || gridcell.OrientationDifference(a.Modules[0].OrientationDeg, 20) > 2 {
		t.Errorf("modules %+v, want one of 0.35 m at 20 degrees", a.Modules)
	}
	shuffled, err := s.Shuffle(t.Context(), shuffles, 1, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for u, sh := range shuffled {
		above := 0
		own := s.Trains[u].Tuning(maps[u])
		for k := range sh.Score {
			if sh.Score[k] >= a.Units[u].Expanding && sh.Tuning[k] >= own {
				above++
			}
		}
		if u < grids && above > 0 {
			t.Errorf("grid cell %d: %d of %d shuffles are as good", u, above, shuffles)
		}
		if m := gridcell.Median(sh.Score); math.Abs(m) > 0.25 {
			t.Errorf("unit %d: the median score of its shuffles is %.2f, want about 0", u, m)
		}
	}
	for u := range grids {
		if first, second := s.Trains[u].Halves(); gridcell.Correlation(first, second) < 0.5 {
			t.Errorf("grid cell %d: the maps of the halves correlate with %.2f", u, gridcell.Correlation(first, second))
		}
	}
	again, err := s.Shuffle(t.Context(), shuffles, 1, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for u := range shuffled {
		for k, v := range shuffled[u].Score {
			if w := again[u].Score[k]; v != w && !(math.IsNaN(v) && math.IsNaN(w)) {
				t.Fatalf("unit %d, shuffle %d: %g on two threads, %g on one", u, k, v, w)
			}
		}
	}
}

// A roll keeps every spike and its distance from the next, whatever the gaps.
func TestARollKeepsAllSpikes(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	track := walk(120, 1, random)
	track.Times = append(track.Times[:1000:1000], track.Times[2500:]...)
	track.X, track.Y = append(track.X[:1000:1000], track.X[2500:]...), append(track.Y[:1000:1000], track.Y[2500:]...)
	s := session(t, track, Arena{Width: 1, Height: 1, NX: 10, NY: 10})
	var spikes []float64
	for range 500 {
		spikes = append(spikes, 120*random.Float64())
	}
	s.AddSpikes(spikes, 0)
	w := newWork(s.Arena)
	for range 50 {
		w.rolled(s.Trains[0], random)
		sum := 0.0
		for _, v := range w.sums {
			sum += v
		}
		if sum != s.Trains[0].Spikes {
			t.Fatalf("a roll has %g spikes, want %g", sum, s.Trains[0].Spikes)
		}
	}
}

func TestTracksThatCannotBeMeantAreRefusedInOneLine(t *testing.T) {
	box := Arena{Width: 1, Height: 1, NX: 10, NY: 10}
	some := func(scale, shift float64) (x []float64) {
		for i := range 100 {
			x = append(x, scale*(float64(i)/99-0.5)+shift)
		}
		return x
	}
	times := func(step float64) (t []float64) {
		for i := range 100 {
			t = append(t, step*float64(i))
		}
		return t
	}
	for want, c := range map[string]struct {
		track Track
		arena Arena
		rules Rules
	}{
		"arena of 0 x 1 m":                           {Track{X: some(1, 0), Y: some(1, 0)}, Arena{Height: 1, NX: 2, NY: 2}, Rules{}},
		"0 x 2 bins":                                 {Track{X: some(1, 0), Y: some(1, 0)}, Arena{Width: 1, Height: 1, NY: 2}, Rules{}},
		"3 times, 100 and 100 coordinates":           {Track{Times: []float64{1, 2, 3}, X: some(1, 0), Y: some(1, 0)}, box, Rules{}},
		"is that of time 0 again: times must ascend": {Track{Times: []float64{1, 1}, X: []float64{0, 0}, Y: []float64{0, 0}}, box, Rules{}},
		"has no finite time":                         {Track{Times: []float64{nan}, X: []float64{0}, Y: []float64{0}}, box, Rules{}},
		"say --origin corner":                        {Track{X: some(1, 0.5), Y: some(1, 0.5)}, box, Rules{MaxOutside: 0.05}},
		"say --unit cm":                              {Track{X: some(100, 0), Y: some(100, 0)}, box, Rules{MaxOutside: 0.05}},
		"say --unit cm --origin corner":              {Track{X: some(100, 50), Y: some(100, 50)}, box, Rules{MaxOutside: 0.05}},
		"must be metres from its centre":             {Track{X: some(7, 9), Y: some(1, 0)}, box, Rules{MaxOutside: 0.05}},
		"are reached at more than 2 m/s":             {Track{Times: times(0.001), X: some(1, 0), Y: some(1, 0)}, box, Rules{MaxSpeed: 2, MaxJumps: 0.05}},
		"none of 100 frames counts (100 missing":     {Track{X: make([]float64, 100), Y: slices.Repeat([]float64{nan}, 100)}, box, Rules{}},
	} {
		if s, err := NewSamples(c.track, c.arena, c.rules); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, %v; want one line with %q", s, err, want)
		}
	}
}
