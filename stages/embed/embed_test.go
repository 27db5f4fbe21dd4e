package embed

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

var params = Params{Components: 6, Dimensions: 3, Neighbours: 15, Eigenvalues: 12, MaxPoints: 8000, IsomapLandmarks: 100, Landmarks: 100, Average: 0.02}

// recording is a population seen at random places of a 2 m box: the units of one ideal hexagonal
// module of period 0.8 m with phases spread evenly over the unit cell, and after them units that
// are noise.
type recording struct {
	states []ratemapstable.State
	units  []spectratable.Unit
	module spectratable.Module
}

func moduleOf(number, units int32) spectratable.Module {
	return spectratable.Module{Module: number, N: units}
}

func record(n, inModule, noise int) recording {
	random := rand.New(rand.NewPCG(1, 2))
	k := 4 * math.Pi / (math.Sqrt(3) * 0.8)
	r := recording{module: moduleOf(0, int32(inModule))}
	var phases [][3]float64
	for u := range inModule + noise {
		unit := spectratable.Unit{Unit: int32(u), Active: true, Module: -1, Phi1: math.NaN(), Phi2: math.NaN(), Phi3: math.NaN()}
		// An additive sequence with the plastic number fills the square evenly for any number of
		// units.
		const plastic = 1.32471795724474602596
		phase := [3]float64{2 * math.Pi * math.Mod(float64(u)/plastic, 1), 2 * math.Pi * math.Mod(float64(u)/(plastic*plastic), 1)}
		phase[2] = -phase[0] - phase[1]
		if u < inModule {
			unit.Module, unit.Phi1, unit.Phi2, unit.Phi3 = 0, phase[0], phase[1], phase[2]
		}
		phases = append(phases, phase)
		r.units = append(r.units, unit)
	}
	for range n {
		x, y := 2*random.Float64()-1, 2*random.Float64()-1
		state := make([]float32, inModule+noise)
		norm := 0.0
		for u := range state {
			rate := random.Float64()
			if u < inModule {
				rate = 0
				for a, phase := range phases[u] {
					angle := 2 * math.Pi * float64(a) / 3
					rate += math.Cos(k*(x*math.Cos(angle)+y*math.Sin(angle)) - phase)
				}
				rate = max(0, rate)
				norm += rate * rate
			}
			state[u] = float32(rate)
		}
		for u := range inModule {
			state[u] /= float32(math.Sqrt(norm))
		}
		r.states = append(r.states, ratemapstable.State{X: float32(x), Y: float32(y), State: state})
	}
	return r
}

