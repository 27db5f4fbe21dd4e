package figure6

// Spectrum is a row of "spectrum": the mean power of a module's maps (module -1: of
// all active units) on a square of wave vectors, zero in the middle at n/2, and
// their step in rad/m.
type Spectrum struct {
	Module int32     `col:"module"`
	Power  []float64 `col:"power"`
	Step   float64   `col:"wavenumber_step"`
}

// Component is a row of the embed stage's "pca".
type Component struct {
	Component int32   `col:"component"`
	Variance  float64 `col:"variance_ratio"`
}

// State is a row of "points": where the network was (m), its place in the spectral
// embedding [3] and on the module's three rings [3,2]; empty or NaN where undefined.
type State struct {
	X         float32   `col:"x"`
	Y         float32   `col:"y"`
	Embedding []float32 `col:"embedding"`
	Isomap    []float32 `col:"isomap"`
	Rings     []float32 `col:"rings"`
}

// Eigenvalue is a row of "eigenvalues": of the normalised graph Laplacian, ascending.
type Eigenvalue struct {
	Index int32   `col:"index"`
	Value float64 `col:"value"`
}

// Interval is a row of "intervals": a class of the persistent cohomology of the states.
type Interval struct {
	Dimension int32   `col:"dimension"`
	Birth     float64 `col:"birth"`
	Death     float64 `col:"death"`
}

// Topology is the one row of "topology": Betti numbers, the range of scales over which they hold (NaN: undetermined), the
// scale from which the complex is a cone, and the longest lives of the controls' loops and voids.
type Topology struct {
	Betti0    int32   `col:"betti0"`
	Betti1    int32   `col:"betti1"`
	Betti2    int32   `col:"betti2"`
	From      float64 `col:"scale_from"`
	To        float64 `col:"scale_to"`
	Cone      float64 `col:"cone"`
	Landmarks int32   `col:"landmarks"`
	Loop      float64 `col:"control_loop"`
	Void      float64 `col:"control_void"`
	Isomap    float64 `col:"isomap_residual"`
}
