package gridcell

import "math"

// solve replaces rhs by the solution of m x = rhs, m [n, n] row-major, by Gaussian elimination with
// partial pivoting; it overwrites m. It returns false if m is singular to rounding. n is small here
// (at most 6).
func solve(m, rhs []float64) bool {
	n := len(rhs)
	var largest float64
	for _, v := range m {
		largest = max(largest, math.Abs(v))
	}
	for c := range n {
		p := c
		for r := c + 1; r < n; r++ {
			if math.Abs(m[r*n+c]) > math.Abs(m[p*n+c]) {
				p = r
			}
		}
		if !(math.Abs(m[p*n+c]) > 1e-12*largest) {
			return false
		}
		if p != c {
			for k := range n {
				m[c*n+k], m[p*n+k] = m[p*n+k], m[c*n+k]
			}
			rhs[c], rhs[p] = rhs[p], rhs[c]
		}
		for r := c + 1; r < n; r++ {
			f := m[r*n+c] / m[c*n+c]
			for k := c; k < n; k++ {
				m[r*n+k] -= f * m[c*n+k]
			}
			rhs[r] -= f * rhs[c]
		}
	}
	for r := n - 1; r >= 0; r-- {
		for k := r + 1; k < n; k++ {
			rhs[r] -= m[r*n+k] * rhs[k]
		}
		rhs[r] /= m[r*n+r]
	}
	return true
}
