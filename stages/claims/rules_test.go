package claims

import (
	"math"
	"slices"
	"testing"
)

var nan = math.NaN()

// ring is points on a band of radii around the origin, the same on all three rings.
func ring(low, high float64) []pointView {
	out := make([]pointView, 1000)
	for i := range out {
		s, c := math.Sincos(float64(i) * 2.399963)
		r := low + (high-low)*float64(i%50)/49
		x, y := float32(r*c), float32(r*s)
		out[i] = pointView{[]float32{x, y, x, y, x, y}}
	}
	return out
}

// unitsOf is n units of module 0, of which so many share period and orientation.
func unitsOf(n, alike int) []unitView {
	out := make([]unitView, n)
	for i := range out {
		out[i] = unitView{Active: true, Period: 1, Orientation: 10}
		if i >= alike {
			out[i].Period = 1.08
		}
	}
	return out
}

// flat is loops of 1 to so many steps after which states are equally far apart.
func flat(apart float64, upTo int32) []closureView {
	var out []closureView
	for n := int32(1); n <= upTo; n++ {
		out = append(out, closureView{n, apart, apart})
	}
	return out
}

func active(ellipse, square float64) []unitView {
	return []unitView{{Active: true, Ellipse: ellipse, Square: square}, {Active: true, Ellipse: ellipse, Square: square}, {Ellipse: 9, Square: 9}}
}

