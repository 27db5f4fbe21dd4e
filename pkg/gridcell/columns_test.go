package gridcell

import (
	"math/cmplx"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Columns transformed together are what gonum makes of each, there and back.
func TestColumnsAreTransformedAsGonumDoesIt(t *testing.T) {
	rng := source(8)
	for _, n := range []int{1, 2, 3, 4, 5, 8, 12, 30, 54, 94, 96, 97, 100, 128} {
		const width = 7
		f, reference := newColumnFFT(n, width), fourier.NewCmplxFFT(n)
		field := make([]complex128, n*width)
		for i := range field {
			field[i] = complex(rng.NormFloat64(), rng.NormFloat64())
		}
		there := append([]complex128(nil), field...)
		f.transform(there, false)
		back := append([]complex128(nil), there...)
		f.transform(back, true)
		column := make([]complex128, n)
		for c := range width {
			for j := range n {
				column[j] = field[j*width+c]
			}
			for j, want := range reference.Coefficients(nil, column) {
				if got := there[j*width+c]; cmplx.Abs(got-want) > 1e-12*float64(n) {
					t.Fatalf("length %d: coefficient %d of column %d is %v, want %v", n, j, c, got, want)
				}
				if got := back[j*width+c] / complex(float64(n), 0); cmplx.Abs(got-column[j]) > 1e-13*float64(n) {
					t.Fatalf("length %d: value %d of column %d comes back as %v, was %v", n, j, c, got, column[j])
				}
			}
		}
	}
}
