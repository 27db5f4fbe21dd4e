package benchmark

import (
	"fmt"
	"io"

	"sicgrid/pkg/gridcell"
)

// Measurement is a median beside that of something plain, measured interleaved with it.
type Measurement struct {
	What           string  `json:"what"`
	Value          float64 `json:"value"`
	Unit           string  `json:"unit"`
	Reference      string  `json:"reference"`
	ReferenceValue float64 `json:"reference_value"` // in the same unit
	Ratio          float64 `json:"ratio"`           // value / reference
}

// compare times both interleaved; they return what they did a second, or how long they took.
func compare(row Measurement, work, reference func() (float64, error)) (Measurement, error) {
	var values, references, ratios []float64
	for range turns {
		r, err := reference()
		if err != nil {
			return row, err
		}
		v, err := work()
		if err != nil {
			return row, err
		}
		values, references, ratios = append(values, v), append(references, r), append(ratios, v/r)
	}
	row.Value, row.ReferenceValue, row.Ratio = gridcell.Median(values), gridcell.Median(references), gridcell.Median(ratios)
	return row, nil
}

// Print prints measurements a line each.
func Print(w io.Writer, rows []Measurement) {
	for _, r := range rows {
		fmt.Fprintf(w, "%-46s %9.3f %-5s  %6.2f times %s (%.3f)\n", r.What, r.Value, r.Unit, r.Ratio, r.Reference, r.ReferenceValue)
	}
}
