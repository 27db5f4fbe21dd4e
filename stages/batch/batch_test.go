package batch

import (
	"context"
	"fmt"
	"math"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/store"
	"sicgrid/stages/batch/batchtable"
)

func with(t *testing.T, p Params, check func(*pipeline.Task) error) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n := &pipeline.Node{Name: "batch", Stage: "batch", Params: p, Seed: 3, Outputs: Outputs, Run: pipeline.Bind(p, Run)}
	sink := &pipeline.Node{Name: "sink", Stage: "sink", Outputs: []string{"none"},
		Inputs: map[string]pipeline.Ref{"states": n.Ref("states"), "distances": n.Ref("distances"), "summary": n.Ref("summary")},
		Run: func(_ context.Context, task *pipeline.Task) error {
			if err := check(task); err != nil {
				return err
			}
			return pipeline.Emit(task, "none", []batchtable.Summary{}, nil)
		}}
	g, err := pipeline.NewGraph(sink)
	if err != nil {
		t.Fatal(err)
	}
	digest := codedigest.Stage{Digest: "1"}
	if _, err := pipeline.Run(context.Background(), g, pipeline.Options{Store: s, DAG: "test", Numerics: "test",
		Code: map[string]codedigest.Stage{"batch": digest, "sink": digest}}); err != nil {
		t.Fatal(err)
	}
}

func TestTheBatchIsTheOneThatATrainingSees(t *testing.T) {
	b := sic.Batch{Trajectories: 6, Length: 20, VelocityMax: 0.15, Pairs: 30, Permute: true}
	with(t, Params{Batch: b, SigmaX: 0.05, Batches: 40}, func(task *pipeline.Task) error {
		states, _, err := pipeline.Read[batchtable.State](task, "states")
		if err != nil {
			return err
		}
		draw := sic.NewDraw(b)
		draw.Fill(b, 3, 0)
		ends := map[int32][2]float32{}
		for i, s := range states {
			if x := draw.Position[i]; s.X != x[0] || s.Y != x[1] || s.Velocity != draw.Order[i] {
				return fmt.Errorf("state %d is %+v, the batch has %v", i, s, x)
			}
			ends[s.Trajectory] = [2]float32{s.X, s.Y}
		}
		for k, x := range ends { // permutations end together
			if math.Hypot(float64(x[0]-ends[0][0]), float64(x[1]-ends[0][1])) > 1e-5 {
				return fmt.Errorf("trajectory %d ends at %v, the first at %v", k, x, ends[0])
			}
		}
		summary, _, err := pipeline.Read[batchtable.Summary](task, "summary")
		if err != nil {
			return err
		}
		if n := int64(b.States()); summary[0].Near+summary[0].Far != n*(n-1) || summary[0].Near < 6*5 {
			return fmt.Errorf("%+v of %d states", summary[0], n)
		}
		quantiles, _, err := pipeline.Read[batchtable.Quantile](task, "distances")
		if err != nil {
			return err
		}
		// After t steps of variance 2 (0.15²/3) the mean squared distance from the start is t times
		// that.
		median := quantiles[len(quantiles)/2].FromStart
		if expect := 0.15 * math.Sqrt(2./3*10); median < 0.4*expect || median > 1.2*expect {
			return fmt.Errorf("median distance from the start %g m, expect about %g", median, expect)
		}
		for i := 1; i < len(quantiles); i++ {
			if quantiles[i].Pairs < quantiles[i-1].Pairs || quantiles[i].FromStart < quantiles[i-1].FromStart {
				return fmt.Errorf("quantiles %d fall", i)
			}
		}
		return nil
	})
}

func TestTheStrideTakesEveryStepOfAWalk(t *testing.T) {
	for _, length := range []int{20, 60, 61} {
		p := Params{Batch: sic.Batch{Trajectories: 130, Length: length}, Batches: 20}
		seen := map[int]bool{}
		for i := 0; i < p.Batch.States(); i += p.stride() {
			seen[i%length] = true
		}
		if len(seen) != length {
			t.Errorf("a stride of %d sees %d of %d steps", p.stride(), len(seen), length)
		}
	}
}
