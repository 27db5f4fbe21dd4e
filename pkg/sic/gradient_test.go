package sic

import (
	"fmt"
	"math"
	"testing"

	"sicgrid/pkg/sic/loss"
)

var (
	smallNetwork = Network{Units: 6, Hidden: 5, Layers: 3, Init: InitIdentity, InitScale: 0.3, InitialState: InitialStateLearned}
	smallBatch   = Batch{Trajectories: 4, Length: 7, VelocityMax: 0.15, Permute: true}
)

// lossCases has each term alone, all together and the variants that change a formula.
func lossCases() map[string]Loss {
	base := Loss{SigmaX: 0.09, SigmaG: 0.4, Reduction: loss.ReductionMean}
	cases := map[string]Loss{}
	add := func(name string, change func(*Loss)) {
		l := base
		change(&l)
		cases[name] = l
	}
	every := func(l *Loss, weight float64) {
		for _, term := range loss.Table {
			*term.Weight(l) = weight
		}
	}
	for _, term := range loss.Table {
		add(term.Key, func(l *Loss) { *term.Weight(l) = 0.7 })
	}
	add("conformal isometry over longer steps", func(l *Loss) { l.ConformalIsometry, l.IsometryRadius = 0.3, 0.14 })
	add("conformal isometry at equal speeds", func(l *Loss) { l.ConformalIsometry, l.IsometryRadius, l.IsometrySpeedBin = 0.3, 0.14, 0.03 })
	add("all", func(l *Loss) { every(l, 0.3) })
	add("all, summed", func(l *Loss) {
		every(l, 0.3)
		l.Separation, l.Invariance, l.Reduction = 0.01, 0.02, loss.ReductionSum
	})
	return cases
}

// The gradient of every loss term, alone and all together, is the slope of the
// loss: central differences agree for every parameter.
func TestGradientIsSlopeOfLoss(t *testing.T) {
	networks := map[string]Network{"identity": smallNetwork}
	pytorch := smallNetwork
	pytorch.Init, pytorch.InitScale = InitPyTorch, 1
	networks["pytorch"] = pytorch
	deep := smallNetwork
	deep.Layers = 4
	networks["four layers"] = deep
	ring := smallNetwork
	ring.RingWidth, ring.RingLong = 2, 0.2
	networks["ring"] = ring
	gains := ring
	gains.GainMax = 2.2
	networks["gains"] = gains
	batches := map[string]Batch{"all pairs": smallBatch}
	sampled := smallBatch
	sampled.Pairs = 11
	batches["sampled pairs"] = sampled
	independent := smallBatch
	independent.Permute = false
	batches["independent velocities"] = independent

	for networkName, n := range networks {
		for batchName, b := range batches {
			for lossName, l := range lossCases() {
				t.Run(fmt.Sprintf("%s/%s/%s", networkName, batchName, lossName), func(t *testing.T) {
					draw := NewDraw(b)
					draw.Fill(b, 3, 5)
					params := float64s(InitialParameters(n, 7))
					terms, gradient := Gradient(n, b, l, l.Weights(1), params, draw)
					if terms.Near == 0 || terms.Far == 0 || terms.Short == 0 {
						t.Fatalf("the batch leaves a term untested: %+v", terms)
					}
					scale := 0.0
					for _, g := range gradient {
						scale = math.Max(scale, math.Abs(g))
					}
					if scale == 0 {
						t.Fatal("the gradient is zero")
					}
					const h = 1e-6
					at := func(i int, x float64) float64 {
						old := params[i]
						params[i] = x
						terms, _ := Gradient(n, b, l, l.Weights(1), params, draw)
						params[i] = old
						return terms.Total
					}
					for i, g := range gradient {
						slope := (at(i, params[i]+h) - at(i, params[i]-h)) / (2 * h)
						if math.Abs(slope-g) > 1e-6*scale+1e-8 {
							t.Fatalf("parameter %d: gradient %.9g, slope %.9g", i, g, slope)
						}
					}
				})
			}
		}
	}
}

