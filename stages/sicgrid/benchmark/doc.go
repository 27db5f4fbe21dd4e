// Package benchmark times what the program spends its time on, each part beside something plain
// of the same size that is measured interleaved with it, so that a ratio says how fast it is on a
// machine whose clock and neighbours change: training steps on processors and GPUs, the store and
// its Parquet codec, and the analysis.
package benchmark
