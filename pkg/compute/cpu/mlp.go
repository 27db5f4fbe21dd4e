package cpu

import "sicgrid/pkg/sic"

// layer is one linear layer of the MLP. Its weights are kept transposed, input
// first, with the bias as one more row, in panels of 16 outputs: a panel lies in
// one piece of memory, whatever the width of the layer.
type layer struct {
	in, out int // out: columns in use; for the last layer N·padded units
	panel   int // numbers in a panel
	panels  int
	offset  int // of the first weight in the flat vectors
	lda     int // stride of a row of input
	ldo     int // stride of a row of output
}

// place is where the weight from input i to output o lies in the flat vectors.
func (y *layer) place(i, o int) int { return y.offset + o/16*y.panel + i*16 + o%16 }

// weights returns the panels from one on, out of the flat vectors.
func (y *layer) weights(flat []float32, panel int) matrix {
	return matrix{flat[y.offset+panel*y.panel:], 16, y.panel}
}

// network is the shape of a network in memory.
type network struct {
	sic.Network
	padded  int // units rounded up to 16: the size of a state, and the stride of W
	stride  int // from state to state
	layers  []layer
	initial int       // offset of a in the flat vectors
	size    int       // of the flat vectors
	shares  []float32 // [padded]: sic.Network.GainShares; nil without gains
}

// odd rounds up to an odd number of cache lines: rows that far apart are spread
// over all sets of the first cache, rows a power of two apart meet in a few.
func odd(n int) int { return up(n, 16) | 16 }

