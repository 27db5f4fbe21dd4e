package cpu

import "sicgrid/pkg/sic"

// layer is one linear layer of the MLP. Its weights are kept transposed, input
// first, with the bias as one more row: [in+1][ld].
type layer struct {
	in, out int // out: columns in use; for the last layer N·padded units
	ld      int // stride of a row
	offset  int // of the first weight in the flat vectors
	lda     int // stride of a row of input
	ldo     int // stride of a row of output
}

// network is the shape of a network in memory.
type network struct {
	sic.Network
	padded  int // units rounded up to 16, the stride of a state
	layers  []layer
	initial int // offset of a in the flat vectors
	size    int // of the flat vectors
}

func newNetwork(n sic.Network) network {
	net := network{Network: n, padded: up(n.Units, 16)}
	for l := range n.Layers {
		y := layer{in: n.Hidden, out: n.Hidden, offset: net.size}
		if l == 0 {
			y.in = 2
		}
		y.lda = up(y.in+1, 16)
		y.ld = up(y.out, 16)
		y.ldo = up(y.out+1, 16)
		if l == n.Layers-1 {
			y.out = n.Units * net.padded
			// Rows a power of two apart would meet in the same few sets of the
			// first cache: one more line spreads them.
			y.ld = net.padded*net.padded + 16
			y.ldo = y.ld
		}
		net.layers = append(net.layers, y)
		net.size += up(up(y.in+1, 4)*y.ld, 32)
	}
	net.initial = net.size
	net.size += up(net.padded, 32)
	return net
}

// each calls visit with the place of every parameter, in sic's order and in ours.
func (n *network) each(visit func(theirs, ours int)) {
	layout := sic.NewLayout(n.Network)
	for l, y := range n.layers {
		column := func(o int) int { return o }
		if l == len(n.layers)-1 { // output i·N+j of sic is W_ij; ours is W by columns
			column = func(o int) int { return o%n.Units*n.padded + o/n.Units }
		}
		outputs := layout.Bias(l).Size
		for o := range outputs {
			for i := range y.in {
				visit(layout.Weight(l).Offset+o*y.in+i, y.offset+i*y.ld+column(o))
			}
			visit(layout.Bias(l).Offset+o, y.offset+y.in*y.ld+column(o))
		}
	}
	for i := range n.Units {
		visit(layout.InitialState().Offset+i, n.initial+i)
	}
}

// pack writes a vector in sic's order into ours, unpack the reverse.
func (n *network) pack(ours, theirs []float32) {
	n.each(func(t, o int) { ours[o] = theirs[t] })
}

func (n *network) unpack(theirs, ours []float32) {
	n.each(func(t, o int) { theirs[t] = ours[o] })
}

// mlp evaluates W(v) for a block of velocities, and can carry gradients back.
type mlp struct {
	*network
	*kernels
	rows   int         // velocities in use
	input  [][]float32 // [layer][rows][lda]: rectified, with a 1 in column `in`
	weight []float32   // [rows][ldo of the last layer]: W by columns
}

// chunk is the number of 16-column panels of one task of the last layer.
const chunk = 8

func newMLP(n *network, k *kernels, rows int) *mlp {
	m := &mlp{network: n, kernels: k, rows: rows}
	padded := up(rows, 6)
	for _, y := range n.layers {
		m.input = append(m.input, floats(padded*y.lda))
	}
	m.weight = floats(padded * n.last().ldo)
	return m
}

func (n *network) last() *layer { return &n.layers[len(n.layers)-1] }

// chunks is the number of tasks that the last layer is cut into.
func (n *network) chunks() int { return (n.last().out/16 + chunk - 1) / chunk }

