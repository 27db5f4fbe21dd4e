package gridcell

import (
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
)

func mixed() []Map {
	rng := source(12)
	p, _ := population(12, IdealHexagonal(0.5, 20), 32, 2, 0.1, rng)
	q, _ := population(12, IdealHexagonal(0.8, 40), 32, 2, 0.1, rng)
	maps, _ := join(p, q, irregular(6, 0.4, 0.1, 32, 2, rng), []Map{constant(0, 32, 2), constant(math.NaN(), 32, 2)})
	return maps
}

// bits makes NaNs comparable.
func bits(a *Analysis) []uint64 {
	var out []uint64
	add := func(v ...float64) {
		for _, f := range v {
			out = append(out, math.Float64bits(f))
		}
	}
	for i, u := range a.Units {
		add(u.Peak, u.Expanding, u.Ring, u.Banino60, u.Banino90, u.Square, u.Corrected, u.EllipseRatio, u.PeriodM, u.OrientationDeg, float64(u.Module))
		add(u.Phases[:]...)
		add(a.Autocorrelograms[i].Values...)
	}
	for _, m := range a.Modules {
		for _, k := range m.Waves {
			add(k[:]...)
		}
		add(m.PeriodM, m.OrientationDeg, m.UniformP)
	}
	for _, s := range a.Spectra {
		add(s.Power...)
	}
	return out
}

func TestThreadsChangeNoBit(t *testing.T) {
	maps := mixed()
	var first []uint64
	for _, threads := range []int{1, 2, 7, 0} {
		o := StandardOptions()
		o.Threads = threads
		a, err := Analyze(context.Background(), maps, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Modules) != 2 || len(a.Spectra) != 3 {
			t.Fatalf("%d modules, %d spectra; want 2 and 3", len(a.Modules), len(a.Spectra))
		}
		if b := bits(a); first == nil {
			first = b
		} else if !reflect.DeepEqual(b, first) {
			t.Errorf("%d threads give other results than 1", threads)
		}
	}
}

func TestAnalyzeReportsProgress(t *testing.T) {
	var calls, last atomic.Int64
	o := StandardOptions()
	o.Threads = 2
	o.Progress = func(done, total int) {
		calls.Add(1)
		if done == total {
			last.Add(1)
		}
	}
	maps := mixed()
	if _, err := Analyze(context.Background(), maps, o); err != nil {
		t.Fatal(err)
	}
	if int(calls.Load()) != len(maps) || last.Load() != 1 {
		t.Errorf("%d calls, %d of them the last; want %d and 1", calls.Load(), last.Load(), len(maps))
	}
}

func TestAnalyzeStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Analyze(ctx, mixed(), StandardOptions()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestAnalyzeNamesTheMapThatDoesNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		maps []Map
		want string
	}{
		"no maps":       {nil, "analyze: no ratemaps"},
		"another shape": {[]Map{constant(0, 4, 1), constant(0, 5, 1)}, "ratemap 1: 5 x 5 bins in 1 m: the first one has 4 x 4 in 1 m"},
		"another box":   {[]Map{constant(0, 4, 1), constant(0, 4, 2)}, "ratemap 1: 4 x 4 bins in 2 m: the first one has 4 x 4 in 1 m"},
		"short":         {[]Map{{Values: make([]float64, 3), NX: 2, NY: 2, BoxM: 1}}, "ratemap 0: ratemap: 3 values for 2 x 2 bins"},
	} {
		if _, err := Analyze(context.Background(), c.maps, StandardOptions()); err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// Options that make no sense give no modules rather than a panic.
func TestImpossibleRulesGiveNoModules(t *testing.T) {
	maps, _ := population(8, IdealHexagonal(0.5, 20), 32, 2, 0.05, source(13))
	for _, rule := range []ModuleRule{
		{}, {MinUnits: -1, PeriodRatio: 0.5}, {MinUnits: 5, PeriodRatio: math.NaN(), OrientationDeg: math.NaN()}, {MinUnits: 5, PeriodRatio: -1, OrientationDeg: -1, MaxMisfit: 1, CoreDistance: 1},
	} {
		o := StandardOptions()
		o.Module = rule
		if _, err := Analyze(context.Background(), maps, o); err != nil {
			t.Error(err)
		}
	}
}

func TestDriftIsTheCorrelationOfTwoMaps(t *testing.T) {
	rng := source(14)
	m := IdealGrid(IdealHexagonal(0.5, 20).WaveVectors(), 0, 0, 32, 2)
	inverse := constant(0, 32, 2)
	for i, v := range m.Values {
		inverse.Values[i] = 3 - 2*v
	}
	near(t, "with itself", Correlation(m, m), 1, 1e-12)
	near(t, "with its inverse", Correlation(m, inverse), -1, 1e-12)
	near(t, "over shared bins", Correlation(m, holed(IdealGrid(IdealHexagonal(0.5, 20).WaveVectors(), 0, 0, 32, 2), 0.5, rng)), 1, 1e-12)
	for name, other := range map[string]Map{"constant": constant(1, 32, 2), "unvisited": constant(math.NaN(), 32, 2), "another shape": constant(1, 31, 2)} {
		if c := Correlation(m, other); !math.IsNaN(c) {
			t.Errorf("%s: correlation %g, want NaN", name, c)
		}
	}
}

// 128 units at 64 x 64 bins.
func BenchmarkAnalyze(b *testing.B) {
	maps, _ := population(128, IdealHexagonal(0.6, 20), 64, 2, 0.1, source(15))
	o := StandardOptions()
	o.Threads = 2
	for b.Loop() {
		if _, err := Analyze(context.Background(), maps, o); err != nil {
			b.Fatal(err)
		}
	}
}

// What is said of memory is about what is taken.
func TestMemoryIsEstimated(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for _, c := range []struct{ nx, ny, units int }{{160, 160, 1}, {200, 100, 2}, {48, 48, 60}} {
		var maps []Map
		for range c.units {
			maps = append(maps, idealIn(c.nx, c.ny, 2, 2, waves(IdealHexagonal(0.4, 10).WaveVectors(), 0, 0)))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		analyze(t, maps)
		runtime.ReadMemStats(&after)
		taken, said := float64(after.TotalAlloc-before.TotalAlloc), float64(AnalysisMemory(c.nx, c.ny, c.units, 1))
		if c.units <= 2 && said < 0.5*taken || said > 1.5*taken {
			t.Errorf("%+v: %.0f MB said, %.0f MB allocated in all", c, said/1e6, taken/1e6)
		}
	}
}
