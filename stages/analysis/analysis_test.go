package analysis

import (
	"archive/zip"
	"bytes"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/manifold"
	"sicgrid/pkg/ndarray"
	"sicgrid/stages/spectra/spectratable"
)

// save writes a file under a folder of the test.
func save(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func npy(t *testing.T, values []float64, shape ...int) string {
	return named(t, "a.npy", values, shape...)
}

func named(t *testing.T, name string, values []float64, shape ...int) string {
	return save(t, name, ndarray.Npy(shape, values))
}

// npz is an archive of arrays of one axis, or of the shapes given.
func npz(t *testing.T, arrays map[string][]float64, shapes map[string][]int) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for key, values := range arrays {
		shape := shapes[key]
		if shape == nil {
			shape = []int{len(values)}
		}
		w, err := z.Create(key + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(ndarray.Npy(shape, values)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return save(t, "a.npz", b.Bytes())
}

// none is no smoothing in a request, in which 0 stands for the default.
const none = -1

// run measures, at a request of sensible defaults.
func run(t *testing.T, r Request) *Result {
	t.Helper()
	f, err := try(t, r)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func try(t *testing.T, r Request) (*Result, error) {
	if r.Bins == 0 {
		r.Bins = 40
	}
	switch r.SmoothM {
	case 0:
		r.SmoothM = math.NaN()
	case none:
		r.SmoothM = 0
	}
	r.Threads = 2
	return Run(t.Context(), r)
}

const period, orientation = 0.4, 12

var waves = gridcell.IdealHexagonal(period, orientation).WaveVectors()

// rate is that of an ideal cell, from 0 to 1.
func rate(x, y, phase float64) float64 {
	sum := 1.5
	for _, k := range waves {
		sum += math.Cos(k[0]*(x-phase) + k[1]*y)
	}
	return sum / 4.5
}

// places are everywhere in a box of 1.5 m.
func places(n int, random *rand.Rand) (xy []float64) {
	for range 2 * n {
		xy = append(xy, 1.5*(random.Float64()-0.5))
	}
	return xy
}

// isModule reports whether a module is the lattice of rate.
func isModule(f *Result, units int) bool {
	return len(f.Modules) == 1 && int(f.Modules[0].N) == units && math.Abs(f.Modules[0].Period/period-1) < 0.02 &&
		gridcell.OrientationDifference(f.Modules[0].Orientation, orientation) < 1.5
}

type mixed struct {
	Time  float64 `parquet:"time"`
	Area  string  `parquet:"area"`
	U0    float32 `parquet:"u0"`
	U1    int64   `parquet:"u1"`
	U2    int8    `parquet:"u2"`
	U3    float64 `parquet:"u3"`
	U4    bool    `parquet:"u4"`
	Speed float32 `parquet:"speed"`
}

type xy struct {
	X float32 `parquet:"x"`
	Y float32 `parquet:"y"`
}

// Five units of a table, of four types of number, are all measured under their names; its clock, a
// speed and a text are no units.
func TestATableOfMixedTypesHasAllItsUnits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	p := places(12000, random)
	var table []mixed
	var track []xy
	for i := 0; i < len(p); i += 2 {
		r := func(u float64) float64 { return rate(p[i], p[i+1], 0.05*u) }
		table = append(table, mixed{Time: 0.02 * float64(i), U0: float32(r(0)), U1: int64(100 * r(1)), U2: int8(9.99 * r(2)), U3: r(3), U4: random.Float64() < r(4), Speed: random.Float32()})
		track = append(track, xy{float32(p[i]), float32(p[i+1])})
	}
	write := func(name string, do func(path string) error) string {
		path := filepath.Join(t.TempDir(), name)
		if err := do(path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	positions := write("p.parquet", func(path string) error { return parquet.WriteFile(path, track) })
	activity := write("a.parquet", func(path string) error { return parquet.WriteFile(path, table) })
	f := run(t, Request{Positions: positions, Activity: activity, BoxX: 1.5})
	if !slices.Equal(f.Names, []string{"u0", "u1", "u2", "u3", "u4"}) || !isModule(f, 5) {
		t.Errorf("units %v, modules %+v", f.Names, f.Modules)
	}
	if s := f.Summary(); !strings.Contains(s, "left out: area (text), time (by its name no unit), speed (by its name no unit)") {
		t.Errorf("it is not said what was left out:\n%s", s)
	}
	if f = run(t, Request{Positions: positions, Activity: activity, BoxX: 1.5, Columns: []string{"u3", "time"}}); !slices.Equal(f.Names, []string{"u3", "time"}) {
		t.Errorf("--columns u3,time gives %v", f.Names)
	}
	if f = run(t, Request{Positions: positions, Activity: activity, BoxX: 1.5, Without: []string{"u0", "u4"}}); !slices.Equal(f.Names, []string{"u1", "u2", "u3"}) {
		t.Errorf("--without u0,u4 gives %v", f.Names)
	}
	if _, err := try(t, Request{Positions: positions, Activity: activity, BoxX: 1.5, Columns: []string{"u9"}}); err == nil || !strings.Contains(err.Error(), `has no column "u9" of numbers, must be one of time, u0`) {
		t.Errorf("--columns u9: %v", err)
	}
	if _, err := try(t, Request{Positions: activity, Activity: activity, BoxX: 1.5}); err == nil || !strings.Contains(err.Error(), `has no column "x" of numbers`) || !strings.Contains(err.Error(), ":x,y") {
		t.Errorf("a table without places: %v", err)
	}
	// An increasing column is a clock whatever its name, and columns may be chosen by the source.
	if f = run(t, Request{Positions: positions + ":x,y", Activity: activity + ":u0,u3", BoxX: 1.5}); !slices.Equal(f.Names, []string{"u0", "u3"}) {
		t.Errorf("columns of the source: %v", f.Names)
	}
}

// What one unit lacks leaves the others as they are: all its values, a stretch of them, or
// scattered ones.
func TestAUnitWithMissingValuesLeavesTheOthersAlone(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const samples, units = 12000, 7
	p := places(samples, random)
	var activity []float64
	for i := range samples {
		for u := range units {
			r := rate(p[2*i], p[2*i+1], 0.05*float64(u))
			if u == 4 || u == 5 && i < samples/3 || u == 6 && random.Float64() < 0.1 {
				r = math.NaN()
			}
			activity = append(activity, r)
		}
	}
	f := run(t, Request{Positions: npy(t, p, samples, 2), Activity: npy(t, activity, samples, units), BoxX: 1.5})
	if !isModule(f, units-1) {
		t.Errorf("modules %+v, want one of all units but one", f.Modules)
	}
	if f.Units[4].Active || f.Units[5].Seconds != samples*2/3 || f.Units[0].Seconds != samples {
		t.Errorf("%+v", f.Units[4:6])
	}
	if s := f.Summary(); !strings.Contains(s, "unit 4 has no value at all: it is not measured") || !strings.Contains(s, "of units 5 (33.3 %), 6 (") {
		t.Errorf("units without values are not named:\n%s", s)
	}
}

// walked is a rat's ten minutes at 50 Hz in a box of a metre, as it is recorded, and the spikes of
// 9 grid cells, 5 Poisson neurons and 2 interneurons.
func walked() (times, positions, spikes []float64) {
	random := rand.New(rand.NewPCG(5, 6))
	x, y, heading := 0.0, 0.0, 0.0
	for i := range 30000 {
		now := float64(i) / 50
		heading += 0.15 * random.NormFloat64()
		nx, ny := x+0.006*math.Cos(heading), y+0.006*math.Sin(heading)
		if max(math.Abs(nx), math.Abs(ny)) > 0.5 {
			heading = math.Atan2(-y, -x) + random.NormFloat64()
			nx, ny = x, y
		}
		x, y = nx, ny
		for u := range 16 {
			r := 2.0
			switch {
			case u < 9:
				r = 9 * math.Pow(max(0, rate(x, y, 0.07*float64(u))), 2)
			case u >= 14:
				r = 40
			}
			for k := random.Float64(); k < r/50; k++ { // at most one
				spikes = append(spikes, float64(u), now+(random.Float64()-0.5)/50)
			}
		}
		if x > 0 && random.Float64() < 0.4 {
			continue // the frame is lost
		}
		px, py := x, y
		switch v := random.Float64(); {
		case v < 0.001:
			px = math.NaN()
		case v < 0.003:
			px = 0.502
		case v < 0.0032:
			px, py = 1.7, 1.7
		}
		times, positions = append(times, now), append(positions, px, py)
	}
	return times, positions, spikes
}

func TestARecordingIsMeasuredAsItIsRecorded(t *testing.T) {
	times, positions, spikes := walked()
	n := len(times)
	r := Request{Times: npy(t, times, n), Positions: npy(t, positions, n, 2), Spikes: npy(t, spikes, len(spikes)/2, 2), BoxX: 1, Shuffles: 60, Seed: 1}
	f := run(t, r)
	if !isModule(f, 9) {
		t.Errorf("modules %+v, want one of the 9 grid cells", f.Modules)
	}
	untuned := 0
	for i, u := range f.Units {
		switch significant := u.GridP <= 0.05; {
		case i < 9 && (!significant || u.ScoreP > 0.05 || u.Information < u.Info95 || u.Stability < 0.5):
			t.Errorf("grid cell %d: %+v", i, u)
		case i >= 9 && i < 14 && significant:
			untuned++
		case i >= 14 && significant:
			t.Errorf("interneuron %d is a grid cell: %+v", i, u)
		}
		if want := 2.0; i >= 9 && i < 14 && math.Abs(u.Rate/want-1) > 0.1 || i >= 14 && math.Abs(u.Rate/40-1) > 0.03 {
			t.Errorf("unit %d fires %.2f spikes a second", i, u.Rate)
		}
		if m := f.Maps[i]; i >= 14 && math.Abs(meanOf(m, 0)/meanOf(m, 1)-1) > 0.05 {
			t.Errorf("interneuron %d: %.2f and %.2f spikes a second in the two halves of the box", i, meanOf(m, 0), meanOf(m, 1))
		}
	}
	if untuned > 1 {
		t.Errorf("%d of 5 Poisson neurons are grid cells", untuned)
	}
	for _, want := range []string{"16 units", "module 0: 9 units, period 0.399 m (", "9 units are grid cells at p of 0.05 or less by 60 shuffles: 0, 1, 2, 3, 4, 5, 6, 7, 8\n",
		"with a missing value", "outside the box", "without positions, in ", "spikes are left out"} {
		if !strings.Contains(f.Summary(), want) {
			t.Errorf("it does not say %q:\n%s", want, f.Summary())
		}
	}
	svg, picture, err := f.Draw()
	if err != nil || !bytes.Contains(svg, []byte("module 0: 9 units")) || !bytes.Contains(svg, []byte("of 60 shuffles")) {
		t.Errorf("the picture lacks the module or the shuffles: %v", err)
	}
	if size, err := png.DecodeConfig(bytes.NewReader(picture)); err != nil || size.Width < 1000 {
		t.Errorf("%+v, %v", size, err)
	}
	if rows := f.Fields(); len(rows) < 30 || rows[0].Peak <= 0 || len(f.Ratemaps()) != 16 {
		t.Errorf("%d fields, %d maps", len(rows), len(f.Ratemaps()))
	}

	// The same in centimetres from a corner, as pynapple saves it, one half of the time, while it
	// runs.
	r.Shuffles, r.Centimetres, r.Corner, r.Times = 0, true, true, ""
	var d, units, seconds []float64
	for _, v := range positions {
		d = append(d, 100*(v+0.5))
	}
	for i := 0; i < len(spikes); i += 2 {
		units, seconds = append(units, spikes[i]+20), append(seconds, spikes[i+1])
	}
	r.Positions = npz(t, map[string][]float64{"t": times, "d": d}, map[string][]int{"d": {n, 2}})
	r.Spikes = npz(t, map[string][]float64{"index": units, "t": seconds, "start": {0}, "end": {600}}, nil)
	r.Epochs, r.Speed = "0:200,300:500", [2]float64{0.05, 1}
	f = run(t, r)
	if !isModule(f, 9) || f.Names[0] != "20" || f.Units[0].Seconds > 400 || !strings.Contains(f.Summary(), "out of the epochs") {
		t.Errorf("from pynapple: %v, modules %+v\n%s", f.Names, f.Modules, f.Summary())
	}
	r.Epochs = npz(t, map[string][]float64{"start": {0, 300}, "end": {200, 500}}, nil)
	if again := run(t, r); again.Units[0].Spikes != f.Units[0].Spikes {
		t.Errorf("epochs of a file: %g spikes, want %g", again.Units[0].Spikes, f.Units[0].Spikes)
	}
}

// Ten minutes of spikes in fine bins that are not smoothed are noise, of which no period is read.
func TestMapsOfNoiseHaveNoPeriod(t *testing.T) {
	times, positions, spikes := walked()
	n := len(times)
	r := Request{Times: npy(t, times, n), Positions: npy(t, positions, n, 2), Spikes: npy(t, spikes, len(spikes)/2, 2), BoxX: 1, Bins: 60, SmoothM: none}
	f := run(t, r)
	for i, u := range f.Units {
		if u.SmoothM != 0 || u.Module >= 0 || !math.IsNaN(u.Period) || u.NoPeriod == "" {
			t.Errorf("unit %d: %+v", i, u)
		}
	}
	if s := f.Summary(); !strings.Contains(s, "no period is read from them: give --smooth, 0.03 say") {
		t.Errorf("it is not said:\n%s", s)
	}
}

// meanOf is the mean rate of the left or right half of a map.
func meanOf(m gridcell.Map, half int) float64 {
	sum, n := 0.0, 0.0
	for b, v := range m.Values {
		if b%m.NX/(m.NX/2) == half && !math.IsNaN(v) {
			sum, n = sum+v, n+1
		}
	}
	return sum / n
}

// Walks of a model come as [walks, steps, ...].
func TestWalksAreLaidEndToEnd(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	const walks, steps, units = 60, 200, 6
	p := places(walks*steps, random)
	var activity []float64
	for i := range walks * steps {
		for u := range units {
			activity = append(activity, rate(p[2*i], p[2*i+1], 0.05*float64(u)))
		}
	}
	f := run(t, Request{Positions: npy(t, p, walks, steps, 2), Activity: npy(t, activity, walks, steps, units), BoxX: 1.5, BoxY: 1.5})
	if !isModule(f, units) {
		t.Errorf("modules %+v", f.Modules)
	}
	// As many values in other axes are those of other moments.
	for want, shape := range map[string][]int{
		"has the shape [200, 60, 6], must be [60, 200, units]: its walks and steps those of": {steps, walks, units},
		"has the shape [60, 6, 200], must be [60, 200, units]":                               {walks, units, steps},
	} {
		if _, err := try(t, Request{Positions: npy(t, p, walks, steps, 2), Activity: npy(t, activity, shape...), BoxX: 1.5}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("activity of shape %v: %v, want %q", shape, err, want)
		}
	}
	f = run(t, Request{Maps: npz(t, map[string][]float64{"maps": f.Maps[0].Values, "box": {1.5}}, map[string][]int{"maps": {1, 40, 40}}), BoxX: 1.5})
	if math.Abs(f.Units[0].Period/period-1) > 0.01 {
		t.Errorf("the map of an archive: %+v", f.Units[0])
	}
}

// Activity that falls below 0, as of units with tanh or of fluorescence, has no bits a spike. Its
// shuffles are told from it all the same: grid cells are found, and noise is not.
func TestSignedActivityIsComparedWithItsShuffles(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	_, positions, _ := walked()
	n, units := len(positions)/2, 9
	times := make([]float64, n)
	var activity []float64
	for i := range n {
		times[i] = float64(i) / 40
		x, y := positions[2*i], positions[2*i+1]
		for u := range units {
			v := 0.3 * random.NormFloat64()
			if u < 6 {
				v += 2*rate(x, y, 0.05*float64(u)) - 1
			}
			activity = append(activity, v)
		}
	}
	f := run(t, Request{Times: npy(t, times, n), Positions: npy(t, positions, n, 2), Activity: npy(t, activity, n, units), BoxX: 1, Shuffles: 40, Seed: 1, Speed: [2]float64{0, 100}})
	if !isModule(f, 6) {
		t.Errorf("modules %+v, want one of the 6 grid cells", f.Modules)
	}
	for i, u := range f.Units {
		if (i < 6) != (u.GridP <= level) || math.IsNaN(u.InfoP) || !math.IsNaN(u.Information) || !math.IsNaN(u.Info95) {
			t.Errorf("unit %d: %+v", i, u)
		}
	}
	if s := f.Summary(); !strings.Contains(s, "the activity of 9 units falls below 0") {
		t.Errorf("it is not said:\n%s", s)
	}
}

// Positions in a disc, and a box of unequal sides.
func TestArenasOfOtherShapes(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	const samples, units = 15000, 6
	make := func(inside func(x, y float64) bool) (p, a []float64) {
		for len(p) < 2*samples {
			x, y := 1.5*(random.Float64()-0.5), 1.5*(random.Float64()-0.5)
			if !inside(x, y) {
				continue
			}
			p = append(p, x, y)
			for u := range units {
				a = append(a, rate(x, y, 0.05*float64(u)))
			}
		}
		return p, a
	}
	p, a := make(func(x, y float64) bool { return math.Hypot(x, y) < 0.75 })
	f := run(t, Request{Positions: npy(t, p, samples, 2), Activity: npy(t, a, samples, units), BoxX: 1.5, Round: true})
	if !isModule(f, units) || !strings.Contains(f.Summary(), "in 100 % of the bins") && !strings.Contains(f.Summary(), "in 99 %") {
		t.Errorf("a disc: modules %+v\n%s", f.Modules, f.Summary())
	}
	p, a = make(func(_, y float64) bool { return math.Abs(y) < 0.5 })
	f = run(t, Request{Positions: npy(t, p, samples, 2), Activity: npy(t, a, samples, units), BoxX: 1.5, BoxY: 1})
	if !isModule(f, units) || f.Maps[0].NX != 40 || f.Maps[0].NY != 27 {
		t.Errorf("a box of 1.5 x 1 m: %d x %d bins, modules %+v", f.Maps[0].NX, f.Maps[0].NY, f.Modules)
	}
}

func TestWhatCannotBeMeasuredIsRefusedInOneLine(t *testing.T) {
	line := make([]float64, 100)
	for i := range line {
		line[i] = float64(i) / 50
	}
	p, times := npy(t, make([]float64, 200), 100, 2), npy(t, line, 100)
	pairs := npy(t, []float64{0, 0.5, 1, 0.7}, 2, 2)
	for want, r := range map[string]Request{
		"must be [samples, 2]":                                                         {Positions: times, Activity: p},
		"must be [100, units]":                                                         {Positions: p, Activity: pairs},
		"--times must be given with --spikes":                                          {Positions: p, Spikes: pairs},
		"must be one time for each of the 100 positions":                               {Positions: p, Spikes: pairs, Times: pairs},
		"the first column must hold the numbers of units":                              {Positions: p, Times: times, Spikes: npy(t, []float64{0.5, 1, 0.7, 2}, 2, 2)},
		"must be seconds of the same clock":                                            {Positions: p, Times: times, Spikes: npy(t, []float64{0, 1000, 1, 2000}, 2, 2)},
		"those of all units one below the other":                                       {Positions: p, Times: times, Spikes: npz(t, map[string][]float64{"unit0": line, "unit1": line}, nil)},
		"must be [spikes, 2], rows of unit and second":                                 {Positions: p, Times: times, Spikes: times},
		"times.npy: time 1, 0 s, is that of time 0 again: times must ascend, keep one": {Positions: p, Times: named(t, "times.npy", make([]float64, 100), 100), Spikes: pairs},
		"back.npy: time 50, 0.5 s, comes before time 49, 0.98 s: times must ascend":    {Positions: p, Times: named(t, "back.npy", append(slices.Clone(line[:50]), line[25:75]...), 100), Spikes: pairs},
		"must be START:END in seconds":                                                 {Positions: p, Times: times, Spikes: pairs, Epochs: "0-300"},
		"ends before it begins":                                                        {Positions: p, Times: times, Spikes: pairs, Epochs: "3:1"},
		"--speed and --epochs need --times":                                            {Positions: p, Activity: p, Epochs: "0:1"},
		"has no unit: left out 0 (increases from row":                                  {Positions: p, Activity: npy(t, line, 100, 1)},
		"frames are 1e+03 s apart":                                                     {Positions: p, Times: npy(t, scaled(line, 50000), 100), Spikes: npy(t, []float64{0, 1000}, 1, 2)},
	} {
		r.BoxX = 1
		if _, err := try(t, r); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, want)
		}
	}
}

func scaled(values []float64, by float64) (out []float64) {
	for _, v := range values {
		out = append(out, v*by)
	}
	return out
}

func TestColumnsThatAreNoUnits(t *testing.T) {
	for name, want := range map[string]bool{
		"time": true, "Time_s": true, "timestamps": true, "t": true, "x": true, "Y": true, "pos_x": true, "x_pos": true, "head_direction": true, "speed": true, "x_cm": true,
		"frame": true, "index": true, "Unnamed: 0": true, "position_y": true, "x (m)": true,
		"u0": false, "unit_3": false, "cell": false, "17": false, "tetrode1": false, "texas": false, "time_cell": false, "xenon": false, "n12": false, "grid": false,
	} {
		if got := noUnit.MatchString(name); got != want {
			t.Errorf("%s is no unit: %t, want %t", name, got, want)
		}
	}
}

// Columns without names are known by what they hold: the clock, the number of the trial, and the
// positions themselves, in whatever unit.
func TestColumnsWithoutNamesAreKnownByTheirValues(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	const samples = 6000
	p := places(samples, random)
	var activity []float64
	for i := range samples {
		x, y, hidden := p[2*i], p[2*i+1], 0.0
		if i == 17 {
			x, hidden = math.NaN(), math.NaN()
		}
		activity = append(activity, float64(i)+hidden, float64(i/2000), 100*(x+0.75), 0.75-float64(float32(y)))
		for u := range 5 {
			activity = append(activity, rate(p[2*i], y, 0.05*float64(u)))
		}
		activity = append(activity, 0)
	}
	r := Request{Positions: npy(t, p, samples, 2), Activity: npy(t, activity, samples, 10), BoxX: 1.5}
	f := run(t, r)
	if !slices.Equal(f.Names, []string{"4", "5", "6", "7", "8", "9"}) || !isModule(f, 5) {
		t.Errorf("units %v, modules %+v", f.Names, f.Modules)
	}
	want := "left out: 0 (increases from row to row, as time does), 1 (counts up by ones, as the number of a trial does), 2 (is the x of the positions), 3 (is the y of the positions)"
	if s := f.Summary(); !strings.Contains(s, want) {
		t.Errorf("it does not say %q:\n%s", want, s)
	}
	r.Columns = []string{"1", "3"}
	if f = run(t, r); !slices.Equal(f.Names, r.Columns) {
		t.Errorf("--columns 1,3 gives %v", f.Names)
	}
}

// Of a cloud of states a clock, a unit without values and moments with missing ones are left out and
// named: the clock would be the longest axis by far, and any shape a line.
func TestStatesWithoutTheirClockHaveTheirShape(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	const states = 1500
	nan := math.NaN()
	var values []float64
	angle := 0.0
	for i := range states {
		angle += 0.3 * random.NormFloat64()
		a, b := math.Sincos(angle)
		row := []float64{0.05 * float64(i), a, nan, b, float64(i / 300), 0.1 * random.NormFloat64()}
		if i%100 == 7 {
			row[1] = nan
		}
		values = append(values, row...)
	}
	o := manifold.StandardTopology()
	o.Controls = 5
	r := StatesRequest{File: npy(t, values, states, 6), Topology: o}
	c, err := States(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if row := c.Row; row.States != 1485 || row.Units != 3 || row.Betti1 != 1 || row.Betti2 != 0 {
		t.Errorf("a ring: %s", c.Summary())
	}
	for _, want := range []string{"left out: 0 (increases from row to row, as time does), 2 (has no value at all), 4 (counts up by ones", "15 of 1500 states lack the value of a unit and are left out"} {
		if !strings.Contains(c.Summary(), want) {
			t.Errorf("it does not say %q:\n%s", want, c.Summary())
		}
	}
	r.Columns = []string{"1", "3"}
	if c, err = States(t.Context(), r); err != nil || c.Row.Units != 2 || c.Row.Betti1 != 1 {
		t.Errorf("--columns 1,3: %+v, %v", c, err)
	}
	r.Columns = []string{"2"}
	if _, err = States(t.Context(), r); err == nil || !strings.Contains(err.Error(), "0 of 1500 states have a value of every unit, need at least two") {
		t.Errorf("a column without values: %v", err)
	}
	r = StatesRequest{File: npy(t, values[:120], 4, 30), Topology: o}
	r.Without = []string{"2", "8", "14", "20", "26"}
	if c, err = States(t.Context(), r); err != nil || !strings.Contains(c.Summary(), "more units than states") {
		t.Errorf("units in the place of states: %v, %v", c, err)
	}
}

func remarked(units ...spectratable.Unit) []string {
	f := &Result{}
	for _, u := range units {
		f.Units = append(f.Units, Unit{Unit: u})
	}
	return f.Remarks()
}

func TestWhatIsOddOfUnitsIsRemarked(t *testing.T) {
	got := remarked(
		spectratable.Unit{Active: true, Modulation: 1, Superlattice: 7}, spectratable.Unit{Active: true, Modulation: 0.3, Superlattice: 1},
		spectratable.Unit{NoPeriod: string(gridcell.Flat)}, spectratable.Unit{NoPeriod: string(gridcell.TooCoarse)}, spectratable.Unit{NoPeriod: string(gridcell.Flat)},
	)
	want := []string{
		"1 unit without a period: fewer than 3 bins a period", "2 units without a period: the same rate everywhere",
		"the fields of 1 unit alternate: a superlattice of √7 periods",
		"the rate of 1 active unit stays above half its peak: see the column modulation",
	}
	if !slices.Equal(got, want) {
		t.Errorf("remarks %q, want %q", got, want)
	}
	f := &Result{Units: []Unit{{Lattices: "two"}, {Lattices: "two", Unit: spectratable.Unit{NoPeriod: string(gridcell.SumOfTwo)}}}}
	want = []string{"1 unit without a period: the map is the sum of two lattices", "the maps of 1 unit hold a second, weaker lattice: see the column lattices"}
	if got := f.Remarks(); !slices.Equal(got, want) {
		t.Errorf("remarks %q on sums of two lattices, want %q", got, want)
	}
	if got := remarked(spectratable.Unit{Active: true, Modulation: 1, Superlattice: 1}); len(got) != 0 {
		t.Errorf("remarks %q on a plain grid cell", got)
	}
}

// Maps too large for the memory are refused with what would fit, and those that fit on fewer threads
// are measured on these.
func TestLargeMapsAreMeasuredWithinTheMemory(t *testing.T) {
	maps := []gridcell.Map{{NX: 1024, NY: 1024, BoxM: 2}, {NX: 1024, NY: 1024, BoxM: 2}}
	one, two := gridcell.AnalysisMemory(1024, 1024, 2, 1), gridcell.AnalysisMemory(1024, 1024, 2, 2)
	for left, want := range map[int64]int{0: 2, two: 2, two - 1: 1, one: 1} {
		r := Request{Maps: "m.npy", Threads: 2, MemoryLeft: left}
		if threads, err := r.threadsFor(maps); err != nil || threads != want {
			t.Errorf("%d bytes left: %d threads, %v; want %d", left, threads, err, want)
		}
	}
	r := Request{Maps: "m.npy", Threads: 2, MemoryLeft: one / 3}
	_, err := r.threadsFor(maps)
	if err == nil || !strings.Contains(err.Error(), "m.npy: maps of 1024 x 1024 bins") || !strings.Contains(err.Error(), "2 times as long (512 x 512)") {
		t.Errorf("a third of the memory: %v, want a refusal that says what would fit", err)
	}
	if need := gridcell.AnalysisMemory(512, 512, 2, 1); need > r.MemoryLeft {
		t.Errorf("what is said to fit needs %d of %d bytes", need, r.MemoryLeft)
	}
}

// What is no fault of the files but makes numbers of little worth is said: units of few spikes, which
// have no period, tracking that was held still, and spikes of another time.
func TestWhatMakesARecordingDoubtfulIsSaid(t *testing.T) {
	times, positions, all := walked()
	n := len(times)
	var spikes []float64
	for i, few := 0, 0; i < len(all); i += 2 {
		switch {
		case all[i] > 2:
			continue
		case all[i] == 0:
			if few++; few > fewSpikes-10 { // some of them fall into gaps
				continue
			}
		}
		spikes = append(spikes, all[i], all[i+1])
	}
	r := Request{Times: npy(t, times, n), Positions: npy(t, positions, n, 2), Spikes: npy(t, spikes, len(spikes)/2, 2), BoxX: 1}
	f := run(t, r)
	if u := f.Units[0]; !math.IsNaN(u.Period) || u.NoPeriod != tooFew || math.IsNaN(f.Units[1].Period) {
		t.Errorf("%g spikes: %+v; and of %g: %+v", u.Spikes, u, f.Units[1].Spikes, f.Units[1])
	}
	if s := f.Summary(); strings.Contains(s, "exactly still") || strings.Contains(s, "most spikes") {
		t.Errorf("nothing is wrong with the tracking:\n%s", s)
	}

	from := n / 2
	for i := from; i < from+1500; i++ {
		positions[2*i], positions[2*i+1] = positions[2*from], positions[2*from+1]
	}
	late := make([]float64, 0, 5*len(spikes))
	for range 4 {
		for i := 0; i < len(spikes); i += 2 {
			late = append(late, spikes[i], 1000*spikes[i+1]+700)
		}
	}
	late = append(late, spikes...)
	r.Positions, r.Spikes = npy(t, positions, n, 2), npy(t, late, len(late)/2, 2)
	s := run(t, r).Summary()
	for _, want := range []string{"positions stand exactly still for 3", "if the tracking was lost there, give NaN", "most spikes are left out: they run from"} {
		if !strings.Contains(s, want) {
			t.Errorf("it does not say %q:\n%s", want, s)
		}
	}
}

// A kernel of a quarter of the period, which leaves a fifth of a lattice, makes no period longer.
func TestPeriodsAreWithoutTheirSmoothing(t *testing.T) {
	random := rand.New(rand.NewPCG(19, 20))
	const samples, units = 15000, 8
	p, phases := places(samples, random), places(units, random)
	var activity []float64
	for i := range samples {
		for u := range units {
			activity = append(activity, rate(p[2*i]-phases[2*u], p[2*i+1]-phases[2*u+1], 0))
		}
	}
	r := Request{Positions: npy(t, p, samples, 2), Activity: npy(t, activity, samples, units), BoxX: 1.5, SmoothM: 0.1}
	if f := run(t, r); !isModule(f, units) || math.Abs(f.Modules[0].Period/period-1) > 0.0025 {
		t.Errorf("modules %+v, want one of %g m", f.Modules, period)
	}
}

// Programs of tracking write one place where they lost the animal. It is told from where the animal
// is, in the box and out of it.
func TestAPlaceThatStandsForLostTrackingIsNamed(t *testing.T) {
	times, positions, spikes := walked()
	n := len(times)
	r := Request{Times: npy(t, times, n), Spikes: npy(t, spikes, len(spikes)/2, 2), BoxX: 1}
	lost := func(x, y float64) string {
		p := slices.Clone(positions)
		for i := range n {
			if i%1000 >= 930 {
				p[2*i], p[2*i+1] = x, y
			}
		}
		return npy(t, p, n, 2)
	}
	r.Positions = lost(0, 0)
	if s := run(t, r).Summary(); !strings.Contains(s, "positions are exactly (0, 0), in 25 stretches: if the tracking was lost there, give NaN") {
		t.Errorf("it is not said:\n%s", s)
	}
	r.Positions = lost(-1, -1)
	if _, err := try(t, r); err == nil || !strings.Contains(err.Error(), "lie outside the arena of 1 m") || !strings.Contains(err.Error(), "1736 of 24986 positions are exactly (-1, -1), in 25 stretches") {
		t.Errorf("a place outside: %v", err)
	}
	r.Positions = npy(t, positions, n, 2)
	if s := run(t, r).Summary(); strings.Contains(s, "exactly") {
		t.Errorf("the animal was tracked:\n%s", s)
	}
}

// Where spikes stop before the positions do, or run by a clock that began earlier, occupancy without
// spikes makes rates too low; and where a model's units are 0, they may not have been recorded.
func TestTimeInWhichNothingWasRecordedIsNamed(t *testing.T) {
	times, positions, all := walked()
	n := len(times)
	spikesIf := func(keep func(second float64) bool, late float64) string {
		var spikes []float64
		for i := 0; i < len(all); i += 2 {
			if keep(all[i+1]) {
				spikes = append(spikes, all[i], all[i+1]+late)
			}
		}
		return npy(t, spikes, len(spikes)/2, 2)
	}
	r := Request{Times: npy(t, times, n), Positions: npy(t, positions, n, 2), BoxX: 1}
	always := func(float64) bool { return true }
	for _, c := range []struct {
		what, spikes string
		want         string // of the note; none where it is empty
	}{
		{"all the time", spikesIf(always, 0), ""},
		{"until 400 s", spikesIf(func(s float64) bool { return s < 400 }, 0), `no unit fires for 2\.[67] min, once from (399\.9|400)[0-9.]* to 599\.`},
		{"50 s late", spikesIf(always, 50), `no unit fires for [34][0-9]\.[0-9] s, once from -?0[0-9.]* to (49\.9|50)`},
		{"not twice", spikesIf(func(s float64) bool { return !(s > 100 && s < 120 || s > 300 && s < 310) }, 0), `no unit fires for (2[0-9]|30)\.[0-9] s, once from (99\.|100)[0-9.]* to (119\.|120)`},
	} {
		r.Spikes = c.spikes
		s := run(t, r).Summary()
		if c.want == "" && strings.Contains(s, "no unit fires") || !regexp.MustCompile(c.want).MatchString(s) {
			t.Errorf("spikes %s: want %q:\n%s", c.what, c.want, s)
		}
	}
	random := rand.New(rand.NewPCG(15, 16))
	p, activity := places(3000, random), []float64(nil)
	for i := range 3000 {
		for u := range 5 {
			v := rate(p[2*i], p[2*i+1], 0.05*float64(u))
			if i >= 1000 && i < 1200 {
				v = 0
			}
			activity = append(activity, v)
		}
	}
	if s := run(t, Request{Positions: npy(t, p, 3000, 2), Activity: npy(t, activity, 3000, 5), BoxX: 1.5}).Summary(); !strings.Contains(s, "all units are 0 in 200 samples, once from 1000 to 1199: if nothing was recorded then, give NaN") {
		t.Errorf("it is not said:\n%s", s)
	}
}

// Zeros in the place of bins that were not visited are told from rates.
func TestBinsInWhichAllUnitsAreSilentAreNamed(t *testing.T) {
	const bins = 24
	var values []float64
	for u := range 6 {
		m := gridcell.IdealGrid(waves, 0.05*float64(u), 0, bins, 1.5)
		for j := range bins {
			for i := range bins {
				v := m.Values[j*bins+i]
				if math.Hypot(m.X(i), m.Y(j)) > 0.75 {
					v = 0
				}
				values = append(values, v)
			}
		}
	}
	if s := run(t, Request{Maps: npy(t, values, 6, bins, bins), BoxX: 1.5}).Summary(); !strings.Contains(s, "% of the bins all units are exactly 0: if they were not visited, give NaN there") {
		t.Errorf("it is not said:\n%s", s)
	}
	for i := range values {
		values[i] += 0.001
	}
	if s := run(t, Request{Maps: npy(t, values, 6, bins, bins), BoxX: 1.5}).Summary(); strings.Contains(s, "exactly 0") {
		t.Errorf("no unit is silent anywhere:\n%s", s)
	}
}