func TestEveryRuleCanHoldFailAndBeUnknown(t *testing.T) {
	one, two := []moduleView{{Period: 0.5}}, []moduleView{{Period: 0.5}, {Period: 0.8}}
	turned := []moduleView{{Period: 0.5}, {Period: 0.51, Alone: true}}
	even := moduleView{Rayleigh1: 0.5, Rayleigh2: 0.2, Rayleigh3: 0.9, Uniform: 0.02}
	uneven, undefined := even, even
	uneven.Rayleigh3, undefined.Uniform = 0.009, nan
	collapsed := append(ring(1.9, 2.1), pointView{[]float32{0.1, 0, 2, 0, 2, 0}})
	for _, c := range []struct {
		name string
		got  finding
		want string
	}{
		{"60 % in modules", mostPeriodic(summaryView{InModules: 0.6}), Holds},
		{"59 % in modules", mostPeriodic(summaryView{InModules: 0.59}), Fails},
		{"no active unit", mostPeriodic(summaryView{InModules: nan}), Unknown},

		{"two periods", several(two), Holds},
		{"one period", several(one), Fails},
		{"one period in two orientations", several(turned), Fails},
		{"no module", several(nil), Fails},

		{"one module", single(one), Holds},
		{"two modules", single(two), Fails},
		{"no module is not one", single(nil), Fails},
		{"two that differ in orientation are two", single(turned), Fails},

		{"9 of 10 share", shared(unitsOf(10, 9), []moduleView{{Module: 0}}), Holds},
		{"8 of 10 share", shared(unitsOf(10, 8), []moduleView{{Module: 0}}), Fails},
		{"nobody to share", shared(unitsOf(10, 10), nil), Unknown},

		{"uniform phases", uniform(&even), Holds},
		{"one uneven phase", uniform(&uneven), Fails},
		{"no wave vectors", uniform(&undefined), Unknown},
		{"no module, no phases", uniform(nil), Unknown},

		{"a torus", torus(topologyView{1, 2, 1, 0.1}), Holds},
		{"a ring is no torus", torus(topologyView{1, 1, 0, 0.1}), Fails},
		{"no scale", torus(topologyView{From: nan}), Unknown},

		{"thin rings", rings(ring(1.8, 2.2)), Holds},
		{"filled rings", rings(ring(0, 2)), Fails},
		{"one state in the hole", rings(collapsed), Fails},
		{"a wide ring with a hole", rings(ring(0.9, 2.9)), Fails},
		{"no module, no ring", rings([]pointView{{[]float32{float32(nan), float32(nan), float32(nan), float32(nan), float32(nan), float32(nan)}}}), Unknown},

		{"5 % apart", sameInBoxes([][]moduleView{{{Period: 1}, {Period: 2}}, {{Period: 1.02}}, {{Period: 1.05}}}), Holds},
		{"6 % apart", sameInBoxes([][]moduleView{{{Period: 1}}, {{Period: 1.06}}, {{Period: 1}}}), Fails},
		{"a module that no other box has", sameInBoxes([][]moduleView{{{Period: 1}}, {{Period: 1}, {Period: 2}}}), Fails},
		{"no module in one box", sameInBoxes([][]moduleView{{{Period: 1}}, nil, {{Period: 1}}}), Unknown},
		{"one box only", sameInBoxes([][]moduleView{{{Period: 1}}}), Unknown},

		{"decorrelated in 3 sigma_x", decorrelated(decorrelationView{0.8, 0.15}, 0.05), Holds},
		{"decorrelated later", decorrelated(decorrelationView{0.8, 0.16}, 0.05), Fails},
		{"states that never differ", decorrelated(decorrelationView{0, nan}, 0.05), Unknown},
		{"no plateau", decorrelated(decorrelationView{nan, nan}, 0.05), Unknown},

		{"a quarter of the plateau", invariant(flat(0.2, 80), 0.8, 60), Holds},
		{"more than a quarter", invariant(flat(0.21, 80), 0.8, 60), Fails},
		{"one bad lag", invariant(append(flat(0.1, 59), closureView{60, 0.3, 0}), 0.8, 60), Fails},
		{"a bad lag beyond", invariant(append(flat(0.1, 60), closureView{61, 0.3, 0}), 0.8, 60), Holds},
		{"a bad lag beyond that counts", invariant(append(flat(0.1, 60), closureView{61, 0.3, 0}), 0.8, 1000), Fails},
		{"a lag is missing", invariant(flat(0.1, 59), 0.8, 60), Unknown},
		{"no plateau to compare with", invariant(flat(0.2, 60), nan, 60), Unknown},

		{"60 % place-like", placeLike(summaryView{PlaceLike: 0.6}), Holds},
		{"half place-like", placeLike(summaryView{PlaceLike: 0.5}), Fails},
		{"no active unit, no place cell", placeLike(summaryView{PlaceLike: nan}), Unknown},

		{"fields shrink", smallerFields(summaryView{FieldArea: 0.1}, summaryView{FieldArea: 0.2}), Holds},
		{"fields grow", smallerFields(summaryView{FieldArea: 0.2}, summaryView{FieldArea: 0.1}), Fails},
		{"no field", smallerFields(summaryView{FieldArea: nan}, summaryView{FieldArea: 0.1}), Unknown},

		{"a third is left", lost(summaryView{InModules: 0.9}, summaryView{Active: 30, InModules: 0.3}), Holds},
		{"half is left", lost(summaryView{InModules: 0.8}, summaryView{Active: 30, InModules: 0.4}), Fails},
		{"all units died", lost(summaryView{InModules: 0.8}, summaryView{InModules: nan}), Holds},
		{"nothing to lose", lost(summaryView{InModules: 0}, summaryView{Active: 30, InModules: 0}), Unknown},
		{"the full network is dead", lost(summaryView{InModules: nan}, summaryView{Active: 30, InModules: 0.1}), Unknown},

		{"a longer ellipse", sheared(active(1.2, 0), active(1.3, 0)), Holds},
		{"squarer", sheared(active(1.2, 0), active(1.1, 0.4)), Holds},
		{"rounder and less square", sheared(active(1.2, 0), active(1.1, -0.1)), Fails},
		{"only a score90", sheared(active(nan, 0), active(nan, 0.1)), Holds},
		{"no active unit, no shear", sheared(active(1.2, 0), nil), Unknown},

		{"decoded farther", fartherDecoded(integrationView{Range: 1}, integrationView{Range: 0.75}), Holds},
		{"decoded as far", fartherDecoded(integrationView{Range: 1}, integrationView{Range: 1}), Fails},
		{"no range", fartherDecoded(integrationView{Range: nan}, integrationView{Range: 1}), Unknown},
	} {
		if c.got.outcome != c.want || math.IsNaN(c.got.value) != (c.want == Unknown) || c.got.shown == "" {
			t.Errorf("%s: %+v, want that it %s", c.name, c.got, c.want)
		}
	}
}

