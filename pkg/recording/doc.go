// Package recording makes ratemaps of what was recorded, an animal's or a model's, and tests them
// against chance.
//
// The nouns:
//
//   - A Track says where the animal was and when. Frames may be missing, out of the box, or jumps
//     of the tracking.
//   - An Arena is the box, or the ellipse in it, and its bins.
//   - Rules say which moments of a track count: speeds, epochs.
//   - Samples are the moments that count. Each has a bin, and stands for some seconds; what was
//     left out is counted.
//   - A Train is what one unit did in the samples: its spikes, or its activity. A unit may have
//     been recorded in part of the samples only.
//   - A Session holds samples and trains, and makes of them, unit by unit, rates and ratemaps, maps
//     of halves of the time, and shuffles: the maps of trains that are rolled in time against the
//     track.
//
// Positions are metres from the centre of the arena, x to the right and y up; times are seconds.
// Where a track has no times, time is counted in samples.
package recording
