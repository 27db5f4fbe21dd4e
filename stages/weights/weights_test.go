package weights

import (
	"context"
	"slices"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/store"
)

// A network that is written is read as the same function of velocity: gains stand with its weights.
func TestANetworkIsReadAsItWasWritten(t *testing.T) {
	for _, n := range []sic.Network{
		{Units: 3, Hidden: 2, Layers: 2},
		{Units: 4, Hidden: 5, Layers: 3, GainMax: 2.2, GainShuffle: 7},
	} {
		params := make([]float32, sic.NewLayout(n).Size)
		for i := range params {
			params[i] = float32(i)
		}
		s, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		write := &pipeline.Node{Name: "write", Stage: "write", Outputs: []string{"weights"}, Run: func(_ context.Context, t *pipeline.Task) error {
			return Emit(t, "weights", n, params, Metadata(n, 9))
		}}
		var got sic.Network
		var gotParams []float32
		read := &pipeline.Node{Name: "read", Stage: "read", Outputs: []string{"again"}, Inputs: map[string]pipeline.Ref{"weights": write.Ref("weights")}, Run: func(_ context.Context, t *pipeline.Task) (err error) {
			if got, gotParams, err = Read(t); err != nil {
				return err
			}
			return Emit(t, "again", got, gotParams, Metadata(got, 9))
		}}
		g, err := pipeline.NewGraph(read)
		if err != nil {
			t.Fatal(err)
		}
		code := map[string]codedigest.Stage{"write": {Digest: "a"}, "read": {Digest: "b"}}
		if _, err := pipeline.Run(t.Context(), g, pipeline.Options{Store: s, DAG: "test", Numerics: "none", Code: code}); err != nil {
			t.Fatal(err)
		}
		if got != n || !slices.Equal(gotParams, params) {
			t.Errorf("read %+v, wrote %+v", got, n)
		}
	}
}
