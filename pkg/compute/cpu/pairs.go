package cpu

import (
	"math"

	"sicgrid/pkg/sic/loss"
)

// tileSide is the side of a tile of the Gram matrix: 64 x 64 floats and two
// blocks of 64 states are about what the first cache holds.
const tileSide = 64

// tileStride is the stride of a row of a tile: an odd number of cache lines.
const tileStride = tileSide + 16

// tilePair is one tile of the Gram matrix.
type tilePair struct{ i, j int32 }

// pairs holds the sampled states for the pair losses. Everything is padded to
// whole tiles; a padding state has a NaN place and so belongs to no pair.
type pairs struct {
	count      int
	states     listed     // [count][stride]
	transposed listed     // [tile][padded][tileStride]
	gradient   []float32  // [tile][padded][tileStride]: of the states, transposed
	x, y, half []float32  // [count]: place, m, and half the squared norm (1/2, or 0 for a dead state)
	tiles      []tilePair // in the order in which they add to the gradients of their rows and columns
	before     [][2]int64 // [tile]: how many tiles add to its rows, and to its columns, before it
	added      []turn     // [count/tileSide]: how many have
	sums       []float32  // [tile][16]
	near       []int
	constants  pairConstants
}

func newPairs(count int, net *network) *pairs {
	size := up(count, tileSide)
	p := &pairs{count: count, states: newListed(size, net.stride), x: floats(size), y: floats(size), half: floats(size)}
	p.transposed = newListed(size/tileSide*net.padded, tileStride)
	p.gradient = floats(len(p.transposed.at))
	for i := count; i < size; i++ {
		p.x[i], p.y[i] = float32(math.NaN()), float32(math.NaN())
	}
	p.tiles, p.added = tournament(size/tileSide), make([]turn, size/tileSide)
	met := make([]int64, size/tileSide)
	for _, t := range p.tiles {
		p.before = append(p.before, [2]int64{met[t.i], met[t.j]})
		met[t.i]++
		if t.i != t.j {
			met[t.j]++
		}
	}
	p.sums, p.near = floats(16*len(p.tiles)), make([]int, len(p.tiles))
	return p
}

// tournament arranges all pairs i <= j of n so that whoever meets once more has long finished its
// last meeting: the diagonal, then the rounds of the circle method, in each of which nobody meets
// twice.
func tournament(n int) []tilePair {
	var tiles []tilePair
	for i := range n {
		tiles = append(tiles, tilePair{int32(i), int32(i)})
	}
	even := n + n%2
	for r := range even - 1 {
		for k := range even / 2 {
			i, j := (r+k)%(even-1), (r-k+even-1)%(even-1)
			if k == 0 {
				j = even - 1
			}
			if i > j {
				i, j = j, i
			}
			if j < n {
				tiles = append(tiles, tilePair{int32(i), int32(j)})
			}
		}
	}
	return tiles
}

// await returns when so many tiles have added to the gradient of a row of tiles.
func (q *pairs) await(row int32, tiles int64) {
	for i := 0; q.added[row].Load() < tiles; i++ {
		linger(i)
	}
}

// preparePairs is the tasks before the tiles, none of which waits for another: the losses that are
// no sum over pairs, then the sampled states by rows of tiles, then the near pairs of each tile.
func (t *Trainer) preparePairs(_, task int) {
	q := t.pairs
	switch rows := len(q.added); {
	case task == 0:
		t.stateTerms()
	case task <= rows:
		t.sampleRow(task - 1)
	default:
		tile := task - 1 - rows
		i, j := int(q.tiles[tile].i)*tileSide, int(q.tiles[tile].j)*tileSide
		q.near[tile] = t.nearPairs(tileSide, tileSide, &q.x[i], &q.y[i], &q.x[j], &q.y[j], &q.constants.limit[0])
	}
}

// sampleRow copies the sampled states of one row of tiles into place, transposes them, and lists
// the active units, by states and by units.
func (t *Trainer) sampleRow(row int) {
	first := row * tileSide
	for s := first; s < min(first+tileSide, t.pairs.count); s++ {
		n := t.after(int(t.draw.Sampled[s]))
		t.row[n] = int32(s)
		copy(t.pairs.states.from(s).at, t.state(n))
		t.pairs.half[s] = 0.5
		if t.inverse[n-1] >= 1e8 { // ‖ReLU(h)‖ = 0
			t.pairs.half[s] = 0
		}
	}
	p, states, columns := t.net.padded, t.pairs.states.from(first), t.pairs.transposed.from(row*t.net.padded)
	t.kernels.transpose(columns.at, tileStride, states.at, states.row, tileSide, p)
	t.list(states, tileSide, p)
	t.list(columns, p, tileSide)
}