func newNetwork(n sic.Network) network {
	net := network{Network: n, padded: up(n.Units, 16), stride: odd(n.Units)}
	for l := range n.Layers {
		y := layer{in: n.Hidden, out: n.Hidden, offset: net.size}
		if l == 0 {
			y.in = 2
		}
		y.lda, y.ldo = odd(y.in+1), odd(y.out+1)
		if l == n.Layers-1 {
			y.out, y.ldo = n.Units*net.padded, odd(net.padded*net.padded+1) // room for the transpose
		}
		y.panel, y.panels = 16*up(y.in+1, 4), up(y.out, 16)/16
		net.layers = append(net.layers, y)
		net.size += y.panel * y.panels
	}
	if shares := n.GainShares(); shares != nil {
		net.shares = floats(net.padded)
		for i, share := range shares {
			net.shares[i] = float32(share)
		}
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
		for o := range layout.Bias(l).Size {
			for i := range y.in {
				visit(layout.Weight(l).Offset+o*y.in+i, y.place(i, column(o)))
			}
			visit(layout.Bias(l).Offset+o, y.place(y.in, column(o)))
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
	input  [][]float32 // [layer][rows][lda]: rectified, with a 1 in column `in`
	top    listed      // the input of the last layer, of which training leaves little but zeros
	weight []float32   // [rows][ldo of the last layer]: W by columns
}

// chunk is the number of panels of one task of the last layer.
const chunk = 8

// newMLP makes room for up to this many velocities at once, and for W of them if it is to be
// formed.
func newMLP(n *network, k *kernels, rows int, form bool) *mlp {
	m := &mlp{network: n, kernels: k}
	padded := up(rows, 24) // for products of three rows and transposes of eight
	for _, y := range n.layers[:len(n.layers)-1] {
		m.input = append(m.input, floats(padded*y.lda))
	}
	m.top = newListed(padded, n.last().lda)
	m.input = append(m.input, m.top.at)
	if form {
		m.weight = floats(rows * n.last().ldo)
	}
	return m
}

func (n *network) last() *layer { return &n.layers[len(n.layers)-1] }

// chunks is the number of tasks that the last layer is cut into.
func (n *network) chunks() int { return (n.last().panels + chunk - 1) / chunk }

// rowBlock is how many velocities one task of the hidden layers takes; a multiple of 3 for dot3x4.
const rowBlock = 30

// rowBlocks is the number of such tasks.
func rowBlocks(rows int) int { return (rows + rowBlock - 1) / rowBlock }

// hidden runs all layers but the last on some rows' velocities, from a row on.
func (m *mlp) hidden(params []float32, velocity [][2]float32, first int) {
	for k, v := range velocity {
		copy(m.input[0][(first+k)*m.layers[0].lda:], []float32{v[0], v[1], 1})
	}
	for l := range m.layers[:len(m.layers)-1] {
		y, out := &m.layers[l], m.input[l+1][first*m.layers[l].ldo:]
		m.matmul(matrix{out, y.ldo, 16}, m.input[l][first*y.lda:], y.lda, 1, y.weights(params, 0), len(velocity), y.in+1, y.panels, false)
		m.rectify(&out[0], len(velocity)*y.ldo)
		for k := range velocity {
			out[k*y.ldo+y.out] = 1
		}
	}
	m.list(m.top.from(first), len(velocity), up(m.last().in+1, 8))
}

// columns runs one task of the last layer.
func (m *mlp) columns(params []float32, rows, task int) {
	y := m.last()
	first := task * chunk
	m.product(matrix{m.weight[16*first:], y.ldo, 16}, m.top, y.weights(params, first), rows, min(chunk, y.panels-first), false)
}

// mix makes W(v) of a row of what the MLP says at v, and of another of what it says at the greatest
// gain times v (sic.Network.Gains).
func (m *mlp) mix(row, fast int) {
	p, ldo := m.padded, m.last().ldo
	for j := range m.Units {
		m.kernels.mix(&m.weight[row*ldo+j*p], &m.weight[fast*ldo+j*p], &m.shares[0], p)
	}
}

// mlpGradient is what an mlp needs besides to carry gradients back.
type mlpGradient struct {
	dWeight []float32   // [rows][ldo]: dL/dW
	top     listed      // [lda of the last layer][rows]: its input, transposed
	dInput  [][]float32 // [layer][rows][lda]
	partial [][]float32 // [segment][rows][lda]
}

// segment is the number of panels of the last layer whose share of the hidden
// layer's gradient is one task.
const segment = 32

func newMLPGradient(m *mlp) *mlpGradient {
	g := &mlpGradient{}
	for _, in := range m.input {
		g.dInput = append(g.dInput, floats(len(in)))
	}
	if m.weight == nil {
		return g
	}
	g.dWeight, g.top = floats(len(m.weight)), newListed(m.last().lda, odd(len(m.top.count)))
	for range m.segments() {
		g.partial = append(g.partial, floats(len(m.input[len(m.input)-1])))
	}
	return g
}

func (n *network) segments() int { return (n.last().panels + segment - 1) / segment }

// transposeTop prepares the input of the last layer for columnsBackward.
func (m *mlp) transposeTop(g *mlpGradient, rows int) {
	inputs := m.last().in + 1
	m.kernels.transpose(g.top.at, g.top.row, m.top.at, m.top.row, rows, inputs)
	m.list(g.top, inputs, up(rows, 8))
}

// columnsBackward adds one task of the last layer's weight gradient.
func (m *mlp) columnsBackward(g *mlpGradient, gradient []float32, task int, accumulate bool) {
	y := m.last()
	first := task * chunk
	m.product(y.weights(gradient, first), g.top, matrix{g.dWeight[16*first:], y.ldo, 16}, y.in+1, min(chunk, y.panels-first), accumulate)
}

// segmentBackward computes one segment's share of the gradient of the last
// hidden layer, where its units are active: it goes no further at the others.
func (m *mlp) segmentBackward(g *mlpGradient, params []float32, rows, task int) {
	y := m.last()
	first := task * segment
	weight := y.weights(params, first)
	for k := range rows {
		in := m.top.from(k)
		m.dotListed(&g.partial[task][k*y.lda], &g.dWeight[k*y.ldo+16*first], &weight.at[0], weight.panel, min(segment, y.panels-first),
			&in.index[0], int(in.count[0])-1) // the last is the bias
	}
}

// unmix makes the gradients of the two rows that mix was given of that of W(v), in the first.
func (m *mlp) unmix(g *mlpGradient, row, fast int) {
	p, ldo := m.padded, m.last().ldo
	for j := range m.Units {
		m.kernels.unmix(&g.dWeight[row*ldo+j*p], &g.dWeight[fast*ldo+j*p], &m.shares[0], p)
	}
}

// back computes dInput[rows][in] = dOutput[rows][16·panels] W[in][16·panels]^T.
func (m *mlp) back(dInput []float32, y *layer, dOutput []float32, weight matrix, rows, panels int) {
	for h := 0; h < y.in; h += 4 {
		for k := 0; k < rows; k += 3 {
			m.dot3x4(&dInput[k*y.lda+h], y.lda, &dOutput[k*y.ldo], y.ldo, &weight.at[h*weight.row], weight.panel, panels)
		}
	}
}

// sumSegments adds up the segments' shares for n rows.
func (m *mlp) sumSegments(g *mlpGradient, first, n int) {
	y := m.last()
	sum := g.dInput[len(m.layers)-1][first*y.lda:][:n*y.lda]
	copy(sum, g.partial[0][first*y.lda:])
	for _, p := range g.partial[1:] {
		m.add(&sum[0], &p[first*y.lda], len(sum))
	}
}

// rowsBackward carries the gradient of n rows from the last hidden layer down through the others.
func (m *mlp) rowsBackward(g *mlpGradient, params []float32, first, n int) {
	for l := len(m.layers) - 2; l >= 0; l-- {
		y := &m.layers[l]
		dOutput, output := g.dInput[l+1][first*y.ldo:], m.input[l+1][first*y.ldo:]
		for k := range n {
			d, x := dOutput[k*y.ldo:][:y.ldo], output[k*y.ldo:][:y.ldo]
			for o := range d {
				if o >= y.out || x[o] <= 0 {
					d[o] = 0
				}
			}
		}
		if l > 0 {
			m.back(g.dInput[l][first*y.lda:], y, dOutput, y.weights(params, 0), n, y.panels)
		}
	}
}

// hiddenPanels is the number of panels of the layers below the last.
func (n *network) hiddenPanels() int {
	panels := 0
	for _, y := range n.layers[:len(n.layers)-1] {
		panels += y.panels
	}
	return panels
}

// panelBackward adds the weight gradient of one of them.
func (m *mlp) panelBackward(g *mlpGradient, gradient []float32, rows, panel int, accumulate bool) {
	l := 0
	for ; panel >= m.layers[l].panels; l++ {
		panel -= m.layers[l].panels
	}
	y := &m.layers[l]
	m.matmul(y.weights(gradient, panel), m.input[l], 1, y.lda, matrix{g.dInput[l+1][16*panel:], y.ldo, 16}, y.in+1, rows, 1, accumulate)
}
