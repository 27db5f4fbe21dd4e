package recording

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"sicgrid/pkg/gridcell"
)

// Shuffled are the measures of one unit's shuffles, in their order.
type Shuffled struct {
	Score  []float64 // Scores.Expanding
	Tuning []float64 // Train.Tuning
}

const (
	// leastRoll is how far a train is rolled at least, either way, in seconds; rollShare bounds it
	// as a share of the time, and takes its place where there are no seconds.
	leastRoll = 20
	rollShare = 0.1
)

// Shuffle rolls every train n times against the track, by a random time that is uniform from 20 s
// (or a tenth of the time the unit was recorded, if that is less or there are no seconds) to as
// much before the end, the end going on at the beginning. That keeps the times between spikes and
// breaks their bond with places. Each roll depends on seed, unit and its number alone. progress may
// be nil; it is called from several goroutines.
func (s *Session) Shuffle(ctx context.Context, n int, seed uint64, threads int, progress func(done, total int)) ([]Shuffled, error) {
	out := make([]Shuffled, len(s.Trains))
	for u := range out {
		out[u] = Shuffled{make([]float64, n), make([]float64, n)}
	}
	total := n * len(s.Trains)
	var next, done atomic.Int64
	var group sync.WaitGroup
	for _, scorer := range gridcell.NewScorers(s.Map(nil), max(1, min(threads, total))) {
		group.Go(func() {
			w := newWork(s.Arena)
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= total {
					return
				}
				u, k := i/n, i%n
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				m := w.rolled(s.Trains[u], random)
				out[u].Score[k] = scorer.Expanding(m)
				out[u].Tuning[k] = s.Trains[u].Tuning(m)
				if d := int(done.Add(1)); progress != nil && d%16 == 0 {
					progress(d, total)
				}
			}
		})
	}
	group.Wait()
	return out, ctx.Err()
}

// scratchMaps is how many maps of work space a smoother needs.
const scratchMaps = 5

// work is one goroutine's.
type work struct {
	arena              Arena
	sums, out, scratch []float64
}

func newWork(a Arena) *work {
	n := a.NX * a.NY
	return &work{a, make([]float64, n), make([]float64, n), make([]float64, scratchMaps*n)}
}

// rolled is the ratemap of a train that was rolled by a random time. It is overwritten by the next
// one.
func (w *work) rolled(t *Train, random *rand.Rand) gridcell.Map {
	c := t.clock
	clear(w.sums)
	slots := len(c.slots)
	least := rollShare * float64(slots)
	if c.samples.Timed {
		least = min(least, leastRoll/c.seconds*float64(slots))
	}
	if slots > 1 {
		from := max(1, int(least))
		shift := from + random.IntN(max(1, slots-2*from+1))
		for n, k := range t.slots() {
			weight := 1.0
			if t.weight != nil {
				weight = t.weight[n]
			}
			at := int(k) + shift
			if at >= slots {
				at -= slots
			}
			w.sums[c.slots[at]] += weight
		}
	}
	c.smoother().rates(w.out, w.sums, w.scratch)
	return w.arena.Map(w.out)
}
