// Package artifact is the form in which one stage hands its results to the next.
//
// A table is an Arrow record: named columns of equal length, none of them nullable. A column holds
// bool, int32, int64, float32, float64, string or []byte values, or lists of int32, int64, float32
// or float64.
//
// A row is a plain Go struct whose fields carry the column's name, its unit, its meaning and, for a
// list that is really a tensor, its shape:
//
//	type Ratemap struct {
//		Unit int32     `col:"unit"`
//		Mean []float32 `col:"mean" shape:"ny,nx" doc:"mean activity in each bin"`
//		X    float32   `col:"x" unit:"m"`
//	}
//
// A view is a row struct with fewer columns than the table; whoever reads a table declares just the
// columns that he needs.
//
// The metadata of a table are strings that hold for all its rows (the side of the box, the number
// of bins). Units, shapes and meanings are metadata of their column, and Columns lists them.
//
// The artifact file is Parquet: zstd, non-nullable three-level lists, the Arrow schema under the
// key ARROW:schema as Arrow's own tools write it. The same values, with the same meanings, always
// give the same bytes.
//
// The logical digest is a sha256 over what a table says (columns, metadata, values) and not over
// how a file encodes it: a different compressor, page size or meaning leaves it alone, a changed
// unit does not.
//
// parquet-go writes and reads. Arrow v15's Parquet writer corrupts lists, and its reader takes the
// whole process down on damaged files; here it serves as the independent second reader
// (CheckWithArrow), which is given nothing but what Write would write. Neither is to be trusted
// with bytes whose digest has not been checked: Read turns a panic into an error, but only the
// caller knows which bytes it asked for.
package artifact