func (r recording) embed(t *testing.T, p Params, modules ...spectratable.Module) *embedding {
	t.Helper()
	e, err := embed(p, r.states, r.units, modules, 2)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAModuleIsATorusWithThreeRings(t *testing.T) {
	r := record(3000, 64, 30)
	e := r.embed(t, params, r.module)
	if e.module != 0 || e.units != 64 || len(e.points) != 3000 {
		t.Fatalf("%d points of the %d units of module %d, want 3000, 64 and 0", len(e.points), e.units, e.module)
	}
	if e.graphComponents != 1 || e.undefined != "" {
		t.Errorf("the torus falls into %d pieces, undefined: %q", e.graphComponents, e.undefined)
	}
	value := func(index int) float64 { return e.eigenvalues[index-1].Value }
	if value(6) > 1.5*value(1) || value(7) < 2*value(6) {
		t.Errorf("eigenvalues %v, want six alike and a gap", e.eigenvalues)
	}
	if len(e.pca) != 64 || e.pca[5].VarianceRatio < 3*e.pca[6].VarianceRatio {
		t.Errorf("%d components, the sixth with %.3f and the seventh with %.3f of the variance: want 64 and a fall by 3",
			len(e.pca), e.pca[5].VarianceRatio, e.pca[6].VarianceRatio)
	}
	if b := e.topology; b.Betti0 != 1 || b.Betti1 != 2 || b.Betti2 != 1 || !(b.From < b.To && b.To <= b.Cone) {
		t.Errorf("topology %+v, want Betti numbers 1, 2, 1", b)
	}
	if allNaN(e.points[0].Isomap) || !(e.topology.Isomap > 0 && e.topology.Isomap < 1) {
		t.Errorf("Isomap puts a state at %v, residual variance %g", e.points[0].Isomap, e.topology.Isomap)
	}
	for a := range 3 {
		var mean, square float64
		angles := make([]int, 8)
		for _, p := range e.points {
			x, y := float64(p.Rings[2*a]), float64(p.Rings[2*a+1])
			radius := math.Hypot(x, y)
			mean += radius / 3000
			square += radius * radius / 3000
			angles[int(8*(math.Atan2(y, x)/(2*math.Pi)+1))%8]++
		}
		if variation := math.Sqrt(square-mean*mean) / mean; variation > 0.25 {
			t.Errorf("ring %d: the radius varies by %.2f of its mean, want a ring", a+1, variation)
		}
		if slices.Min(angles) < 200 {
			t.Errorf("ring %d: %v of 3000 states in the eighths of the turn, want 200 or more in each", a+1, angles)
		}
	}
}

// The angle on ring a is k_a.x, so states of one place lie together and the ring turns once in a
// period along k_a.
func TestTheAngleOnARingIsThePhaseOfThePlace(t *testing.T) {
	r := record(500, 256, 0)
	k := 4 * math.Pi / (math.Sqrt(3) * 0.8)
	var cos, sin float64
	for _, p := range r.embed(t, params, r.module).points {
		d := math.Atan2(float64(p.Rings[1]), float64(p.Rings[0])) - k*float64(p.X)
		cos, sin = cos+math.Cos(d)/500, sin+math.Sin(d)/500
	}
	if agreement := math.Hypot(cos, sin); agreement < 0.95 {
		t.Errorf("angle on ring 1 and k1.x agree to %.3f, want 0.95", agreement)
	}
}

func TestTheModuleWithMostUnitsIsTaken(t *testing.T) {
	for _, c := range []struct {
		modules []spectratable.Module
		want    int32
	}{
		{nil, -1}, {[]spectratable.Module{moduleOf(0, 5)}, 0}, {[]spectratable.Module{moduleOf(0, 5), moduleOf(1, 9), moduleOf(2, 7)}, 1}, {[]spectratable.Module{moduleOf(3, 9), moduleOf(1, 9)}, 1},
	} {
		if got := largest(c.modules); got != c.want {
			t.Errorf("modules %v: took %d, want %d", c.modules, got, c.want)
		}
	}
}

func allNaN(values []float32) bool {
	return !slices.ContainsFunc(values, func(v float32) bool { return v == v })
}

func TestWithoutAModuleAllActiveUnitsAreEmbeddedAndNoRingIsDrawn(t *testing.T) {
	r := record(500, 20, 10)
	r.units[3].Active = false
	e := r.embed(t, params)
	if e.module != -1 || e.units != 29 {
		t.Errorf("%d units of module %d, want 29 of -1", e.units, e.module)
	}
	for _, p := range e.points {
		if !allNaN(p.Rings) || allNaN(p.Embedding) {
			t.Fatalf("rings %v, embedding %v: want NaN and numbers", p.Rings, p.Embedding)
		}
	}
}

func TestTooManyStatesAreThinned(t *testing.T) {
	r := record(1000, 20, 0)
	p := params
	p.MaxPoints = 400
	e := r.embed(t, p, r.module)
	if e.stride != 3 || len(e.points) != 334 {
		t.Fatalf("stride %d leaves %d of 1000 states, want 3 and 334", e.stride, len(e.points))
	}
	for i, point := range e.points {
		if s := r.states[3*i]; point.X != s.X || point.Y != s.Y {
			t.Fatalf("point %d is not state %d", i, 3*i)
		}
	}
}

func TestWhatCannotBeEmbeddedIsSaidAndIsNoError(t *testing.T) {
	dead := record(100, 0, 8)
	for i := range dead.units {
		dead.units[i].Active = false
	}
	collapsed := record(100, 0, 8)
	for i := range collapsed.states {
		collapsed.states[i].State = make([]float32, 8)
	}
	for _, c := range []struct {
		name string
		recording
		says string
	}{
		{"dead", dead, "no unit is active"}, {"collapsed", collapsed, "all states coincide"},
		{"none", record(0, 0, 8), "there are no states"}, {"few", record(10, 0, 8), "15 neighbours for each of 10 points"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := c.embed(t, params)
			if !strings.Contains(e.undefined, c.says) {
				t.Errorf("undefined says %q, want %q", e.undefined, c.says)
			}
			if len(e.points) != len(c.states) || len(e.eigenvalues) != 0 {
				t.Errorf("%d points and %d eigenvalues, want %d and none", len(e.points), len(e.eigenvalues), len(c.states))
			}
			for _, p := range e.points {
				if len(p.PC) != 6 || len(p.Embedding) != 3 || len(p.Rings) != 6 || !allNaN(p.Embedding) {
					t.Fatalf("point %+v: want 6, 3 and 6 values and no embedding", p)
				}
			}
		})
	}
}