// runPairs is the tiles, then what the way back needs and nobody waits for here, then the gradients
// of the rows of tiles: one phase, in whose order a tile waits for those before it that add to the
// same gradients.
func (t *Trainer) runPairs(worker, task int) {
	q := t.pairs
	if task < len(q.tiles) {
		tile := q.tiles[task]
		q.await(tile.i, q.before[task][0])
		q.await(tile.j, q.before[task][1])
		t.runTile(worker, task)
		q.added[tile.i].Add(1)
		if tile.i != tile.j {
			q.added[tile.j].Add(1)
		}
		return
	}
	task -= len(q.tiles)
	switch meanwhile := t.meanwhile(); {
	case task >= meanwhile:
		row := task - meanwhile
		q.await(int32(row), int64(len(q.added)))
		t.gatherGradient(row)
	case task < len(t.velocity):
		t.weightsByRows(task)
	default:
		t.mlp.transposeTop(t.gradient, len(t.told))
	}
}

// meanwhile is how many tasks of runPairs transpose what the way back needs.
func (t *Trainer) meanwhile() int {
	if t.apart != nil {
		return 0
	}
	return len(t.velocity) + 1
}

// runTile computes one tile of the Gram matrix, its losses and what it adds to
// the gradient of the states of its rows and columns.
func (t *Trainer) runTile(worker, task int) {
	q, p := t.pairs, t.net.padded
	tile := q.tiles[task]
	i, j := int(tile.i)*tileSide, int(tile.j)*tileSide
	rows, columns := min(tileSide, q.count-i), min(tileSide, q.count-j)
	wide := up(columns, 16)
	gram, mirror := t.scratch[worker].tile, t.scratch[worker].mirror
	left, top := q.transposed.from(int(tile.i)*p), q.transposed.from(int(tile.j)*p)
	t.product(matrix{gram, tileStride, 16}, q.states.from(i), matrix{top.at, tileStride, 16}, rows, wide/16, false)
	sums := q.sums[16*task:][:16]
	clear(sums)
	if i == j { // a state and itself: distance 0 exactly, and then no pair
		for r := range rows {
			gram[r*tileStride+r] = 2 * q.half[i+r]
		}
	}
	t.pairTile(&gram[0], tileStride, rows, wide, &q.x[i], &q.y[i], &q.half[i], &q.x[j], &q.y[j], &q.half[j], &q.constants.limit[0], &sums[0])
	if i == j { // P is symmetric
		for r := range rows {
			gram[r*tileStride+r] = 0
		}
		t.product(matrix{q.gradient[int(tile.i)*p*tileStride:], tileStride, 16}, left, matrix{gram, tileStride, 16}, p, wide/16, false)
		return
	}
	t.kernels.transpose(mirror, tileStride, gram, tileStride, rows, wide)
	t.product(matrix{q.gradient[int(tile.i)*p*tileStride:], tileStride, 16}, top, matrix{mirror, tileStride, 16}, p, up(rows, 16)/16, true)
	t.product(matrix{q.gradient[int(tile.j)*p*tileStride:], tileStride, 16}, left, matrix{gram, tileStride, 16}, p, wide/16, true)
}

// gatherGradient transposes the gradient of one row of tiles back.
func (t *Trainer) gatherGradient(row int) {
	p, stride := t.net.padded, t.net.stride
	t.kernels.transpose(t.dPairs[row*tileSide*stride:], stride, t.pairs.gradient[row*p*tileStride:], tileStride, p, tileSide)
}

// losses computes every term, and leaves the weighted gradient of equations 4 and 5, over the
// sampled states, in dPairs.
func (t *Trainer) losses() {
	q, l, terms := t.pairs, &t.spec.Loss, &t.terms
	for i := range t.row {
		t.row[i] = -1
	}
	q.constants.limit = splat(float32(l.SigmaX * l.SigmaX))
	t.pool.inOrder(1+len(q.added)+len(q.tiles), t.phases.preparePairs)
	near := -q.count // the diagonal meets itself
	for task, n := range q.near {
		if q.tiles[task].i != q.tiles[task].j {
			n *= 2
		}
		near += n
	}
	terms.Near, terms.Far = near, q.count*(q.count-1)-near
	farWeight, nearWeight := terms.PairWeights(l)
	q.constants.exponent = splat(float32(-1 / (l.SigmaG * l.SigmaG)))
	q.constants.separation = splat(float32(2 * t.weights[loss.Separation] * farWeight / (l.SigmaG * l.SigmaG)))
	q.constants.invariance = splat(float32(-4 * t.weights[loss.Invariance] * nearWeight))
	for row := range q.added {
		q.added[row].Store(0)
	}
	t.pool.inOrder(len(q.tiles)+t.meanwhile()+len(q.added), t.phases.runPairs)
	for task, tile := range q.tiles {
		times := 2.0
		if tile.i == tile.j {
			times = 1
		}
		for lane := range 8 {
			terms.Values[loss.Separation] += times * farWeight * float64(q.sums[16*task+lane])
			terms.Values[loss.Invariance] += times * nearWeight * 2 * float64(q.sums[16*task+8+lane])
		}
	}
}