// Equation 7 looks at velocities shorter than σ_x, or than the radius that is given.
func TestIsometryRadiusChoosesTheSteps(t *testing.T) {
	n, b := smallNetwork, smallBatch
	b.Trajectories, b.Length = 2, 200
	draw := NewDraw(b)
	draw.Fill(b, 3, 5)
	params := float64s(InitialParameters(n, 7))
	for radius, reach := range map[float64]float64{0: 0.09, 0.03: 0.03, 0.14: 0.14} {
		want := 0
		for _, v := range draw.Velocity {
			if speed := math.Hypot(float64(v[0]), float64(v[1])); speed >= 1e-3 && speed < reach {
				want += b.Trajectories
			}
		}
		l := Loss{SigmaX: 0.09, SigmaG: 0.4, ConformalIsometry: 1, IsometryRadius: radius, Reduction: loss.ReductionMean}
		if terms, _ := Gradient(n, b, l, l.Weights(1), params, draw); terms.Short != want || want == 0 {
			t.Errorf("radius %g: %d steps, want %d", radius, terms.Short, want)
		}
	}
}

func gradientOfAll(n Network, params []float64, draw *Draw) (Terms, []float64) {
	l := lossCases()["all"]
	return Gradient(n, smallBatch, l, l.Weights(1), params, draw)
}

// At W = I nothing moves: every distance of eq. 7 is 0 and nothing becomes NaN.
func TestIdentityNetworkStandsStillAndIsFinite(t *testing.T) {
	n := smallNetwork
	n.InitScale = 0
	draw := NewDraw(smallBatch)
	draw.Fill(smallBatch, 1, 0)
	params := float64s(InitialParameters(n, 1))
	terms, gradient := gradientOfAll(n, params, draw)
	if terms.Values[loss.ConformalIsometry] > 1e-25 || math.Abs(terms.Values[loss.Separation]-1) > 1e-12 || terms.Values[loss.Invariance] > 1e-25 {
		t.Errorf("losses of a network that stands still: %+v", terms)
	}
	for i, g := range gradient {
		if math.IsNaN(g) || math.IsInf(g, 0) {
			t.Fatalf("gradient of parameter %d is %v", i, g)
		}
	}
}

// A state with every unit silent stays silent, is counted, and gives no NaN.
func TestDeadStateStaysDeadAndIsCounted(t *testing.T) {
	params := float64s(InitialParameters(smallNetwork, 1))
	last := NewLayout(smallNetwork).Bias(smallNetwork.Layers - 1)
	for i := range last.Size {
		params[last.Offset+i] = -10
	}
	draw := NewDraw(smallBatch)
	draw.Fill(smallBatch, 1, 0)
	terms, gradient := gradientOfAll(smallNetwork, params, draw)
	if terms.Dead != smallBatch.States() {
		t.Errorf("%d dead states, want all %d", terms.Dead, smallBatch.States())
	}
	for i, g := range gradient {
		if math.IsNaN(g) || math.IsInf(g, 0) {
			t.Fatalf("gradient of parameter %d is %v", i, g)
		}
	}
}

// A batch without a step shorter than σ_x has no isometry loss, and one without
// near pairs no invariance loss.
func TestEmptySetsContributeZero(t *testing.T) {
	l := lossCases()["all"]
	l.SigmaX = 1e-9
	draw := NewDraw(smallBatch)
	draw.Fill(smallBatch, 1, 0)
	// All trajectories end at the same place up to rounding: leave the ends out.
	draw.Sampled = draw.Sampled[:3]
	terms, _ := Gradient(smallNetwork, smallBatch, l, l.Weights(1), float64s(InitialParameters(smallNetwork, 1)), draw)
	if terms.Short != 0 || terms.Values[loss.ConformalIsometry] != 0 || terms.Near != 0 || terms.Values[loss.Invariance] != 0 {
		t.Errorf("empty sets: %+v", terms)
	}
}
