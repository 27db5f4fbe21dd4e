package manifold

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// TopologyOptions of Topology.
type TopologyOptions struct {
	// SquareRoot takes square roots of all values first, which makes the variance of spike counts
	// the same at all rates; ZScore then gives each dimension mean 0 and variance 1.
	SquareRoot, ZScore bool
	Components         int     // principal components of the distances (6 hold a hexagonal torus; Gardner et al. 2022)
	MaxPoints          int     // of more points every second, third, ... is taken
	Average            float64 // share of the points that each is averaged with, its neighbours, where they are noisy
	Landmarks          int     // max-min landmarks that the Rips complex is made of
	Dimension          int     // up to which classes are sought, 0 to 2
	Field              int     // prime p of the coefficients Z/p, 2 to 47
	Controls           int     // clouds whose longest bars those of the points must outlive; 0: no verdict
	Control            string  // Rolled, Shuffled or Auto
	Seed               uint64  // of the controls
	Threads            int
	Progress           func(done, total int) // controls, if not nil; from one goroutine at a time
}

// StandardTopology returns the conventional choices: 150 landmarks to dimension 2 over Z/2 after
// averages, where there is noise, over 2 % of the points; 20 controls, so that a shape without
// classes is given one in a dimension by chance in one of 21 cases at most.
func StandardTopology() TopologyOptions {
	return TopologyOptions{Components: 6, MaxPoints: 8000, Average: 0.02, Landmarks: 150, Dimension: 2, Field: 2,
		Controls: 20, Control: Auto, Seed: 1, Threads: 1}
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
	case o.Controls < 0 || o.Controls > 10000:
		return fmt.Errorf("controls is %d, must be 0 to 10000", o.Controls)
	case o.Control != Rolled && o.Control != Shuffled && o.Control != Auto:
		return fmt.Errorf("control is %q, must be %s, %s or %s", o.Control, Rolled, Shuffled, Auto)
	}
	return checkField(o.Field)
}

// Shape is what is known of the topology of a cloud of points.
type Shape struct {
	*Persistence
	PCA       *PCA
	Points    int         // that were left by MaxPoints
	Thickness float64     // see thickness
	Averaged  int         // neighbours that each point was averaged with
	Landmarks int         // different ones that were found
	Control   string      // Rolled or Shuffled
	Longest   [][]float64 // [dimension][controls] Life of the longest bar of each
	Leading   []float64   // [controls] share of the variance along the leading component of each; 0 where it was not found
	Verdict   Verdict
}

// Topology finds the shape of points [n, D]: principal components, averages over neighbours where
// there is noise, max-min landmarks, the persistent cohomology of their Rips complex, and the same
// of controls, against which a Verdict is reached. Averages are taken over at most all but one of
// the points; fewer points than landmarks are all taken. It is an error unless the options are
// possible and the points finite, or if ctx ends.
func Topology(ctx context.Context, points *mat.Dense, o TopologyOptions) (*Shape, error) {
	s, err := o.topology(ctx, points)
	if err != nil {
		return nil, fmt.Errorf("topology: %w", err)
	}
	return s, nil
}

func (o TopologyOptions) topology(ctx context.Context, points *mat.Dense) (*Shape, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if err := check(points); err != nil {
		return nil, err
	}
	states, err := o.prepared(thinned(points, o.MaxPoints))
	if err != nil {
		return nil, err
	}
	s := &Shape{Control: o.Control}
	s.Points, _ = states.Dims()
	cloud, pca, err := o.projected(ctx, states, o.Threads)
	if err != nil {
		return nil, err
	}
	s.PCA = pca
	if s.Thickness, err = thickness(cloud); err != nil {
		return nil, err
	}
	if s.Thickness > noisy {
		s.Averaged = min(int(o.Average*float64(s.Points)), s.Points-1)
	}
	if s.Persistence, s.Landmarks, err = o.complex(ctx, cloud, s.Averaged, o.Threads); err != nil {
		return nil, err
	}
	if s.Control == Auto {
		s.Control = Rolled
		if repeating(states) {
			s.Control = Shuffled
		}
	}
	if err := o.controls(ctx, states, s); err != nil {
		return nil, err
	}
	s.Verdict = s.judge(s.Longest)
	if s.spreads(o.Components) {
		s.Verdict = undetermined("of the states' noisy variance nearly as much lies along component %d as along %d: they fill more dimensions, as those of several modules do; take the units of one, or more components",
			o.Components+1, o.Components)
	}
	return s, nil
}

