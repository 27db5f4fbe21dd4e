// Package embed is the stage that looks for the torus: principal components, spectral embedding and rings of the
// states of one module.
package embed

import (
	"context"
	"fmt"

	"sicgrid/pkg/manifold"
	"sicgrid/pkg/pipeline"
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

// Component is a row of "pca", which has all principal components, by descending variance.
type Component struct {
	Component     int32   `col:"component"`      // from 0
	VarianceRatio float64 `col:"variance_ratio"` // share of the variance of the states; NaN if they all coincide
}

// Point is a row of "points": where the network was, and where its state lies.
type Point struct {
	X         float32   `col:"x" unit:"m"`
	Y         float32   `col:"y" unit:"m"`
	PC        []float32 `col:"pc" shape:"components"`        // coordinates along the principal components, from the mean state
	Embedding []float32 `col:"embedding" shape:"dimensions"` // NaN outside the largest component of the neighbour graph
	Isomap    []float32 `col:"isomap" shape:"dimensions"`    // likewise
	// Rings has sum_i cos(phi_a,i) g_i and sum_i sin(phi_a,i) g_i over the units of the module, for its wave vectors
	// a = 1, 2, 3; NaN without a module.
	Rings []float32 `col:"rings" shape:"3,2"`
}

// Eigenvalue is a row of "eigenvalues": of the normalised Laplacian of the neighbour graph, ascending, from the lowest
// above zero on.
type Eigenvalue struct {
	Index int32   `col:"index"` // from 1; 0 would be the eigenvalue zero
	Value float64 `col:"value"`
}

// Interval is a row of "intervals": a class of the persistent cohomology of the states' landmarks, longest first in each dimension.
type Interval struct {
	Dimension int32   `col:"dimension"`
	Birth     float64 `col:"birth"`
	Death     float64 `col:"death"` // +Inf for the component that is left
}

// Topology is the one row of "topology": the Betti numbers that hold over the longest range of log scale, and that range; NaN
// where there is none.
type Topology struct {
	Betti0    int32   `col:"betti0"`
	Betti1    int32   `col:"betti1"`
	Betti2    int32   `col:"betti2"`
	From      float64 `col:"scale_from"`
	To        float64 `col:"scale_to"`
	Cone      float64 `col:"cone"` // from this scale on the complex is a cone
	Landmarks int32   `col:"landmarks"`
	Isomap    float64 `col:"isomap_residual"` // residual variance of the Isomap embedding
}

// What this stage reads.

type stateView struct {
	X     float32   `col:"x" unit:"m"`
	Y     float32   `col:"y" unit:"m"`
	State []float32 `col:"state"`
}

type unitView struct {
	Unit   int32   `col:"unit"`
	Active bool    `col:"active"`
	Module int32   `col:"module"`
	Phi1   float64 `col:"phi1"`
	Phi2   float64 `col:"phi2"`
	Phi3   float64 `col:"phi3"`
}

type moduleView struct {
	Module int32 `col:"module"`
	N      int32 `col:"n"`
}

// Run embeds the states of the module with most units, or of all active units where there is no module, and writes
// what it finds. What cannot be embedded is no error: its columns are NaN, its eigenvalues absent, and the
// metadata key "undefined" says why.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	states, meta, err := pipeline.Read[stateView](t, "states")
	if err != nil {
		return err
	}
	units, _, err := pipeline.Read[unitView](t, "units")
	if err != nil {
		return err
	}
	modules, _, err := pipeline.Read[moduleView](t, "modules")
	if err != nil {
		return err
	}
	t.Progress(0, 1, fmt.Sprintf("%d states", len(states)))
	e, err := embed(p, states, units, modules, t.Threads())
	if err != nil {
		return err
	}
	about := map[string]string{
		"box_m": meta["box_m"], "module": fmt.Sprint(e.module), "neighbours": fmt.Sprint(p.Neighbours),
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
	if err := pipeline.Emit(t, "topology", []Topology{e.topology}, about); err != nil {
		return err
	}
	t.Progress(1, 1, fmt.Sprintf("%d states", len(e.points)))
	return nil
}
