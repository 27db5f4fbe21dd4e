package cpu

import (
	"math"

	"sicgrid/pkg/sic"
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
	states     listed       // [count][stride]
	transposed listed       // [tile][padded][tileStride]
	gradient   []float32    // [tile][padded][tileStride]: of the states, transposed
	x, y, half []float32    // [count]: place, m, and half the squared norm (1/2, or 0 for a dead state)
	rounds     [][]tilePair // tiles that share no row and no column; the diagonal first
	tiles      []tilePair   // all of them
	sums       []float32    // [tile][16]
	near       []int
	first      int // tile of the round that runs
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
	p.rounds = tournament(size / tileSide)
	for _, r := range p.rounds {
		p.tiles = append(p.tiles, r...)
	}
	p.sums, p.near = floats(16*len(p.tiles)), make([]int, len(p.tiles))
	return p
}

// tournament arranges all pairs i <= j of n into rounds within which nobody meets
// twice: the diagonal, then the circle method.
func tournament(n int) [][]tilePair {
	var rounds [][]tilePair
	var diagonal []tilePair
	for i := range n {
		diagonal = append(diagonal, tilePair{int32(i), int32(i)})
	}
	rounds = append(rounds, diagonal)
	even := n + n%2
	for r := range even - 1 {
		var round []tilePair
		for k := range even / 2 {
			i, j := (r+k)%(even-1), (r-k+even-1)%(even-1)
			if k == 0 {
				j = even - 1
			}
			if i > j {
				i, j = j, i
			}
			if j < n {
				round = append(round, tilePair{int32(i), int32(j)})
			}
		}
		if len(round) > 0 {
			rounds = append(rounds, round)
		}
	}
	return rounds
}

// preparePairs copies the sampled states of one row of tiles into place, transposes them, and lists the active units, by
// states and by units. Its first task is the losses that are no sum over pairs, which no thread need wait for.
func (t *Trainer) preparePairs(_, task int) {
	if task == 0 {
		t.capacityLoss, t.isometryLoss = t.capacity(), t.isometry()
		return
	}
	task--
	first := task * tileSide
	for s := first; s < min(first+tileSide, t.pairs.count); s++ {
		step := t.draw.Sampled[s]
		n := t.after(int(step))
		t.row[n] = int32(s)
		copy(t.pairs.states.from(s).at, t.state(n))
		t.pairs.x[s], t.pairs.y[s] = t.draw.Position[step][0], t.draw.Position[step][1]
		t.pairs.half[s] = 0.5
		if t.inverse[n-1] >= 1e8 { // ‖ReLU(h)‖ = 0
			t.pairs.half[s] = 0
		}
	}
	p, states, columns := t.net.padded, t.pairs.states.from(first), t.pairs.transposed.from(task*t.net.padded)
	t.kernels.transpose(columns.at, tileStride, states.at, states.row, tileSide, p)
	t.list(states, tileSide, p)
	t.list(columns, p, tileSide)
}

func (t *Trainer) countTile(_, task int) {
	q, tile := t.pairs, t.pairs.tiles[task]
	i, j := int(tile.i)*tileSide, int(tile.j)*tileSide
	q.near[task] = t.nearPairs(tileSide, tileSide, &q.x[i], &q.y[i], &q.x[j], &q.y[j], &q.constants.limit[0])
}

// runTile computes one tile of the Gram matrix, its losses and what it adds to
// the gradient of the states of its rows and columns.
func (t *Trainer) runTile(worker, task int) {
	q, p := t.pairs, t.net.padded
	task += q.first
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
func (t *Trainer) gatherGradient(_, task int) {
	p, stride := t.net.padded, t.net.stride
	t.kernels.transpose(t.dPairs[task*tileSide*stride:], stride, t.pairs.gradient[task*p*tileStride:], tileStride, p, tileSide)
}

// pairLosses computes equations 4 and 5 over the sampled states and leaves their
// weighted gradient in dPairs, and 6 and 7 meanwhile.
func (t *Trainer) pairLosses(terms *sic.Terms) {
	q, l := t.pairs, t.loss
	for i := range t.row {
		t.row[i] = -1
	}
	t.pool.run(1+len(q.half)/tileSide, t.phases.preparePairs)
	terms.Capacity, terms.ConformalIsometry = t.capacityLoss, t.isometryLoss
	q.constants.limit = splat(float32(l.SigmaX * l.SigmaX))
	t.pool.run(len(q.tiles), t.phases.countTile)
	near := -q.count // the diagonal meets itself
	for task, n := range q.near {
		if q.tiles[task].i != q.tiles[task].j {
			n *= 2
		}
		near += n
	}
	terms.Near, terms.Far = near, q.count*(q.count-1)-near
	farWeight, nearWeight := 1.0, 1.0
	if l.Reduction != sic.ReductionSum {
		farWeight, nearWeight = 1/float64(max(terms.Far, 1)), 1/float64(max(terms.Near, 1))
	}
	q.constants.exponent = splat(float32(-1 / (l.SigmaG * l.SigmaG)))
	q.constants.separation = splat(float32(2 * l.Separation * farWeight / (l.SigmaG * l.SigmaG)))
	q.constants.invariance = splat(float32(-4 * l.Invariance * nearWeight))
	q.first = 0
	for _, round := range q.rounds {
		t.pool.run(len(round), t.phases.runTile)
		q.first += len(round)
	}
	t.pool.run(len(q.half)/tileSide, t.phases.gatherGradient)
	for task, tile := range q.tiles {
		times := 2.0
		if tile.i == tile.j {
			times = 1
		}
		for lane := range 8 {
			terms.Separation += times * farWeight * float64(q.sums[16*task+lane])
			terms.Invariance += times * nearWeight * 2 * float64(q.sums[16*task+8+lane])
		}
	}
}
