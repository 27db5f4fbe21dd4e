package manifold

import (
	"fmt"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// Graph is an undirected graph without loops, all of whose edges have weight 1.
type Graph struct {
	start []int   // [N+1]; the neighbours of i are to[start[i]:start[i+1]], ascending
	to    []int32 // both directions of every edge
}

// Len returns the number of points.
func (g *Graph) Len() int { return len(g.start) - 1 }

// Neighbours returns the points joined to point i, ascending. The slice belongs to the graph.
func (g *Graph) Neighbours(i int) []int32 { return g.to[g.start[i]:g.start[i+1]] }

// NearestNeighbours returns the graph that joins two of the points [n, D] if either is among the k
// nearest of the other in Euclidean distance. Of points at the same distance the one of lower index
// is nearer. The search is exact and compares all pairs: n^2 D operations, shared by the given
// number of threads. It is an error unless 1 <= k < n.
func NearestNeighbours(points *mat.Dense, k, threads int) (*Graph, error) {
	if err := check(points); err != nil {
		return nil, fmt.Errorf("neighbour graph: %w", err)
	}
	n, _ := points.Dims()
	if k < 1 || k >= n {
		return nil, fmt.Errorf("neighbour graph: %d neighbours for each of %d points: allowed are 1 to %d", k, n, n-1)
	}
	near := make([]int32, n*k)
	parallel(n, threads, func(from, to int) {
		distance := make([]float64, k)
		for i := from; i < to; i++ {
			nearest(points, i, near[i*k:(i+1)*k], distance)
		}
	})
	joined := make([][]int32, n)
	for i := range n {
		for _, j := range near[i*k : (i+1)*k] {
			joined[i] = append(joined[i], j)
			joined[j] = append(joined[j], int32(i))
		}
	}
	g := &Graph{start: make([]int, n+1), to: make([]int32, 0, 2*n*k)}
	for i, list := range joined {
		slices.Sort(list)
		g.to = append(g.to, slices.Compact(list)...)
		g.start[i+1] = len(g.to)
	}
	return g, nil
}

// nearest fills near with the points nearest to point i, ascending in (distance, index), and
// distance with their squared distances.
func nearest(points *mat.Dense, i int, near []int32, distance []float64) {
	n, dims := points.Dims()
	raw := points.RawMatrix()
	centre := raw.Data[i*raw.Stride : i*raw.Stride+dims]
	found := 0
	for j := range n {
		if j == i {
			continue
		}
		d := 0.0
		for c, v := range raw.Data[j*raw.Stride : j*raw.Stride+dims] {
			d += (v - centre[c]) * (v - centre[c])
		}
		if found == len(near) && d >= distance[found-1] {
			continue
		}
		if found < len(near) {
			found++
		}
		at := found - 1
		for ; at > 0 && d < distance[at-1]; at-- {
			near[at], distance[at] = near[at-1], distance[at-1]
		}
		near[at], distance[at] = int32(j), d
	}
}

// Components returns the connected component of every point and the size of each. Components are
// numbered in the order of their first points.
func (g *Graph) Components() (component []int, size []int) {
	component = make([]int, g.Len())
	for i := range component {
		component[i] = -1
	}
	var stack []int32
	for i := range component {
		if component[i] >= 0 {
			continue
		}
		label := len(size)
		size = append(size, 0)
		component[i] = label
		stack = append(stack, int32(i))
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			size[label]++
			for _, j := range g.Neighbours(int(at)) {
				if component[j] < 0 {
					component[j] = label
					stack = append(stack, j)
				}
			}
		}
	}
	return component, size
}

// part returns the graph of the given points, which must be whole components, in their order.
func (g *Graph) part(points []int) *Graph {
	at := make([]int32, g.Len())
	for new, old := range points {
		at[old] = int32(new)
	}
	p := &Graph{start: make([]int, len(points)+1)}
	for new, old := range points {
		for _, j := range g.Neighbours(old) {
			p.to = append(p.to, at[j])
		}
		p.start[new+1] = len(p.to)
	}
	return p
}

// parallel calls work on consecutive ranges that make up 0 to n, at most threads at a time.
func parallel(n, threads int, work func(from, to int)) {
	threads = max(1, min(threads, n))
	if threads == 1 {
		work(0, n)
		return
	}
	var wait sync.WaitGroup
	for t := range threads {
		wait.Go(func() { work(t*n/threads, (t+1)*n/threads) })
	}
	wait.Wait()
}
