package ideal

import (
	"context"
	"fmt"
	"math"
	"testing"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/pkg/walk"
	"sicgrid/stages/ideal/idealtable"
	"sicgrid/stages/ratemaps/ratemapstable"
)

var params = Params{
	Cells: Cells{BoxM: 2, Bins: 40, Steps: 20000, SmoothM: 0.05, PeriodsM: []float64{0.45, 0.8}, OrientationDeg: 8, CellsPerModule: 8, SpikesAtPeak: 0.5},
	Line:  Line{RangeM: 12, ThicknessRad: 0.6, MostModules: 3, Draws: 9}, Motion: walk.DefaultMotion(),
}

// with runs the stage and hands its outputs to check.
func with(t *testing.T, p Params, check func(*pipeline.Task) error) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	code := &pipeline.Node{Name: "code", Stage: "ideal", Params: p, Seed: 1, Outputs: Outputs, Run: pipeline.Bind(p, Run)}
	in := map[string]pipeline.Ref{}
	for _, o := range Outputs {
		in[o] = code.Ref(o)
	}
	sink := &pipeline.Node{Name: "sink", Stage: "sink", Outputs: []string{"none"}, Inputs: in, Run: func(_ context.Context, task *pipeline.Task) error {
		if err := check(task); err != nil {
			return err
		}
		return pipeline.Emit(task, "none", []idealtable.Step{}, nil)
	}}
	g, err := pipeline.NewGraph(sink)
	if err != nil {
		t.Fatal(err)
	}
	digest := codedigest.Stage{Digest: "1"}
	if _, err := pipeline.Run(context.Background(), g, pipeline.Options{Store: s, DAG: "test", Numerics: "test",
		Code: map[string]codedigest.Stage{"ideal": digest, "sink": digest}}); err != nil {
		t.Fatal(err)
	}
}

// The spikes of idealised cells, measured, are the modules that they were made as.
func TestSpikesAreThoseOfTheModules(t *testing.T) {
	with(t, params, func(task *pipeline.Task) error {
		rows, meta, err := pipeline.Read[ratemapstable.Map](task, "maps")
		if err != nil {
			return err
		}
		var maps []gridcell.Map
		for _, r := range rows {
			maps = append(maps, gridcell.FromFloat32(r.Mean, params.Bins, params.Bins, params.BoxM))
		}
		a, err := gridcell.Analyze(context.Background(), maps, gridcell.StandardOptions())
		if err != nil {
			return err
		}
		if len(a.Modules) != 2 || meta["cells_per_module"] != "8" {
			return fmt.Errorf("%d modules, metadata %v; want two", len(a.Modules), meta)
		}
		for i, m := range a.Modules {
			if len(m.Units) < 7 || math.Abs(m.PeriodM-params.PeriodsM[i]) > 0.01 || gridcell.OrientationDifference(m.OrientationDeg, 8) > 1 {
				return fmt.Errorf("module of %d units, %.3f m, %.1f degrees", len(m.Units), m.PeriodM, m.OrientationDeg)
			}
		}
		return nil
	})
}

func TestTheCodeHasTheProperties(t *testing.T) {
	with(t, params, func(task *pipeline.Task) error {
		near, _, err := pipeline.Read[idealtable.Place](task, "near")
		if err != nil {
			return err
		}
		code, far := gridcell.Code(params.PeriodsM), 0
		for _, n := range near[1:] {
			d, gap := code.Distance(n.X-near[0].X), math.Abs(n.X-near[0].X)
			if n.Kind == "phase" && d >= params.ThicknessRad || n.Kind == "place" && gap > 0.46 {
				return fmt.Errorf("%+v is not near %+v", n, near[0])
			}
			if n.Kind == "phase" && gap > 0.5 {
				far++
			}
		}
		if far == 0 {
			return fmt.Errorf("nothing far away is near in phase")
		}
		capacity, _, err := pipeline.Read[idealtable.Growth](task, "capacity")
		if err != nil {
			return err
		}
		for i := 1; i < len(capacity); i++ {
			if capacity[i].Median < 2*capacity[i-1].Median || capacity[i].Low > capacity[i].High {
				return fmt.Errorf("capacity %+v after %+v: want each module to multiply it", capacity[i], capacity[i-1])
			}
		}
		distance, _, err := pipeline.Read[idealtable.Distance](task, "distance")
		if err != nil {
			return err
		}
		if distance[0].Mean > 1e-12 || distance[len(distance)-1].Mean < 0.8 {
			return fmt.Errorf("distances from %g to %g, want 0 to a plateau", distance[0].Mean, distance[len(distance)-1].Mean)
		}
		legs, _, err := pipeline.Read[idealtable.Leg](task, "routes")
		if err != nil {
			return err
		}
		var end [2]idealtable.Leg
		apart := 0.0
		for i, l := range legs {
			end[l.Route] = l
			if l.Route == 1 {
				o := legs[i-len(legs)/2]
				apart = math.Max(apart, math.Hypot(l.X-o.X, l.Y-o.Y))
			}
		}
		if math.Abs(math.Remainder(end[0].Phi1-end[1].Phi1, 2*math.Pi)) > 1e-9 || apart < 0.1 {
			return fmt.Errorf("routes end at phases %g and %g, at most %g m apart on the way", end[0].Phi1, end[1].Phi1, apart)
		}
		tuning, _, err := pipeline.Read[idealtable.Rate](task, "tuning")
		if err != nil {
			return err
		}
		for _, r := range tuning { // equation 9
			if want := math.Max(0, math.Cos(2*math.Pi*r.X/params.PeriodsM[r.Module]+r.Preferred)); math.Abs(r.Rate-want) > 1e-9 {
				return fmt.Errorf("%+v, want a rate of %g", r, want)
			}
		}
		return nil
	})
}
