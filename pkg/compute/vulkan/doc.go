// Package vulkan is the training step for GPUs: compute shaders behind Vulkan 1.2,
// reached without cgo, in float32 or in mixed precision. The same micro-batches,
// losses, clipping and optimiser as package cpu's; results agree to rounding.
//
// How the step is laid out:
//
//   - Everything lives in one buffer of the device. A submission holds as many
//     steps as take about a tenth of a second, or a part of one that takes longer;
//     only a record of each step comes back.
//   - Velocities, orders and samples are drawn on the device by the counter-based
//     generator of package sic, bit for bit, for all micro-batches of a submission at once.
//   - W(v) is one product for all distinct velocities, kept in both orders: by columns for the way
//     forward in time, by rows for the way back. Where every trajectory has velocities of its own
//     it is made in windows of bounded size, and again for the way back.
//   - A trajectory is one workgroup that runs through all its steps in one dispatch.
//   - The pair losses and their gradient are one pass over tiles of the Gram
//     matrix that never leave the workgroup.
//   - In mixed precision the products of that pass, and those of the gradient of
//     W(v) and the MLP's last layer, are made by cooperative matrices, of operands
//     rounded to 16 bits and sums of 32. Shaders that end in _mixed do that.
//   - Every sum is made in a fixed order, without atomic additions, so runs are
//     bitwise identical on the same device and driver.
//
// No loop of a shader runs for more than 65 535 rounds, since Debian 12's
// lavapipe ends one there without a word; longer work is cut into dispatches.
package vulkan