// hidden runs all layers but the last on the rows' velocities.
func (m *mlp) hidden(params []float32, velocity [][2]float32) {
	for k, v := range velocity {
		copy(m.input[0][k*m.layers[0].lda:], []float32{v[0], v[1], 1})
	}
	for l, y := range m.layers[:len(m.layers)-1] {
		out := m.input[l+1]
		m.matmul(out, y.ldo, m.input[l], y.lda, 1, params[y.offset:], y.ld, len(velocity), y.in+1, up(y.out, 16)/16, false)
		m.rectify(&out[0], len(velocity)*y.ldo)
		for k := range velocity {
			out[k*y.ldo+y.out] = 1
		}
	}
}

// columns runs one task of the last layer.
func (m *mlp) columns(params []float32, rows, task int) {
	y := m.last()
	first := task * chunk
	m.matmul(m.weight[16*first:], y.ldo, m.input[len(m.input)-1], y.lda, 1, params[y.offset+16*first:], y.ld,
		rows, y.in+1, min(chunk, y.out/16-first), false)
}

// mlpGradient is what an mlp needs besides to carry gradients back.
type mlpGradient struct {
	dWeight []float32   // [rows][ldo]: dL/dW
	dInput  [][]float32 // [layer][rows][lda]
	partial [][]float32 // [segment][rows][lda]
}

// segment is the number of columns of the last layer whose share of the hidden
// layer's gradient is one task.
const segment = 512

func newMLPGradient(m *mlp) *mlpGradient {
	g := &mlpGradient{dWeight: floats(len(m.weight))}
	for _, in := range m.input {
		g.dInput = append(g.dInput, floats(len(in)))
	}
	for range m.segments() {
		g.partial = append(g.partial, floats(len(m.input[len(m.input)-1])))
	}
	return g
}

func (n *network) segments() int { return (n.last().out + segment - 1) / segment }

// columnsBackward adds one task of the last layer's weight gradient.
func (m *mlp) columnsBackward(g *mlpGradient, gradient []float32, task int, accumulate bool) {
	y := m.last()
	first := task * chunk
	m.matmul(gradient[y.offset+16*first:], y.ld, m.input[len(m.input)-1], 1, y.lda, g.dWeight[16*first:], y.ldo,
		y.in+1, m.rows, min(chunk, y.out/16-first), accumulate)
}

// segmentBackward computes one segment's share of the gradient of the last
// hidden layer.
func (m *mlp) segmentBackward(g *mlpGradient, params []float32, task int) {
	y := m.last()
	first := task * segment
	m.back(g.partial[task], y, g.dWeight[first:], params[y.offset+first:], min(segment, y.out-first))
}

// back computes dInput[rows][in] = dOutput[rows][n] W[in][n]^T.
func (m *mlp) back(dInput []float32, y *layer, dOutput, weight []float32, n int) {
	for h := 0; h < y.in; h += 4 {
		for k := 0; k < m.rows; k += 3 {
			m.dot3x4(&dInput[k*y.lda+h], y.lda, &dOutput[k*y.ldo], y.ldo, &weight[h*y.ld], y.ld, n)
		}
	}
}

// hiddenBackward adds up the segments and carries the gradient through the
// layers below the last.
func (m *mlp) hiddenBackward(g *mlpGradient, params, gradient []float32, accumulate bool) {
	top := len(m.layers) - 1
	sum := g.dInput[top]
	copy(sum, g.partial[0])
	for _, p := range g.partial[1:] {
		m.add(&sum[0], &p[0], len(sum))
	}
	for l := top - 1; l >= 0; l-- {
		y := &m.layers[l]
		dOutput, output := g.dInput[l+1], m.input[l+1]
		for k := range m.rows {
			d, x := dOutput[k*y.ldo:][:y.ldo], output[k*y.ldo:][:y.ldo]
			for o := range d {
				if o >= y.out || x[o] <= 0 {
					d[o] = 0
				}
			}
		}
		m.matmul(gradient[y.offset:], y.ld, m.input[l], 1, y.lda, dOutput, y.ldo, y.in+1, m.rows, y.ld/16, accumulate)
		if l > 0 {
			m.back(g.dInput[l], y, dOutput, params[y.offset:], up(y.out, 8))
		}
	}
}
