package manifold

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// TopologyOptions of Topology.
type TopologyOptions struct {
	Components int     // principal components of the distances (6 hold a hexagonal torus; Gardner et al. 2022)
	MaxPoints  int     // of more points every second, third, ... is taken
	Average    float64 // share of the points that each is averaged with, its neighbours, against noise
	Landmarks  int     // max-min landmarks that the Rips complex is made of
	Dimension  int     // up to which classes are sought, 0 to 2
	Threads    int
}

// StandardTopology returns the conventional choices: 150 landmarks to dimension 2 after averages
// over 2 % of the points.
func StandardTopology() TopologyOptions {
	return TopologyOptions{Components: 6, MaxPoints: 8000, Average: 0.02, Landmarks: 150, Dimension: 2, Threads: 1}
}

// Check returns an error that names the first impossible option.
func (o TopologyOptions) Check() error {
	switch {
	case o.Components < 1:
		return fmt.Errorf("components is %d, must be at least 1", o.Components)
	case o.MaxPoints < 2:
		return fmt.Errorf("max_points is %d, must be at least 2", o.MaxPoints)
	case !(o.Average >= 0 && o.Average < 1):
		return fmt.Errorf("average is %g, must be at least 0 and less than 1", o.Average)
	case o.Landmarks < 2 || o.Landmarks > 500:
		return fmt.Errorf("landmarks is %d, must be 2 to 500", o.Landmarks)
	case o.Dimension < 0 || o.Dimension > 2:
		return fmt.Errorf("dimension is %d, must be 0 to 2", o.Dimension)
	}
	return nil
}

// Shape is what is known of the topology of a cloud of points.
type Shape struct {
	*Persistence
	PCA       *PCA
	Points    int // that were left by MaxPoints
	Landmarks int // different ones that were found
}

// Topology finds the shape of points [n, D]: principal components, averages over neighbours,
// max-min landmarks, and the persistent cohomology of their Rips complex, whose Betti numbers Betti
// reads off. Averages are taken over at most all but one of the points; fewer points than landmarks
// are all taken.
func Topology(points *mat.Dense, o TopologyOptions) (*Shape, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("topology: %w", err)
	}
	pca, err := Principal(points)
	if err != nil {
		return nil, fmt.Errorf("topology: %w", err)
	}
	all, dims := points.Dims()
	cloud, err := pca.Project(thinned(points, o.MaxPoints), min(o.Components, dims))
	if err != nil {
		return nil, fmt.Errorf("topology: %w", err)
	}
	n, _ := cloud.Dims()
	if k := min(int(o.Average*float64(n)), n-1); k > 0 {
		if cloud, err = Averaged(cloud, k, o.Threads); err != nil {
			return nil, fmt.Errorf("topology: %w", err)
		}
	}
	of, err := Landmarks(cloud, min(o.Landmarks, n))
	if err != nil {
		return nil, fmt.Errorf("topology of %d points: %w", all, err)
	}
	p, err := Rips(Distances(cloud, of), RipsOptions{Dimension: o.Dimension, Threads: o.Threads})
	if err != nil {
		return nil, err
	}
	return &Shape{Persistence: p, PCA: pca, Points: n, Landmarks: len(of)}, nil
}

// thinned returns every second, third, ... point, so that at most most are left.
func thinned(points *mat.Dense, most int) *mat.Dense {
	n, dims := points.Dims()
	stride := (n + most - 1) / most
	if stride <= 1 {
		return points
	}
	out := mat.NewDense((n+stride-1)/stride, dims, nil)
	for i := 0; i < n; i += stride {
		out.SetRow(i/stride, points.RawRowView(i))
	}
	return out
}
