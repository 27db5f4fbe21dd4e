// Package gridcell measures how grid-like the ratemaps of a population of units are. It works on
// plain slices of any model or recording.
//
// The nouns:
//
//   - A Map is the mean activity of one unit in each bin of a box; bins that were never visited are
//     NaN, from the start to the end of every measure.
//   - An Autocorrelogram holds, for every lag in bins, the Pearson correlation of the map with its
//     shifted copy over the bins visited in both.
//   - Scores say how well the autocorrelogram agrees with itself after rotations of 60 degrees
//     (hexagonal lattices) or 90 degrees (square ones). Several definitions are in use; each is named
//     and its source given.
//   - Peaks are the six autocorrelogram peaks nearest to zero lag, weak ones left out. They give the
//     period, the orientation and the ellipse. Where bins are few a period they are those of the lattice
//     of three plane waves fitted to the map, and with fewer than three a unit has none: it says why.
//   - A Superlattice is a wider lattice, part of a unit's own, on which its fields are higher.
//   - A Superposed map is the sum of two lattices that have no points in common: no one of them is
//     the unit's, unless it is much the stronger.
//   - The modulation of a unit is how much of its highest rate comes and goes.
//   - A Field is a patch where a unit fires; a unit with one field and no six peaks is place-like.
//   - A Module is a set of units that share period and orientation.
//   - A Spectrum is the mean power spectrum of several maps; its six peaks give a module's wave vectors
//     k1, k2, k3 with k1 + k2 + k3 = 0.
//   - The Phases of a unit are the arguments of its Fourier coefficients at a module's wave vectors;
//     they say where on the unit cell the unit fires.
//   - Isometry says how well the population keeps the metric of space.
//   - A Code is the idealised grid code of one-dimensional space: the periods of its modules, whose
//     phases at a place are a point on a torus.
//
// Positions are metres from the centre of the box, x to the right and y up, whatever the shape of
// box and bins; orientations are degrees in [0, 60), wave vectors rad/m, phases radians in (-pi,
// pi]. A measure that is undefined is NaN; no input makes the package panic, and no result depends
// on the number of threads.
package gridcell
