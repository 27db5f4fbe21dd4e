package sic

import (
	"math"
	"slices"
	"testing"
)

// The known answers of Philox4x32-10 published with Random123.
func TestPhiloxKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		seed          uint64
		counter, want [4]uint32
	}{
		{0, [4]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{math.MaxUint64, [4]uint32{math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{0x299f31d0a4093822, [4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := philox(c.seed, c.counter); got != c.want {
			t.Errorf("philox(%x, %x) = %x, want %x", c.seed, c.counter, got, c.want)
		}
	}
}

// Every trajectory of a batch is a permutation of the same velocities, so all end
// at the same place; the sampled states are distinct.
func TestDrawIsPermutationsOfOneSequence(t *testing.T) {
	b := Batch{Trajectories: 9, Length: 60, VelocityMax: 0.15, Pairs: 100, Permute: true}
	d := NewDraw(b)
	d.Fill(b, 42, 17)
	orders := map[string]bool{}
	for i := range b.Trajectories {
		order := slices.Clone(d.Order[i*60 : (i+1)*60])
		orders[string(rune(order[0]))+string(rune(order[1]))+string(rune(order[2]))] = true
		slices.Sort(order)
		for t2, k := range order {
			if int(k) != t2 {
				t.Fatalf("trajectory %d is not a permutation", i)
			}
		}
		end, first := d.Position[i*60+59], d.Position[59]
		if math.Hypot(float64(end[0]-first[0]), float64(end[1]-first[1])) > 1e-5 {
			t.Errorf("trajectory %d ends at %v, the first at %v", i, end, first)
		}
	}
	if len(orders) < 8 {
		t.Errorf("only %d different orders", len(orders))
	}
	sampled := slices.Clone(d.Sampled)
	slices.Sort(sampled)
	if len(slices.Compact(sampled)) != 100 {
		t.Error("sampled states repeat")
	}
	again := NewDraw(b)
	again.Fill(b, 42, 16)
	if again.Velocity[0] == d.Velocity[0] {
		t.Error("two micro-batches share velocities")
	}
	again.Fill(b, 42, 17)
	if !slices.Equal(again.Velocity, d.Velocity) || !slices.Equal(again.Order, d.Order) || !slices.Equal(again.Sampled, d.Sampled) {
		t.Error("a micro-batch cannot be drawn again alone")
	}
}

// Velocity components are uniform in ±VelocityMax: mean 0, variance max²/3.
func TestVelocitiesAreUniform(t *testing.T) {
	b := Batch{Trajectories: 100, Length: 100, VelocityMax: 0.15}
	d := NewDraw(b)
	d.Fill(b, 1, 0)
	sum, square := 0.0, 0.0
	for _, v := range d.Velocity {
		for _, c := range v {
			if math.Abs(float64(c)) > 0.15 {
				t.Fatalf("component %v", c)
			}
			sum += float64(c)
			square += float64(c) * float64(c)
		}
	}
	count := float64(2 * len(d.Velocity))
	if mean := sum / count; math.Abs(mean) > 4*0.15/math.Sqrt(3*count) {
		t.Errorf("mean %v", mean)
	}
	if v := square / count; math.Abs(v/(0.15*0.15/3)-1) > 0.05 {
		t.Errorf("variance %v", v)
	}
}

// The first layer's weights are drawn for velocities of InitSpeed as PyTorch's are for those of 1;
// everything else is drawn as without.
func TestInitSpeedIsOfTheFirstLayersWeightsAlone(t *testing.T) {
	n := Network{Units: 5, Hidden: 7, Layers: 3, Init: InitPyTorch, InitScale: 1}
	told := n
	told.InitSpeed = 0.25
	before, after, first := InitialParameters(n, 3), InitialParameters(told, 3), NewLayout(n).Weight(0)
	for i := range before {
		want := before[i]
		if i >= first.Offset && i < first.Offset+first.Size {
			want *= 4
		}
		if after[i] != want {
			t.Fatalf("parameter %d is %v, was %v, want %v", i, after[i], before[i], want)
		}
	}
}
