// Package cpu is the training step for processors: float32, AVX2/FMA assembly
// where there is some and plain Go elsewhere.
//
// What it does with the structure of the problem:
//
//   - W(v) is computed once for each distinct velocity. A batch of permuted
//     trajectories has only T of them.
//   - W is kept by columns (source unit first), so that a step is a sum of the
//     columns of the active units, in a trained network about a third of them.
//   - States are mostly zeros, and so is what the hidden layers give for one velocity. Products
//     with them (the Gram matrix and its gradient, the MLP's last layer, the gradient of W(v)) look
//     at the elements that lists name and at nothing else; a skipped zero changes no sum.
//   - The states before a step are stored grouped by the velocity they meet, so
//     that the gradient of each W(v_k) is one product of two contiguous blocks.
//   - The products would wait for memory, not for arithmetic, so every loop fetches
//     what the next one needs; a rollout takes the trajectories round the
//     velocities so that several meet the same W(v) while it is near.
//   - Where trajectories share no velocity, W(v) is never formed: a step computes the columns of
//     the units that are active in the state that it leaves, on the way out and again on the way
//     back.
//   - The pair losses run over tiles of the Gram matrix that stay in the first
//     cache; each tile off the diagonal serves both its rows and its columns.
//   - Biases are one more row of their layer's weights, met by an input of 1.
//
// Work is cut into tasks in a way that does not depend on the number of threads, and whatever two
// tasks add to is added up in a fixed order: results are bitwise identical
// for every number of threads.
package cpu