func TestFewerUnitsThanComponentsLeaveTheRestZero(t *testing.T) {
	r := record(200, 0, 4)
	e := r.embed(t, params)
	for _, p := range e.points {
		if p.PC[0] == 0 || p.PC[4] != 0 || p.PC[5] != 0 {
			t.Fatalf("components %v of four units, want two zeros at the end", p.PC)
		}
	}
	if e.undefined != "" {
		t.Errorf("four units cannot be embedded: %s", e.undefined)
	}
}

func TestWrongInputsAreRefusedInOneLine(t *testing.T) {
	r := record(50, 4, 0)
	short := record(50, 4, 0)
	short.states[7].State = short.states[7].State[:2]
	broken := record(50, 4, 0)
	broken.states[7].State[1] = float32(math.NaN())
	for name, try := range map[string]func() error{
		"module 5 has no unit": func() error {
			_, err := embed(params, r.states, r.units, []spectratable.Module{moduleOf(5, 9)}, 1)
			return err
		},
		"state 7 has 2 values": func() error { _, err := embed(params, short.states, short.units, nil, 1); return err },
		"not finite":           func() error { _, err := embed(params, broken.states, broken.units, nil, 1); return err },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, name)
		}
	}
}

func TestTheStageReadsItsInputsAndWritesItsOutputs(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := record(300, 20, 5)
	meta := map[string]string{"box_m": "2"}
	source := &pipeline.Node{Name: "source", Stage: "source", Outputs: []string{"states", "units", "modules"},
		Run: func(_ context.Context, task *pipeline.Task) error {
			if err := pipeline.Emit(task, "states", r.states, meta); err != nil {
				return err
			}
			if err := pipeline.Emit(task, "units", r.units, meta); err != nil {
				return err
			}
			return pipeline.Emit(task, "modules", []spectratable.Module{r.module}, meta)
		}}
	embedded := &pipeline.Node{Name: "embedded", Stage: "embed", Params: params, Outputs: Outputs, Run: pipeline.Bind(params, Run),
		Inputs: map[string]pipeline.Ref{"states": source.Ref("states"), "units": source.Ref("units"), "modules": source.Ref("modules")}}
	sink := &pipeline.Node{Name: "sink", Stage: "sink", Outputs: []string{"none"},
		Inputs: map[string]pipeline.Ref{"pca": embedded.Ref("pca"), "points": embedded.Ref("points"), "eigenvalues": embedded.Ref("eigenvalues"),
			"intervals": embedded.Ref("intervals"), "topology": embedded.Ref("topology")},
		Run: func(_ context.Context, task *pipeline.Task) error {
			pca, _, err := pipeline.Read[embedtable.Component](task, "pca")
			if err != nil {
				return err
			}
			points, about, err := pipeline.Read[embedtable.Point](task, "points")
			if err != nil {
				return err
			}
			eigenvalues, _, err := pipeline.Read[embedtable.Eigenvalue](task, "eigenvalues")
			if err != nil {
				return err
			}
			intervals, _, err := pipeline.Read[embedtable.Interval](task, "intervals")
			if err != nil {
				return err
			}
			topology, _, err := pipeline.Read[embedtable.Topology](task, "topology")
			if err != nil {
				return err
			}
			if len(topology) != 1 || topology[0].Landmarks != 100 || len(intervals) < 100 {
				return fmt.Errorf("topology %+v of %d intervals", topology, len(intervals))
			}
			if len(pca) != 20 || len(points) != 300 || len(eigenvalues) != 12 {
				return fmt.Errorf("%d components, %d points, %d eigenvalues, want 20, 300, 12", len(pca), len(points), len(eigenvalues))
			}
			for key, want := range map[string]string{"box_m": "2", "module": "0", "neighbours": "15", "units": "20", "stride": "1", "embedded": "300"} {
				if about[key] != want {
					return fmt.Errorf("metadata %s is %q, want %q", key, about[key], want)
				}
			}
			return pipeline.Emit(task, "none", []embedtable.Component{}, nil)
		}}
	g, err := pipeline.NewGraph(sink)
	if err != nil {
		t.Fatal(err)
	}
	code := codedigest.Stage{Digest: "1"}
	if _, err := pipeline.Run(context.Background(), g, pipeline.Options{Store: s, DAG: "test", Numerics: "test",
		Code: map[string]codedigest.Stage{"source": code, "embed": code, "sink": code}}); err != nil {
		t.Fatal(err)
	}
}