// Memory is about how many bytes Topology of points [n, D] takes beside the points: two copies of
// those that are used and two for each thread's control, the matrices of the principal components,
// and what grows with the landmarks alone.
func (o TopologyOptions) Memory(n, dims int) int64 {
	n = min(n, o.MaxPoints)
	k := int64(min(n, dims))
	threads := int64(max(1, min(o.Threads, o.Controls)))
	cloud, components := 8*int64(n)*int64(dims), 8*4*k*k+8*k*int64(dims)
	each := 2*cloud + 40*int64(o.Landmarks*o.Landmarks*o.Landmarks)/6
	if k < manyDimensions {
		each += components
	}
	return 2*cloud + components + threads*each
}

// projected returns the leading principal components of states [n, D], [n, Components].
func (o TopologyOptions) projected(ctx context.Context, states *mat.Dense, threads int) (*mat.Dense, *PCA, error) {
	pca, err := decompose(ctx, states, threads)
	if err != nil {
		return nil, nil, err
	}
	cloud, err := pca.Project(states, min(o.Components, len(pca.Variance)))
	return cloud, pca, err
}

// candidates is how many averaged points, if there are so many, landmarks are chosen from at least.
const candidates = 1000

// complex finds the persistent cohomology of landmarks of a cloud [n, Components], after averages
// over so many neighbours.
func (o TopologyOptions) complex(ctx context.Context, cloud *mat.Dense, neighbours, threads int) (*Persistence, int, error) {
	n, _ := cloud.Dims()
	if neighbours > 0 {
		var err error
		if cloud, err = Averaged(cloud, spread(n, max(candidates, 2*o.Landmarks)), neighbours, threads); err != nil {
			return nil, 0, err
		}
		n, _ = cloud.Dims()
	}
	of, err := Landmarks(cloud, min(o.Landmarks, n))
	if err != nil {
		return nil, 0, err
	}
	p, err := Rips(ctx, Distances(cloud, of), RipsOptions{Dimension: o.Dimension, Field: o.Field, Threads: threads})
	return p, len(of), err
}

// spreads reports whether noisy states fill more dimensions than the leading count components: by
// what they have more than the leading one of any control (parallel analysis, Horn 1965), the next
// component is nearly as strong as the last of these.
func (s *Shape) spreads(count int) bool {
	if s.Thickness <= noisy || len(s.Leading) == 0 || count >= len(s.PCA.Ratio) {
		return false
	}
	chance := slices.Max(s.Leading)
	if chance == 0 {
		return false
	}
	last, next := s.PCA.Ratio[count-1]-chance, s.PCA.Ratio[count]-chance
	return last > 0 && next > nearly*last
}

// controls finds, for each control, the Life of the longest bar of each dimension, and the share of
// the variance along the leading component. Each is treated as the states were.
func (o TopologyOptions) controls(ctx context.Context, states *mat.Dense, s *Shape) error {
	s.Longest, s.Leading = make([][]float64, o.Dimension+1), make([]float64, o.Controls)
	for d := range s.Longest {
		s.Longest[d] = make([]float64, o.Controls)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var lock sync.Mutex
	taken, done := 0, 0
	take := func() int {
		lock.Lock()
		defer lock.Unlock()
		taken++
		return taken - 1
	}
	var group sync.WaitGroup
	for range max(1, min(o.Threads, o.Controls)) {
		group.Go(func() {
			for k := take(); k < o.Controls && ctx.Err() == nil; k = take() {
				p, share, err := o.control(ctx, states, s, k)
				if err != nil {
					stop(fmt.Errorf("control %d: %w", k, err))
					return
				}
				for d := range s.Longest {
					s.Longest[d][k] = p.longest(d)
				}
				s.Leading[k] = share
				lock.Lock()
				if done++; o.Progress != nil {
					o.Progress(done, o.Controls)
				}
				lock.Unlock()
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

const (
	// manyDimensions is how many a cloud has at least whose controls' components are found by
	// iteration.
	manyDimensions = 400
	// nearly is the share of a component's strength from which on the next is nearly as strong: of
	// one module's states it is less than a tenth, of two of one size eight.
	nearly = 0.6
)

// control returns the persistence of control k, and the share of the variance along its leading
// component, or 0.
func (o TopologyOptions) control(ctx context.Context, states *mat.Dense, s *Shape, k int) (*Persistence, float64, error) {
	of := control(states, s.Control, o.Seed, k)
	n, dims := of.Dims()
	var cloud *mat.Dense
	var err error
	share := 0.0
	if min(n, dims) >= manyDimensions {
		cloud, err = leading(ctx, of, o.Components)
	} else {
		var pca *PCA
		if cloud, pca, err = o.projected(ctx, of, 1); err == nil {
			share = pca.Ratio[0]
		}
	}
	if err != nil {
		return nil, 0, err
	}
	p, _, err := o.complex(ctx, cloud, s.Averaged, 1)
	return p, share, err
}

// spread returns at most most numbers below n, evenly spread, 0 first.
func spread(n, most int) []int {
	m := min(n, most)
	out := make([]int, m)
	for i := range out {
		out[i] = i * n / m
	}
	return out
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
