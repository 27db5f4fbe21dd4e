// Package manifold finds the shape of a cloud of population states.
//
//   - A point is one row of a matrix [points, dimensions]: the state of a population at one moment.
//   - A principal component is a direction of the largest remaining variance of the points.
//   - The neighbour graph joins two points by an edge of weight 1 if either is among the k nearest of
//     the other.
//   - Its normalised Laplacian is I - D^(-1/2) W D^(-1/2), with W the adjacency and D the diagonal of
//     its row sums, the degrees. It has one eigenvalue 0 for each connected component; the next ones
//     are small where the graph has a large-scale direction, and their multiplicity tells shapes apart:
//     two for a ring, four for a square torus, six for a hexagonal one.
//   - The spectral embedding gives every point its values in the eigenvectors of the lowest non-zero
//     eigenvalues.
//   - Isomap places the points so that straight distances are close to geodesic ones, the shortest ways
//     over the graph.
//   - Landmarks are a few of the points, spread evenly over the shape.
//   - The Rips complex of points at a scale r has a simplex for every set of them that are all within r
//     of each other. Its persistent cohomology lists, as an interval of scales, how long each
//     component, loop and void lasts; the Betti numbers count those of the shape itself: 1, 2, 1 for a
//     torus, 1, 1, 0 for a ring.
//   - The cone is the scale from which on one point is within reach of all, and nothing is left but one
//     component: the radius of the cloud.
//   - A class lives from its birth to its death; its life is 2 sqrt(death/cone) - 2 sqrt(birth/cone).
//   - A control has the same units as the points, each with the activity that it had, but rolled in time
//     by a random shift of its own, or in random order: no shape is left.
//   - The verdict is Betti numbers, or that they are undetermined, and why: a loop or void counts if it
//     outlives those of all controls and stands out of the others.
//
// Every result is bitwise identical for any number of threads.
package manifold
