package manifold

// cochain is a sum of simplices with coefficients, as a heap with the earliest on top; one simplex
// may be there several times, and its coefficients add up.
type cochain struct {
	*rips
	heap []simplex
}

func (h *cochain) clear() { h.heap = h.heap[:0] }

func (h *cochain) append(s simplex) { h.heap = append(h.heap, s) }

func (h *cochain) order() {
	for i := len(h.heap)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

func (h *cochain) push(s simplex) {
	h.heap = append(h.heap, s)
	q := h.heap
	i := len(q) - 1
	for i > 0 {
		above := (i - 1) / 2
		if q[above] <= s {
			break
		}
		q[i] = q[above]
		i = above
	}
	q[i] = s
}

func (c *cochain) down(i int) {
	h := c.heap
	s := h[i]
	for {
		below := 2*i + 1
		if below >= len(h) {
			break
		}
		if below+1 < len(h) && h[below+1] < h[below] {
			below++
		}
		if h[below] >= s {
			break
		}
		h[i] = h[below]
		i = below
	}
	h[i] = s
}

// take removes the top.
func (h *cochain) take() simplex {
	q := h.heap
	s := q[0]
	last := len(q) - 1
	q[0] = q[last]
	h.heap = q[:last]
	if last > 0 {
		h.down(0)
	}
	return s
}

// pop removes and returns the earliest simplex of the sum, none if it is empty.
func (h *cochain) pop() simplex {
	for len(h.heap) > 0 {
		s := h.bare(h.heap[0])
		sum := 0
		for len(h.heap) > 0 && h.bare(h.heap[0]) == s {
			sum += h.coefficientOf(h.take())
		}
		if sum %= h.field.p; sum != 0 {
			return h.times(s, sum)
		}
	}
	return none
}

// pivot returns the earliest simplex of the sum without removing it.
func (h *cochain) pivot() simplex {
	s := h.pop()
	if s != none {
		h.push(s)
	}
	return s
}
