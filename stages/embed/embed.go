// Package embed is the stage that looks for the torus: principal components, spectral embedding and rings of the
// states of one module.
package embed

import (
	"context"
	"fmt"

	"sicgrid/pkg/manifold"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Params are the parameters of an embedding.
type Params struct {
	Components  int `json:"components"`  // principal components in which distances are measured (6 hold a hexagonal torus)
	Dimensions  int `json:"dimensions"`  // of the spectral embedding
	Neighbours  int `json:"neighbours"`  // each state is joined to so many nearest ones
	Eigenvalues int `json:"eigenvalues"` // lowest non-zero eigenvalues of the graph Laplacian that are kept
	MaxPoints   int `json:"max_points"`  // of more states every second, third, ... is taken
	// IsomapLandmarks are the states that Isomap measures geodesic distances from.
	IsomapLandmarks int     `json:"isomap_landmarks"`
	Landmarks       int     `json:"landmarks"` // states whose Rips complex stands for the shape
	Average         float64 `json:"average"`   // share of the states over which each is averaged with its neighbours before
}

// Check returns an error if a parameter, or two together, are impossible.
func (p Params) Check() error {
	for _, v := range []struct {
		name  string
		value int
	}{{"components", p.Components}, {"dimensions", p.Dimensions}, {"neighbours", p.Neighbours}, {"eigenvalues", p.Eigenvalues}} {
		if v.value < 1 {
			return fmt.Errorf("%s is %d, must be at least 1", v.name, v.value)
		}
	}
	if p.Eigenvalues < p.Dimensions {
		return fmt.Errorf("eigenvalues is %d, must be at least %d, the dimensions", p.Eigenvalues, p.Dimensions)
	}
	if p.MaxPoints <= p.Neighbours {
		return fmt.Errorf("max_points is %d, must be more than %d, the neighbours of each", p.MaxPoints, p.Neighbours)
	}
	if p.IsomapLandmarks <= p.Dimensions {
		return fmt.Errorf("isomap_landmarks is %d, must be more than %d, the dimensions", p.IsomapLandmarks, p.Dimensions)
	}
	return p.topology(1).Check()
}

func (p Params) topology(threads int) manifold.TopologyOptions {
	return manifold.TopologyOptions{Components: p.Components, MaxPoints: p.MaxPoints, Average: p.Average, Landmarks: p.Landmarks, Dimension: 2, Threads: threads}
}

// Outputs of the stage.
var Outputs = []string{"pca", "points", "eigenvalues", "intervals", "topology"}

// Run embeds the states of the module with most units, or of all active units where there is no module, and writes
// what it finds. What cannot be embedded is no error: its columns are NaN, its eigenvalues absent, and the
// metadata key "undefined" says why.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	if err := p.Check(); err != nil {
		return err
	}
	r := &pipeline.Reader{Task: t}
	states := pipeline.Rows[ratemapstable.State](r, "states")
	units := pipeline.Rows[spectratable.Unit](r, "units")
	modules := pipeline.Rows[spectratable.Module](r, "modules")
	if r.Err != nil {
		return r.Err
	}
	t.Progress(0, 1, fmt.Sprintf("%d states", len(states)))
	e, err := embed(p, states, units, modules, t.Threads())
	if err != nil {
		return err
	}
	about := map[string]string{
		"box_m": r.Meta("states")["box_m"], "module": fmt.Sprint(e.module), "neighbours": fmt.Sprint(p.Neighbours),
		"units": fmt.Sprint(e.units), "stride": fmt.Sprint(e.stride),
		"graph_components": fmt.Sprint(e.graphComponents), "embedded": fmt.Sprint(e.embedded),
	}
	if e.undefined != "" {
		about["undefined"] = e.undefined
	}
	if err := pipeline.Emit(t, "pca", e.pca, about); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "points", e.points, about); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "eigenvalues", e.eigenvalues, about); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "intervals", e.intervals, about); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "topology", []embedtable.Topology{e.topology}, about); err != nil {
		return err
	}
	t.Progress(1, 1, fmt.Sprintf("%d states", len(e.points)))
	return nil
}
