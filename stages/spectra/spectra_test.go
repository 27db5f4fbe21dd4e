package spectra

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

const (
	testBins = 40
	testBox  = 2.0
)

// standard are the conventional thresholds.
func standard() Params {
	o := gridcell.StandardOptions()
	return Params{
		ActiveFraction:       0.05,
		ModuleUnits:          o.Module.MinUnits,
		ModuleScore:          o.Module.MinScore,
		ModulePeriodRatio:    o.Module.PeriodRatio,
		ModuleOrientationDeg: o.Module.OrientationDeg,
		ModuleMisfit:         o.Module.MaxMisfit,
		ModuleCoreDistance:   o.Module.CoreDistance,
	}
}

func float32s(m gridcell.Map) []float32 {
	out := make([]float32, len(m.Values))
	for i, v := range m.Values {
		out[i] = float32(v)
	}
	return out
}

func still(unit int, m gridcell.Map) ratemapstable.Map {
	v := float32s(m)
	return ratemapstable.Map{Unit: int32(unit), Mean: v, Early: v, Late: v}
}

// cells returns n ideal cells of a module, numbered from first.
func cells(first, n int, periodM, orientationDeg float64) []ratemapstable.Map {
	rng := rand.New(rand.NewPCG(uint64(first), 1))
	k := gridcell.IdealHexagonal(periodM, orientationDeg).WaveVectors()
	rows := make([]ratemapstable.Map, n)
	for i := range rows {
		rows[i] = still(first+i, gridcell.IdealGrid(k, 2*rng.Float64(), 2*rng.Float64(), testBins, testBox))
	}
	return rows
}

func silent(unit int) ratemapstable.Map {
	return still(unit, gridcell.IdealFields(nil, 1, testBins, testBox))
}

// measure runs the stage on maps in a pipeline of its own and hands its outputs to look.
func measure(t *testing.T, p Params, maps []ratemapstable.Map, meta map[string]string, look func(*pipeline.Task) error) error {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	walked := &pipeline.Node{Name: "ratemaps", Stage: "ratemaps", Outputs: []string{"maps", "occupancy"}}
	walked.Run = func(_ context.Context, task *pipeline.Task) error {
		if err := pipeline.Emit(task, "maps", maps, meta); err != nil {
			return err
		}
		return pipeline.Emit(task, "occupancy", []ratemapstable.Variance{{Explained: 0.75}}, meta)
	}
	measured := &pipeline.Node{
		Name: "spectra", Stage: "spectra", Params: p, Outputs: Outputs, Run: pipeline.Bind(p, Run),
		Inputs: map[string]pipeline.Ref{"maps": walked.Ref("maps"), "occupancy": walked.Ref("occupancy")},
	}
	looked := &pipeline.Node{Name: "look", Stage: "look", Outputs: []string{"seen"}, Inputs: map[string]pipeline.Ref{}}
	for _, o := range Outputs {
		looked.Inputs[o] = measured.Ref(o)
	}
	looked.Run = func(_ context.Context, task *pipeline.Task) error {
		if err := look(task); err != nil {
			return err
		}
		return pipeline.Emit(task, "seen", []ratemapstable.Variance{{}}, nil)
	}
	g, err := pipeline.NewGraph(looked)
	if err != nil {
		t.Fatal(err)
	}
	code := codedigest.Stage{Digest: "test"}
	_, err = pipeline.Run(context.Background(), g, pipeline.Options{
		Store: s, DAG: "test", Numerics: "test", Jobs: 2,
		Code: map[string]codedigest.Stage{"ratemaps": code, "spectra": code, "look": code},
	})
	return err
}

var testMeta = map[string]string{"box_m": "2", "bins": fmt.Sprint(testBins), "units": "0"}

