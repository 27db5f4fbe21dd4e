package gridcell

import (
	"math"
	"math/cmplx"
)

// columnFFT transforms all columns of a complex field [n, width] at once: every step of Stockham's
// algorithm combines whole rows, so that memory is read in order. gonum's transform, one column
// after the other, takes two to three times as long. It holds work space, so each goroutine needs
// its own.
type columnFFT struct {
	n, width int
	radices  []int
	roots    []complex128 // exp(-2 pi i k / n)
	work     []complex128
}

// newColumnFFT prepares transforms of columns of n values. A prime factor p of n costs p operations
// a value.
func newColumnFFT(n, width int) *columnFFT {
	f := &columnFFT{n: n, width: width, roots: make([]complex128, n), work: make([]complex128, n*width)}
	for k := range f.roots {
		s, c := math.Sincos(-2 * math.Pi * float64(k) / float64(n))
		f.roots[k] = complex(c, s)
	}
	left := n
	for ; left%4 == 0; left /= 4 {
		f.radices = append(f.radices, 4)
	}
	for p := 2; left > 1; p++ {
		for ; left%p == 0; left /= p {
			f.radices = append(f.radices, p)
		}
	}
	return f
}

// transform replaces every column by its coefficients, or, backwards, by the sequence that has
// these coefficients, times n.
func (f *columnFFT) transform(field []complex128, backwards bool) {
	from, to := field, f.work
	length, stride := f.n, 1 // sub-transforms of this length are left, of every stride-th row
	for _, p := range f.radices {
		part := length / p
		for q := range part {
			switch p {
			case 4:
				f.quarter(from, to, q, part, stride, length, backwards)
			case 2:
				f.halve(from, to, q, part, stride, length, backwards)
			default:
				f.combine(from, to, p, q, part, stride, length, backwards)
			}
		}
		length, stride = part, stride*p
		from, to = to, from
	}
	if len(f.radices)%2 == 1 {
		copy(field, f.work)
	}
}

// root is exp(-2 pi i k / length), or its conjugate.
func (f *columnFFT) root(k, length int, backwards bool) complex128 {
	w := f.roots[k%length*(f.n/length)]
	if backwards {
		return cmplx.Conj(w)
	}
	return w
}

// quarter combines four blocks of rows.
func (f *columnFFT) quarter(from, to []complex128, q, part, stride, length int, backwards bool) {
	block := stride * f.width
	in := func(r int) []complex128 { return from[(q+part*r)*block:][:block] }
	out := func(r int) []complex128 { return to[(4*q+r)*block:][:block] }
	a, b, c, d := in(0), in(1), in(2), in(3)
	u0, u1, u2, u3 := out(0), out(1), out(2), out(3)
	w1, w2, w3 := f.root(q, length, backwards), f.root(2*q, length, backwards), f.root(3*q, length, backwards)
	sign := 1.0
	if backwards {
		sign = -1
	}
	for i := range a {
		sum, difference := a[i]+c[i], a[i]-c[i]
		other, turned := b[i]+d[i], b[i]-d[i]
		turned = complex(sign*imag(turned), -sign*real(turned))
		u0[i] = sum + other
		u1[i] = w1 * (difference + turned)
		u2[i] = w2 * (sum - other)
		u3[i] = w3 * (difference - turned)
	}
}

// halve combines two blocks of rows.
func (f *columnFFT) halve(from, to []complex128, q, part, stride, length int, backwards bool) {
	block := stride * f.width
	a, b := from[q*block:][:block], from[(q+part)*block:][:block]
	u0, u1 := to[2*q*block:][:block], to[(2*q+1)*block:][:block]
	w := f.root(q, length, backwards)
	for i := range a {
		u0[i], u1[i] = a[i]+b[i], w*(a[i]-b[i])
	}
}

// combine combines p blocks of rows.
func (f *columnFFT) combine(from, to []complex128, p, q, part, stride, length int, backwards bool) {
	block := stride * f.width
	for r := range p {
		out := to[(p*q+r)*block:][:block]
		clear(out)
		for s := range p {
			w := f.root(q*r, length, backwards) * f.root(r*s*part, length, backwards)
			for i, v := range from[(q+part*s)*block:][:block] {
				out[i] += w * v
			}
		}
	}
}
