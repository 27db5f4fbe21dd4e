// Package ndarray reads arrays that other programs wrote, NumPy's .npy files and columns of Parquet
// files, and writes .npy files for them.
//
// An Array is float64 values in C order (the last axis runs fastest) with a shape. Nothing of a
// file is believed before it is checked: a header that declares more than the file holds is refused
// before memory is asked for, and every refusal is one line that says what to do. The .npy reader
// is our own because the known ones allocate what the header declares.
package ndarray
