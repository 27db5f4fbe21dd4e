// Package embedtable has the rows of what the embed stage writes.
package embedtable

// Component is a row of "pca", which has all principal components, by descending variance.
type Component struct {
	Component     int32   `col:"component" doc:"number of the principal component, from 0"`
	VarianceRatio float64 `col:"variance_ratio" doc:"share of the variance of the states; NaN if they all coincide"`
}

// Point is a row of "points": where the network was, and where its state lies.
type Point struct {
	X         float32   `col:"x" unit:"m" doc:"place, from the centre of the box"`
	Y         float32   `col:"y" unit:"m" doc:"place, from the centre of the box"`
	PC        []float32 `col:"pc" shape:"components" doc:"coordinates along the principal components, from the mean state"`
	Embedding []float32 `col:"embedding" shape:"dimensions" doc:"spectral embedding; NaN outside the largest component of the neighbour graph"`
	Isomap    []float32 `col:"isomap" shape:"dimensions" doc:"Isomap embedding; NaN likewise"`
	Rings     []float32 `col:"rings" shape:"3,2" doc:"sum_i cos(phi_a,i) g_i and sum_i sin(phi_a,i) g_i over the units of the module, for its wave vectors a = 1, 2, 3; NaN without a module"`
}

// Eigenvalue is a row of "eigenvalues": of the normalised Laplacian of the neighbour graph,
// ascending, from the lowest above zero on.
type Eigenvalue struct {
	Index int32   `col:"index" doc:"number of the eigenvalue, from 1; 0 would be the eigenvalue zero"`
	Value float64 `col:"value" doc:"eigenvalue"`
}

// Interval is a row of "intervals": a class of the persistent cohomology of the states' landmarks,
// longest first in each dimension.
type Interval struct {
	Dimension int32   `col:"dimension" doc:"dimension of the class"`
	Birth     float64 `col:"birth" doc:"scale at which the class is born"`
	Death     float64 `col:"death" doc:"scale at which it dies; +Inf for the component that is left"`
}

// Topology is the one row of "topology": the Betti numbers that hold over the longest range of log
// scale, and that range.
type Topology struct {
	Betti0    int32   `col:"betti0" doc:"number of components"`
	Betti1    int32   `col:"betti1" doc:"number of loops"`
	Betti2    int32   `col:"betti2" doc:"number of voids"`
	From      float64 `col:"scale_from" doc:"lowest scale with these Betti numbers; NaN where there is no range"`
	To        float64 `col:"scale_to" doc:"highest scale with these Betti numbers; NaN where there is no range"`
	Cone      float64 `col:"cone" doc:"scale from which on the complex is a cone"`
	Landmarks int32   `col:"landmarks" doc:"number of landmarks"`
	Isomap    float64 `col:"isomap_residual" doc:"residual variance of the Isomap embedding"`
}
