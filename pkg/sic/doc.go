// Package sic is the mathematics of the Separation-Invariance-Capacity framework
// (Schaeffer, Khona et al., NeurIPS 2023), written plainly in float64.
//
// It is the reference: every faster implementation of the training step is
// tested against it, and it is itself tested against finite differences.
//
// The nouns:
//
//   - A Network is a recurrent network of N units whose weights are a function
//     of velocity, W(v) = MLP(v) in R^{N x N} (eq. 2), with the update
//     g_t = σ(W(v_t) g_{t-1}), σ(h) = ReLU(h)/‖ReLU(h)‖ (eq. 3).
//   - A Draw is what one micro-batch is made of: D distinct velocities, the order in which each of
//     B trajectories runs through them (eq. 1), and the states that take part in the pair losses.
//   - The Terms are the losses of equations 4 to 7 and their weighted sum (eq. 8); package loss
//     has their names, weights and schedules.
//   - A Layout says where each tensor lies in the flat vector of parameters.
//
// Lengths are metres throughout; states are unit vectors.
package sic
