// Package embed is the stage that looks for the torus: principal components, spectral embedding and
// rings of the states of one module.
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
	Components  int `json:"components" range:">= 1" default:"6" doc:"principal components in which distances are measured (appendix D)"`
	Dimensions  int `json:"dimensions" range:">= 1" default:"3" doc:"of the spectral embedding (appendix D)"`
	Neighbours  int `json:"neighbours" range:">= 1" default:"15" doc:"states that each state is joined to (ours)"`
	Eigenvalues int `json:"eigenvalues" range:">= 1" default:"12" doc:"of the graph Laplacian that are kept (ours)"`
	MaxPoints   int `json:"max_points" range:">= 2" default:"8000" doc:"of more states every second, third, ... is taken (ours)"`
	// IsomapLandmarks are the states that Isomap measures geodesic distances from.
	IsomapLandmarks int     `json:"isomap_landmarks" range:">= 2" default:"200" doc:"states that Isomap measures geodesic distances from (ours)"`
	Landmarks       int     `json:"landmarks" range:"[2, 500]" default:"150" doc:"states whose Rips complex stands for the shape (ours)"`
	Average         float64 `json:"average" range:"[0, 1)" default:"0.02" doc:"share of the states over which each is averaged with its neighbours before (ours)"`
}

// Topology are the options of the shape that the parameters ask for.
func (p Params) Topology(threads int) manifold.TopologyOptions {
	return manifold.TopologyOptions{Components: p.Components, MaxPoints: p.MaxPoints, Average: p.Average, Landmarks: p.Landmarks, Dimension: 2, Threads: threads}
}

// Outputs of the stage.
var Outputs = []string{"pca", "points", "eigenvalues", "intervals", "topology"}

// Run embeds the states of the module with most units, or of all active units where there is no
// module, and writes what it finds. What cannot be embedded is no error: its columns are NaN, its
// eigenvalues absent, and the metadata key "undefined" says why.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
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
