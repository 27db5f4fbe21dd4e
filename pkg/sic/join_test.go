package sic

import (
	"math"
	"math/cmplx"
	"slices"
	"strings"
	"testing"
)

func partOf(units, hidden int, seed uint64) Part {
	n := Network{Units: units, Hidden: hidden, Layers: 3, Init: InitIdentity, InitScale: 0.3, InitialState: InitialStateLearned}
	return Part{Network: n, Params: InitialParameters(n, seed), Rotation: float64(seed)}
}

// Started from one part's g_0 alone, the joined network is that part rotated, and the others stay
// silent.
func TestAJoinedNetworkIsEachOfItsParts(t *testing.T) {
	parts := []Part{partOf(5, 4, 1), partOf(7, 3, 2), partOf(4, 6, 3)}
	for i := range parts[1].Params { // no part has the others' lengths
		if l := NewLayout(parts[1].Network); i >= l.Weight(2).Offset && i < l.InitialState().Offset {
			parts[1].Params[i] *= 1.5
		}
	}
	n := Network{Units: 16, Hidden: 13, Layers: 3}
	b := Batch{Trajectories: 4, Length: 20, VelocityMax: 0.15, Permute: true}
	joined, err := Join(n, parts, b, 9)
	if err != nil {
		t.Fatal(err)
	}
	draw := NewDraw(b)
	draw.Fill(b, 5, 0)
	start := Of(joined, NewLayout(n).InitialState())
	first := 0
	for i, p := range parts {
		alone := float64s(joined)
		norm := 0.0
		for j, a := range Of(alone, NewLayout(n).InitialState()) {
			if j < first || j >= first+p.Units {
				Of(alone, NewLayout(n).InitialState())[j] = 0
				continue
			}
			norm += float64(start[j]) * a
		}
		if math.Abs(norm-1) > 1e-6 {
			t.Errorf("part %d: ‖a‖² is %v, must be 1 as every other's", i, norm)
		}
		own, whole := forward(p.Network, b, float64s(p.Params), rotatedBack(draw, p.Rotation)), forward(n, b, alone, draw)
		for s, want := range own.state {
			for j, g := range whole.state[s] {
				at := 0.0
				if j >= first && j < first+p.Units {
					at = want[j-first]
				}
				if math.Abs(g-at) > 1e-5 {
					t.Fatalf("part %d, state %d, unit %d: %v, alone %v", i, s, j, g, at)
				}
			}
		}
		first += p.Units
	}
}

// rotatedBack is the same walks, rotated clockwise about their start.
func rotatedBack(d *Draw, angle float64) *Draw {
	rotated := *d
	rotated.Velocity = slices.Clone(d.Velocity)
	for i, v := range d.Velocity {
		w := complex(float64(v[0]), float64(v[1])) * cmplx.Rect(1, -angle)
		rotated.Velocity[i] = [2]float32{float32(real(w)), float32(imag(w))}
	}
	return &rotated
}

// Whatever the lengths that the parts' W have, no part outgrows another on the way.
func TestPartsJoinWithOneGain(t *testing.T) {
	one, other := partOf(6, 5, 1), partOf(6, 5, 1)
	l := NewLayout(other.Network)
	for i := l.Weight(2).Offset; i < l.InitialState().Offset; i++ {
		other.Params[i] *= 3
	}
	for i := l.Weight(0).Offset; i < l.Bias(0).Offset; i++ { // told no velocity, they are the same whichever way they are rotated
		one.Params[i], other.Params[i] = 0, 0
	}
	b := Batch{Trajectories: 3, Length: 30, VelocityMax: 0.15, Permute: true}
	if a, c := Gain(one, b, 4), Gain(other, b, 4); math.Abs(c/a-3) > 1e-6 {
		t.Errorf("gains %v and %v, want a factor of 3", a, c)
	}
	n := Network{Units: 12, Hidden: 10, Layers: 3}
	joined, err := Join(n, []Part{one, other}, b, 4)
	if err != nil {
		t.Fatal(err)
	}
	draw := NewDraw(b)
	draw.Fill(b, 8, 0)
	for s, g := range forward(n, b, float64s(joined), draw).state {
		for j := range 6 {
			if math.Abs(g[j]-g[6+j]) > 1e-5 {
				t.Fatalf("state %d: unit %d has %v in one part and %v in the other, which differ in length alone", s, j, g[j], g[6+j])
			}
		}
	}
}

func TestPartsThatDoNotAddUpAreRefused(t *testing.T) {
	b := Batch{Trajectories: 2, Length: 5, VelocityMax: 0.15, Permute: true}
	for want, n := range map[string]Network{
		"the parts have 8 units and 6 hidden ones, the network 9 and 6": {Units: 9, Hidden: 6, Layers: 3},
		"the parts have 8 units and 6 hidden ones, the network 8 and 7": {Units: 8, Hidden: 7, Layers: 3},
		"part 1 has 3 layers": {Units: 8, Hidden: 6, Layers: 4},
	} {
		if _, err := Join(n, []Part{partOf(4, 3, 1), partOf(4, 3, 2)}, b, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", n, err, want)
		}
	}
}
