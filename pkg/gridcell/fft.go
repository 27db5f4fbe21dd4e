package gridcell

import "gonum.org/v1/gonum/dsp/fourier"

// fft2 is the discrete Fourier transform of real fields [ny, nx]; a spectrum is [ny, nx/2+1]. It
// holds work space, so each goroutine needs its own.
type fft2 struct {
	nx, ny, half int
	row          *fourier.FFT
	col          *fourier.CmplxFFT
	line         []float64
	column       []complex128
	out          []complex128
}

func newFFT2(nx, ny int) *fft2 {
	return &fft2{
		nx: nx, ny: ny, half: nx/2 + 1,
		row:    fourier.NewFFT(nx),
		col:    fourier.NewCmplxFFT(ny),
		line:   make([]float64, nx),
		column: make([]complex128, ny),
		out:    make([]complex128, ny),
	}
}

// forward transforms a field [h, w] with h <= ny, w <= nx, padded with zeros, into dst [ny,
// nx/2+1].
func (f *fft2) forward(dst []complex128, field []float64, w, h int) {
	for j := range f.ny {
		d := dst[j*f.half : (j+1)*f.half]
		if j >= h {
			clear(d)
			continue
		}
		copy(f.line, field[j*w:(j+1)*w])
		clear(f.line[w:])
		f.row.Coefficients(d, f.line)
	}
	f.columns(dst, f.col.Coefficients)
}

// columns transforms every column of a spectrum.
func (f *fft2) columns(spectrum []complex128, transform func(dst, seq []complex128) []complex128) {
	for i := range f.half {
		for j := range f.ny {
			f.column[j] = spectrum[j*f.half+i]
		}
		transform(f.out, f.column)
		for j := range f.ny {
			spectrum[j*f.half+i] = f.out[j]
		}
	}
}

// inverse transforms a spectrum into a field [ny, nx]; inverse(forward(x)) = x. It overwrites the
// spectrum.
func (f *fft2) inverse(field []float64, spectrum []complex128) {
	f.columns(spectrum, f.col.Sequence)
	scale := 1 / float64(f.nx*f.ny)
	for j := range f.ny {
		dst := field[j*f.nx : (j+1)*f.nx]
		f.row.Sequence(dst, spectrum[j*f.half:(j+1)*f.half])
		for i := range dst {
			dst[i] *= scale
		}
	}
}

// fastLength returns the least even length >= n whose prime factors are 2, 3 and 5.
func fastLength(n int) int {
	for ; ; n++ {
		if n%2 != 0 {
			continue
		}
		m := n
		for _, p := range []int{2, 3, 5} {
			for m%p == 0 {
				m /= p
			}
		}
		if m == 1 {
			return n
		}
	}
}
