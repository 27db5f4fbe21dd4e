package pathint

import (
	"math"
	"math/rand/v2"
)

// Templates are states with their places, which others are decoded by.
type Templates struct {
	units int
	place []float32 // [n,2] m
	state []float32 // [n,units]
}

// NewTemplates takes the states of straight walks from the start, in so many directions evenly
// spread, by steps of step metres up to reach metres: the shortest ways, on which a model has had
// least chance to err.
func NewTemplates(m Model, directions int, step, reach float64) *Templates {
	steps := int(math.Round(reach / step))
	walks := make([][]float32, directions)
	for w := range walks {
		s, c := math.Sincos(2 * math.Pi * float64(w) / float64(directions))
		for range steps {
			walks[w] = append(walks[w], float32(step*c), float32(step*s))
		}
	}
	track := Follow(m, walks)
	t := &Templates{units: track.Units}
	for w := range walks {
		t.place = append(t.place, track.Position[w]...)
		t.state = append(t.state, track.State[w]...)
	}
	return t
}

// Len is the number of states.
func (t *Templates) Len() int { return len(t.place) / 2 }

// Where returns the states whose places are inside.
func (t *Templates) Where(inside func(x, y float64) bool) *Templates {
	out := &Templates{units: t.units}
	for i := range t.Len() {
		if inside(float64(t.place[2*i]), float64(t.place[2*i+1])) {
			out.place = append(out.place, t.place[2*i:2*i+2]...)
			out.state = append(out.state, t.state[i*t.units:(i+1)*t.units]...)
		}
	}
	return out
}

// Decode returns the place of the template that is nearest to a state, of equally near ones the
// first; NaN without templates.
func (t *Templates) Decode(state []float32) (x, y float64) {
	best, least := -1, float32(math.Inf(1))
	for i := range t.Len() {
		var sum float32
		for k, v := range t.state[i*t.units : (i+1)*t.units] {
			sum += (v - state[k]) * (v - state[k])
		}
		if sum < least {
			best, least = i, sum
		}
	}
	if best < 0 {
		return math.NaN(), math.NaN()
	}
	return float64(t.place[2*best]), float64(t.place[2*best+1])
}

// Error is how far decoded places are from the true ones after so many steps, in metres over the
// walks.
type Error struct {
	Step         int // from 1
	Median, High float64
	// Chance is the median distance of the true places from that of a template drawn at random.
	Chance float64
}

// Errors decodes the states after each of the given steps; High is the 90th percentile.
func (t *Track) Errors(templates *Templates, steps []int, seed uint64) []Error {
	random := rand.New(rand.NewPCG(seed, 3))
	out := make([]Error, len(steps))
	for i, step := range steps {
		var off, chance []float64
		for w := range t.Position {
			x, y := t.place(w, step-1)
			u, v := templates.Decode(t.at(w, step-1))
			off = append(off, math.Hypot(u-x, v-y))
			if n := templates.Len(); n > 0 {
				k := random.IntN(n)
				chance = append(chance, math.Hypot(float64(templates.place[2*k])-x, float64(templates.place[2*k+1])-y))
			}
		}
		out[i] = Error{step, quantile(off, 0.5), quantile(off, 0.9), quantile(chance, 0.5)}
	}
	return out
}

// Reach is how well places within a radius are told from one another.
type Reach struct {
	RadiusM float64
	Median  float64 // m, decoding error
}

// Reaches draws places uniformly from discs of the given radii around the start. The model goes to
// each by a detour, and its state is decoded by the templates of the same disc.
func Reaches(m Model, templates *Templates, radii []float64, places int, step float64, seed uint64) []Reach {
	random := rand.New(rand.NewPCG(seed, 4))
	out := make([]Reach, len(radii))
	for i, radius := range radii {
		over, goals := make([][2]float64, places), make([][2]float64, places)
		for w := range goals {
			over[w] = inRing(random, 0, min(radius, detour))
			goals[w] = inRing(random, 0, radius)
		}
		near := templates.Where(func(x, y float64) bool { return math.Hypot(x, y) <= radius+step/2 })
		off := make([]float64, places)
		for w, found := range near.visit(m, over, goals, step) {
			off[w] = math.Hypot(found[0], found[1])
		}
		out[i] = Reach{radius, quantile(off, 0.5)}
	}
	return out
}

// detour is how far from the start the places are over which a model goes to others, m.
const detour = 0.5

// inRing draws a place uniformly between two distances from the start.
func inRing(random *rand.Rand, inner, outer float64) [2]float64 {
	s, c := math.Sincos(2 * math.Pi * random.Float64())
	r := math.Sqrt(inner*inner + (outer*outer-inner*inner)*random.Float64())
	return [2]float64{r * c, r * s}
}

// visit takes a model from the start over one place to another, in steps of the given length, and
// returns how far from there its state is decoded, in m.
func (t *Templates) visit(m Model, over, goals [][2]float64, step float64) [][2]float64 {
	walks, arrival := make([][]float32, len(goals)), make([]int, len(goals))
	longest := 0
	for w, goal := range goals {
		walks[w] = append(leg(over[w][0], over[w][1], step), leg(goal[0]-over[w][0], goal[1]-over[w][1], step)...)
		arrival[w] = len(walks[w])/2 - 1
		longest = max(longest, len(walks[w]))
	}
	for w := range walks {
		walks[w] = append(walks[w], make([]float32, longest-len(walks[w]))...)
	}
	track := Follow(m, walks)
	off := make([][2]float64, len(goals))
	for w, s := range arrival {
		x, y := track.place(w, s)
		u, v := t.Decode(track.at(w, s))
		off[w] = [2]float64{u - x, v - y}
	}
	return off
}

// leg returns the steps of a straight way, as many as make them nearest to a length from below.
func leg(x, y, step float64) []float32 {
	n := max(1, int(math.Ceil(math.Hypot(x, y)/step)))
	var out []float32
	for range n {
		out = append(out, float32(x/float64(n)), float32(y/float64(n)))
	}
	return out
}

// DecodingRange returns the largest radius up to which, at it and all smaller ones, the median
// error is at most bound metres: how much space the code tells apart. 0 if it fails at the
// smallest.
func DecodingRange(reaches []Reach, bound float64) float64 {
	largest := 0.0
	for _, r := range reaches {
		if !(r.Median <= bound) {
			break
		}
		largest = r.RadiusM
	}
	return largest
}