func TestTwoModulesAmongDeadUnits(t *testing.T) {
	maps := append(cells(0, 10, 0.5, 20), cells(10, 12, 0.75, 45)...)
	maps = append(maps, silent(22), silent(23))
	// This one's field has moved on by the second half of the walks.
	maps[3].Late = maps[12].Mean
	err := measure(t, standard(), maps, testMeta, func(task *pipeline.Task) error {
		units, meta, err := pipeline.Read[spectratable.Unit](task, "units")
		if err != nil {
			return err
		}
		if meta["box_m"] != "2" || meta["units"] != "24" {
			t.Errorf("metadata %v", meta)
		}
		for i, u := range units {
			want := int32(0)
			switch {
			case i >= 22:
				want = -1
			case i >= 10:
				want = 1
			}
			if u.Unit != int32(i) || u.Module != want || u.Active != (i < 22) {
				t.Errorf("unit %d: number %d, module %d, active %v", i, u.Unit, u.Module, u.Active)
			}
			if moved := i == 3; i < 22 && moved != (u.Drift < 0.9) {
				t.Errorf("unit %d: correlation of early and late map %.2f", i, u.Drift)
			}
			if i < 22 && !(u.Score > 1.3 && u.Score < 1.5 && math.Abs(math.Remainder(u.Phi1+u.Phi2+u.Phi3, 2*math.Pi)) < 0.3) {
				t.Errorf("unit %d: score %.2f, phases %.2f %.2f %.2f", i, u.Score, u.Phi1, u.Phi2, u.Phi3)
			}
			if i >= 22 && !(math.IsNaN(u.Score) && math.IsNaN(u.Phi1) && math.IsNaN(u.Drift) && math.IsNaN(u.Period)) {
				t.Errorf("dead unit %d has measures: %+v", i, u)
			}
		}
		modules, _, err := pipeline.Read[spectratable.Module](task, "modules")
		if err != nil {
			return err
		}
		if len(modules) != 2 {
			t.Fatalf("%d modules, want 2", len(modules))
		}
		for i, want := range []struct {
			n                   int32
			period, orientation float64
		}{{10, 0.5, 20}, {12, 0.75, 45}} {
			m := modules[i]
			if m.N != want.n || math.Abs(m.Period-want.period) > 0.005 || math.Abs(m.Orientation-want.orientation) > 0.5 || !m.Hexagonal {
				t.Errorf("module %d: %+v", i, m)
			}
			if k := math.Hypot(m.K1X, m.K1Y); math.Abs(k*math.Sqrt(3)*want.period/(4*math.Pi)-1) > 0.02 {
				t.Errorf("module %d: wavenumber %.2f rad/m for a period of %g m", i, k, want.period)
			}
		}
		sacs, _, err := pipeline.Read[spectratable.Autocorrelogram](task, "autocorrelograms")
		if err != nil {
			return err
		}
		if n := 2*testBins - 1; len(sacs) != 24 || len(sacs[0].Values) != n*n || sacs[0].Values[n*n/2] != 1 {
			t.Errorf("%d autocorrelograms of %d lags", len(sacs), len(sacs[0].Values))
		}
		spectrum, meta, err := pipeline.Read[spectratable.Spectrum](task, "spectrum")
		if err != nil {
			return err
		}
		if len(spectrum) != 3 || spectrum[0].Module != -1 || spectrum[2].Module != 1 || fmt.Sprint(len(spectrum[0].Power)) != "6400" || meta["n"] != "80" {
			t.Errorf("%d spectra, metadata %v", len(spectrum), meta)
		}
		summary, _, err := pipeline.Read[spectratable.Summary](task, "summary")
		if err != nil {
			return err
		}
		if s := summary[0]; s.Units != 24 || s.Active != 22 || s.Inactive != 2 || s.Above != 1 || s.InModules != 1 || s.Explained != 0.75 || s.Modules != 2 {
			t.Errorf("summary %+v", s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Waves of a lattice of which the box holds fewer than two periods cannot be told apart, and are not
// counted as if they could.
func TestGeneratorsAreMeasuredWhereTheBoxHoldsTwoPeriods(t *testing.T) {
	for period, want := range map[float64]int32{0.7: 2, 1.2: 0} {
		err := measure(t, standard(), cells(0, 12, period, 20), testMeta, func(task *pipeline.Task) error {
			r := &pipeline.Reader{Task: task}
			summary := pipeline.One[spectratable.Summary](r, "summary")
			if (summary.Modules != 1 || summary.Generators != want || (len(summary.TorusShares) > 0) != (want > 0)) && r.Err == nil {
				t.Errorf("period %g m in 2 m: %d modules, %d generators, shares %v, want %d", period, summary.Modules, summary.Generators, summary.TorusShares, want)
			}
			return r.Err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A network whose states all collapsed is a legal outcome of training.
func TestPopulationWithoutModules(t *testing.T) {
	for name, maps := range map[string][]ratemapstable.Map{
		"all dead":            {silent(0), silent(1), silent(2)},
		"one unit":            {silent(0)},
		"fewer than a module": cells(0, 4, 0.5, 10),
	} {
		err := measure(t, standard(), maps, testMeta, func(task *pipeline.Task) error {
			modules, _, err := pipeline.Read[spectratable.Module](task, "modules")
			if err != nil {
				return err
			}
			summary, _, err := pipeline.Read[spectratable.Summary](task, "summary")
			if err != nil {
				return err
			}
			s := summary[0]
			if len(modules) != 0 || s.Modules != 0 {
				t.Errorf("%s: %d modules, summary %+v", name, len(modules), s)
			}
			if s.Active == 0 && !(math.IsNaN(s.Score) && math.IsNaN(s.Above) && math.IsNaN(s.InModules)) {
				t.Errorf("%s: shares of no units: %+v", name, s)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadInputIsNamed(t *testing.T) {
	short := silent(7)
	short.Early = short.Early[:10]
	for _, c := range []struct {
		name string
		p    Params
		maps []ratemapstable.Map
		meta map[string]string
		want string
	}{
		{"a short map", standard(), []ratemapstable.Map{silent(0), short}, testMeta, "maps: unit 7: ratemap: 10 values for 40 x 40 bins"},
		{"no box", standard(), []ratemapstable.Map{silent(0)}, map[string]string{"bins": "40"}, `maps: box_m "" is not a length in metres`},
		{"no bins", standard(), []ratemapstable.Map{silent(0)}, map[string]string{"box_m": "2"}, `maps: bins "" is not a number of bins`},
		{"no units", standard(), nil, testMeta, "analyze: no ratemaps"},
	} {
		err := measure(t, c.p, c.maps, c.meta, func(*pipeline.Task) error { return nil })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
}