func TestAVerdictNeedsFourSeedsOfFive(t *testing.T) {
	for _, c := range []struct {
		holds, unknown, seeds int32
		judged                bool
		want                  string
	}{
		{5, 0, 5, true, Holds}, {4, 0, 5, true, Holds}, {4, 1, 5, true, Holds}, {3, 0, 5, true, DoesNotHold}, {3, 2, 5, true, DoesNotHold},
		{0, 5, 5, true, NotMeasurable}, {1, 0, 1, true, Holds}, {1, 0, 2, true, DoesNotHold}, {2, 0, 2, true, Holds}, {8, 0, 10, true, Holds},
		{0, 2, 5, false, Reported}, {0, 5, 5, false, NotMeasurable},
	} {
		if got := verdict(c.judged, Claim{Holds: c.holds, Undefined: c.unknown, Seeds: c.seeds}); got != c.want {
			t.Errorf("holds in %d of %d, unknown in %d: %q, want %q", c.holds, c.seeds, c.unknown, got, c.want)
		}
	}
}

// good is a seed in which every claim of the paper is true.
func good() experiment {
	lattice := func(periods ...float64) *network {
		n := &network{units: active(1.1, -0.5), summary: summaryView{Active: 30, InModules: 0.9}, lattice: summaryView{InModules: 0.9, Anisotropy: 0.1, Spread: 0.1},
			rings: ring(2.6, 3), topology: topologyView{1, 2, 1, 0.1}, decorrelation: decorrelationView{0.81, 0.12}, closures: flat(0.01, 60), hasIntegration: true,
			integration: integrationView{Range: 2, Apart: 0.01, Moved: 0.5, Relative: 0.1}}
		for i, p := range periods {
			n.modules = append(n.modules, moduleView{Module: int32(i), N: 10, Period: p, Score: 1, Ellipse: 1.1, Rayleigh1: 0.5, Rayleigh2: 0.5, Rayleigh3: 0.5, Uniform: 0.5})
			for range 10 {
				n.latticeUnits = append(n.latticeUnits, unitView{Active: true, Module: int32(i), Period: p, Orientation: 10})
			}
		}
		n.inBoxes = [][]moduleView{n.modules, n.modules, n.modules}
		n.errors, n.closures = []errorView{{60, 0.02, 1}, {1000, 0.02, 1}}, append(n.closures, closureView{1000, 0.01, 0.01})
		return n
	}
	place := func(area float64) *network {
		return &network{summary: summaryView{Active: 30, PlaceLike: 0.9, FieldArea: area}}
	}
	gone := &network{units: active(1.5, 0.2), summary: summaryView{Active: 30, InModules: 0.1}}
	single := lattice(0.76)
	single.integration.Range = 0.5
	return experiment{sigmaX: 0.05, networks: map[string]*network{
		"full": lattice(0.5, 0.83, 1.4), "no-capacity": single, "sigma-g-02": place(0.1), "sigma-g-01": place(0.2),
		"no-separation": gone, "no-invariance": gone, "no-permutations": gone, "no-isometry": gone, "pytorch-init": gone,
	}}
}

func TestThePaperItselfWouldPassTheWholeTable(t *testing.T) {
	p := Params{Seeds: []uint64{11, 12}}
	claims, findings := p.judge([]experiment{good(), good()})
	if len(findings) != 2*len(claims) {
		t.Fatalf("%d findings of %d claims in two seeds", len(findings), len(claims))
	}
	var ids []string
	for _, c := range claims {
		want := Holds
		if c.Rule == "" {
			want = Reported
		}
		if c.Verdict != want && c.ID[:4] != "area" {
			t.Errorf("%s: %s (median %g, %d unknown), want %s", c.ID, c.Verdict, c.Median, c.Undefined, want)
		}
		if c.Text == "" || c.Paper == "" || c.Network == "" || c.Unit == "" || slices.Contains(ids, c.ID) {
			t.Errorf("claim %+v: a text, the paper's word, a network, a unit and a name of its own", c)
		}
		ids = append(ids, c.ID)
	}
}

func TestNothingIsClaimedOfNetworksThatAreNotThere(t *testing.T) {
	dead := experiment{sigmaX: 0.05, networks: map[string]*network{"full": {
		summary: summaryView{InModules: nan, PlaceLike: nan, FieldArea: nan}, lattice: summaryView{InModules: nan, Anisotropy: nan},
		topology: topologyView{From: nan}, decorrelation: decorrelationView{nan, nan}, hasIntegration: true, integration: integrationView{0, nan, nan, nan},
	}}}
	p := Params{Seeds: []uint64{11, 12}}
	claims, _ := p.judge([]experiment{{}, dead})
	for _, c := range claims {
		if c.Verdict == Holds || c.Holds > 0 {
			t.Errorf("%s: %s of dead and missing networks", c.ID, c.Verdict)
		}
	}
}
