// Package manifold finds the shape of a cloud of population states.
//
//   - A point is one row of a matrix [points, dimensions]: the state of a population at one moment.
//   - A principal component is a direction of the largest remaining variance of the points.
//   - The neighbour graph joins two points by an edge of weight 1 if either is among the k nearest of the other.
//   - Its normalised Laplacian is I - D^(-1/2) W D^(-1/2), with W the adjacency and D the diagonal of its row sums, the
//     degrees. It has one eigenvalue 0 for each connected component; the next ones are small where the graph has a
//     large-scale direction, and their multiplicity tells shapes apart: two for a ring, four for a square torus,
//     six for a hexagonal one.
//   - The spectral embedding gives every point its values in the eigenvectors of the lowest non-zero eigenvalues.
//
// Every result is the same, bit for bit, for any number of threads.
package manifold
