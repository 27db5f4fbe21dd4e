package claims

import (
	"math"
	"slices"
	"testing"

	"sicgrid/stages/claims/claimstable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/integration/integrationtable"
	"sicgrid/stages/spectra/spectratable"
)

var nan = math.NaN()

// ring is points on a band of radii around the origin, the same on all three rings.
func ring(low, high float64) []embedtable.Point {
	out := make([]embedtable.Point, 1000)
	for i := range out {
		s, c := math.Sincos(float64(i) * 2.399963)
		r := low + (high-low)*float64(i%50)/49
		x, y := float32(r*c), float32(r*s)
		out[i] = embedtable.Point{Rings: []float32{x, y, x, y, x, y}}
	}
	return out
}

// unitsOf is n units of module 0, of which so many share period and orientation.
func unitsOf(n, alike int) []spectratable.Unit {
	out := make([]spectratable.Unit, n)
	for i := range out {
		out[i] = spectratable.Unit{Active: true, Period: 1, Orientation: 10}
		if i >= alike {
			out[i].Period = 1.08
		}
	}
	return out
}

// flat is loops of 1 to so many steps after which states are equally far apart.
func flat(apart float64, upTo int32) []integrationtable.Return {
	var out []integrationtable.Return
	for n := int32(1); n <= upTo; n++ {
		out = append(out, integrationtable.Return{Steps: n, Loop: apart, AtRest: apart})
	}
	return out
}

func active(ellipse, square float64) []spectratable.Unit {
	return []spectratable.Unit{{Active: true, EllipseRatio: ellipse, Square: square}, {Active: true, EllipseRatio: ellipse, Square: square}, {EllipseRatio: 9, Square: 9}}
}

// ruled is what a rule says of a case, and what it should.
type ruled struct {
	name string
	got  finding
	want string
}

func TestEveryRuleOfALatticeCanHoldFailAndBeUnknown(t *testing.T) {
	one, two := []spectratable.Module{{Period: 0.5}}, []spectratable.Module{{Period: 0.5}, {Period: 0.8}}
	turned := []spectratable.Module{{Period: 0.5}, {Period: 0.51, OrientationAlone: true}}
	even := spectratable.Module{Rayleigh1: 0.5, Rayleigh2: 0.2, Rayleigh3: 0.9, Uniform: 0.02}
	uneven, undefined := even, even
	uneven.Rayleigh3, undefined.Uniform = 0.009, nan
	collapsed := append(ring(1.9, 2.1), embedtable.Point{Rings: []float32{0.1, 0, 2, 0, 2, 0}})
	says(t, []ruled{
		{"60 % in modules", mostPeriodic(spectratable.Summary{InModules: 0.6}), claimstable.Holds},
		{"59 % in modules", mostPeriodic(spectratable.Summary{InModules: 0.59}), claimstable.Fails},
		{"no active unit", mostPeriodic(spectratable.Summary{InModules: nan}), claimstable.Unknown},

		{"two periods", several(two), claimstable.Holds},
		{"one period", several(one), claimstable.Fails},
		{"one period in two orientations", several(turned), claimstable.Fails},
		{"no module", several(nil), claimstable.Fails},

		{"one module", single(one), claimstable.Holds},
		{"two modules", single(two), claimstable.Fails},
		{"no module is not one", single(nil), claimstable.Fails},
		{"two that differ in orientation are two", single(turned), claimstable.Fails},

		{"9 of 10 share", shared(unitsOf(10, 9), []spectratable.Module{{Module: 0}}), claimstable.Holds},
		{"8 of 10 share", shared(unitsOf(10, 8), []spectratable.Module{{Module: 0}}), claimstable.Fails},
		{"nobody to share", shared(unitsOf(10, 10), nil), claimstable.Unknown},

		{"uniform phases", uniform(&even), claimstable.Holds},
		{"one uneven phase", uniform(&uneven), claimstable.Fails},
		{"no wave vectors", uniform(&undefined), claimstable.Unknown},
		{"no module, no phases", uniform(nil), claimstable.Unknown},

		{"a torus", torus(embedtable.Topology{Betti0: 1, Betti1: 2, Betti2: 1, From: 0.1}), claimstable.Holds},
		{"a ring is no torus", torus(embedtable.Topology{Betti0: 1, Betti1: 1, Betti2: 0, From: 0.1}), claimstable.Fails},
		{"undetermined", torus(embedtable.Topology{From: nan}), claimstable.Unknown},

		{"thin rings", rings(ring(1.8, 2.2)), claimstable.Holds},
		{"filled rings", rings(ring(0, 2)), claimstable.Fails},
		{"one state in the hole", rings(collapsed), claimstable.Fails},
		{"a wide ring with a hole", rings(ring(0.9, 2.9)), claimstable.Fails},
		{"no module, no ring", rings([]embedtable.Point{{Rings: []float32{float32(nan), float32(nan), float32(nan), float32(nan), float32(nan), float32(nan)}}}), claimstable.Unknown},

		{"5 % apart", sameInBoxes([][]spectratable.Module{{{Period: 1}, {Period: 2}}, {{Period: 1.02}}, {{Period: 1.05}}}), claimstable.Holds},
		{"6 % apart", sameInBoxes([][]spectratable.Module{{{Period: 1}}, {{Period: 1.06}}, {{Period: 1}}}), claimstable.Fails},
		{"a module that no other box has", sameInBoxes([][]spectratable.Module{{{Period: 1}}, {{Period: 1}, {Period: 2}}}), claimstable.Fails},
		{"no module in one box", sameInBoxes([][]spectratable.Module{{{Period: 1}}, nil, {{Period: 1}}}), claimstable.Unknown},
		{"one box only", sameInBoxes([][]spectratable.Module{{{Period: 1}}}), claimstable.Unknown},
	})
}

func TestEveryRuleOfStatesAndFieldsCanHoldFailAndBeUnknown(t *testing.T) {
	says(t, []ruled{
		{"decorrelated in 3 sigma_x", decorrelated(distancestable.Summary{Plateau: 0.8, Reach90: 0.15}, 0.05), claimstable.Holds},
		{"decorrelated later", decorrelated(distancestable.Summary{Plateau: 0.8, Reach90: 0.16}, 0.05), claimstable.Fails},
		{"states that never differ", decorrelated(distancestable.Summary{Plateau: 0, Reach90: nan}, 0.05), claimstable.Unknown},
		{"no plateau", decorrelated(distancestable.Summary{Plateau: nan, Reach90: nan}, 0.05), claimstable.Unknown},

		{"a quarter of the plateau", invariant(flat(0.2, 80), 0.8, 60), claimstable.Holds},
		{"more than a quarter", invariant(flat(0.21, 80), 0.8, 60), claimstable.Fails},
		{"one bad lag", invariant(append(flat(0.1, 59), integrationtable.Return{Steps: 60, Loop: 0.3, AtRest: 0}), 0.8, 60), claimstable.Fails},
		{"a bad lag beyond", invariant(append(flat(0.1, 60), integrationtable.Return{Steps: 61, Loop: 0.3, AtRest: 0}), 0.8, 60), claimstable.Holds},
		{"a bad lag beyond that counts", invariant(append(flat(0.1, 60), integrationtable.Return{Steps: 61, Loop: 0.3, AtRest: 0}), 0.8, 1000), claimstable.Fails},
		{"a lag is missing", invariant(flat(0.1, 59), 0.8, 60), claimstable.Unknown},
		{"no plateau to compare with", invariant(flat(0.2, 60), nan, 60), claimstable.Unknown},

		{"60 % place-like", placeLike(spectratable.Summary{PlaceLike: 0.6}), claimstable.Holds},
		{"half place-like", placeLike(spectratable.Summary{PlaceLike: 0.5}), claimstable.Fails},
		{"no active unit, no place cell", placeLike(spectratable.Summary{PlaceLike: nan}), claimstable.Unknown},

		{"fields shrink", smallerFields(spectratable.Summary{FieldArea: 0.1}, spectratable.Summary{FieldArea: 0.2}), claimstable.Holds},
		{"fields grow", smallerFields(spectratable.Summary{FieldArea: 0.2}, spectratable.Summary{FieldArea: 0.1}), claimstable.Fails},
		{"no field", smallerFields(spectratable.Summary{FieldArea: nan}, spectratable.Summary{FieldArea: 0.1}), claimstable.Unknown},

		{"a third is left", lost(spectratable.Summary{InModules: 0.9}, spectratable.Summary{Active: 30, InModules: 0.3}), claimstable.Holds},
		{"half is left", lost(spectratable.Summary{InModules: 0.8}, spectratable.Summary{Active: 30, InModules: 0.4}), claimstable.Fails},
		{"all units died", lost(spectratable.Summary{InModules: 0.8}, spectratable.Summary{InModules: nan}), claimstable.Holds},
		{"nothing to lose", lost(spectratable.Summary{InModules: 0}, spectratable.Summary{Active: 30, InModules: 0}), claimstable.Unknown},
		{"nothing is left to be an ablation of", lost(spectratable.Summary{InModules: nan}, spectratable.Summary{Active: 30, InModules: 0.1}), claimstable.Unknown},

		{"a longer ellipse", sheared(active(1.2, 0), active(1.3, 0)), claimstable.Holds},
		{"squarer", sheared(active(1.2, 0), active(1.1, 0.4)), claimstable.Holds},
		{"rounder and less square", sheared(active(1.2, 0), active(1.1, -0.1)), claimstable.Fails},
		{"only a square score", sheared(active(nan, 0), active(nan, 0.1)), claimstable.Holds},
		{"no active unit, no shear", sheared(active(1.2, 0), nil), claimstable.Unknown},

		{"decoded farther", fartherDecoded(integrationtable.Summary{Range: 1}, integrationtable.Summary{Range: 0.75}), claimstable.Holds},
		{"decoded as far", fartherDecoded(integrationtable.Summary{Range: 1}, integrationtable.Summary{Range: 1}), claimstable.Fails},
		{"no range", fartherDecoded(integrationtable.Summary{Range: nan}, integrationtable.Summary{Range: 1}), claimstable.Unknown},
	})
}

func says(t *testing.T, rules []ruled) {
	t.Helper()
	for _, c := range rules {
		if c.got.outcome != c.want || math.IsNaN(c.got.value) != (c.want == claimstable.Unknown) || c.got.shown == "" {
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
		{5, 0, 5, true, claimstable.Holds}, {4, 0, 5, true, claimstable.Holds}, {4, 1, 5, true, claimstable.Holds}, {3, 0, 5, true, claimstable.DoesNotHold}, {3, 2, 5, true, claimstable.DoesNotHold},
		{0, 5, 5, true, claimstable.NotMeasurable}, {1, 0, 1, true, claimstable.Holds}, {1, 0, 2, true, claimstable.DoesNotHold}, {2, 0, 2, true, claimstable.Holds}, {8, 0, 10, true, claimstable.Holds},
		{0, 2, 5, false, claimstable.Reported}, {0, 5, 5, false, claimstable.NotMeasurable},
	} {
		if got := verdict(c.judged, claimstable.Claim{Holds: c.holds, Undefined: c.unknown, Seeds: c.seeds}); got != c.want {
			t.Errorf("holds in %d of %d, unknown in %d: %q, want %q", c.holds, c.seeds, c.unknown, got, c.want)
		}
	}
}

// good is a seed in which every claim of the paper is true.
func good() experiment {
	lattice := func(periods ...float64) *network {
		n := &network{units: active(1.1, -0.5), summary: spectratable.Summary{Active: 30, InModules: 0.9}, lattice: spectratable.Summary{InModules: 0.9, Anisotropy: 0.1, Spread: 0.1, Independent: int32(len(periods)), Generators: int32(2 * len(periods))},
			rings: ring(2.6, 3), topology: embedtable.Topology{Betti0: 1, Betti1: 2, Betti2: 1, From: 0.1}, decorrelation: distancestable.Summary{Plateau: 0.81, Reach90: 0.12}, returns: flat(0.01, 60), hasIntegration: true,
			integration: integrationtable.Summary{Range: 2, Apart: 0.01, Moved: 0.5, Relative: 0.1}}
		for i, p := range periods {
			n.modules = append(n.modules, spectratable.Module{Module: int32(i), N: 10, Period: p, Score: 1, EllipseRatio: 1.1, Rayleigh1: 0.5, Rayleigh2: 0.5, Rayleigh3: 0.5, Uniform: 0.5})
			for range 10 {
				n.latticeUnits = append(n.latticeUnits, spectratable.Unit{Active: true, Module: int32(i), Period: p, Orientation: 10})
			}
		}
		n.inBoxes = [][]spectratable.Module{n.modules, n.modules, n.modules}
		n.errors, n.returns = []integrationtable.Error{{Step: 60, Median: 0.02, Chance: 1}, {Step: 1000, Median: 0.02, Chance: 1}}, append(n.returns, integrationtable.Return{Steps: 1000, Loop: 0.01, AtRest: 0.01})
		return n
	}
	place := func(area float64) *network {
		return &network{summary: spectratable.Summary{Active: 30, PlaceLike: 0.9, FieldArea: area}}
	}
	gone := &network{units: active(1.5, 0.2), summary: spectratable.Summary{Active: 30, InModules: 0.1}}
	single := lattice(0.76)
	single.integration.Range = 0.5
	return experiment{reference: "full", sigmaX: 0.05, networks: map[string]*network{
		"full": lattice(0.5, 0.83, 1.4), "no-capacity": single, smallScale: place(0.1), smallestScale: place(0.2), noIsometry: gone, pytorchInit: gone,
		"loss.separation=0": gone, "loss.invariance=0": gone, "batch.permute=false": gone,
	}}
}

func TestThePaperItselfWouldPassTheWholeTable(t *testing.T) {
	p := Params{Seeds: []uint64{11, 12}, Reference: "full"}
	claims, findings := p.judge([]experiment{good(), good()})
	if len(findings) != 2*len(claims) {
		t.Fatalf("%d findings of %d claims in two seeds", len(findings), len(claims))
	}
	var ids []string
	for _, c := range claims {
		want := claimstable.Holds
		if c.Rule == "" {
			want = claimstable.Reported
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
	dead := experiment{reference: "full", sigmaX: 0.05, networks: map[string]*network{"full": {
		summary: spectratable.Summary{InModules: nan, PlaceLike: nan, FieldArea: nan}, lattice: spectratable.Summary{InModules: nan, Anisotropy: nan},
		topology: embedtable.Topology{From: nan}, decorrelation: distancestable.Summary{Plateau: nan, Reach90: nan}, hasIntegration: true, integration: integrationtable.Summary{Apart: nan, Moved: nan, Relative: nan},
	}}}
	p := Params{Seeds: []uint64{11, 12}}
	claims, _ := p.judge([]experiment{{}, dead})
	for _, c := range claims {
		if c.Verdict == claimstable.Holds || c.Holds > 0 {
			t.Errorf("%s: %s of dead and missing networks", c.ID, c.Verdict)
		}
	}
}

func TestAClaimIsAboutTheNetworkThatIsTrainedAsItSays(t *testing.T) {
	p := Params{Seeds: []uint64{1}, BoxesM: []float64{2, 3.5}, Variants: []string{"full", "sigma-g-02", "smaller"},
		Differences: map[string][]string{"sigma-g-02": {"loss.sigma_g=0.35"}, "smaller": {"loss.sigma_g=0.2"}}}
	claims, _ := p.judge([]experiment{{}})
	for id, want := range map[string]string{"place-like-02": "smaller", "field-size": smallestScale, "periodic": "full"} {
		i := slices.IndexFunc(claims, func(c claimstable.Claim) bool { return c.ID == id })
		if got := claims[i].Network; got != want {
			t.Errorf("%s, %q, is judged by %s, want %s", id, claims[i].Text, got, want)
		}
	}
	i := slices.IndexFunc(claims, func(c claimstable.Claim) bool { return c.ID == "same-periods" })
	if want := "The same periods in boxes of 2 and 3.5 m"; claims[i].Text != want {
		t.Errorf("%q, want %q", claims[i].Text, want)
	}
}

// An ablation is judged beside the network that it changes one thing of, where figure 4 is of another.
func TestAnAblationIsJudgedBesideWhatItIsAnAblationOf(t *testing.T) {
	e := good()
	scratch := *e.networks["full"]
	scratch.summary.InModules, scratch.integration.Range = 0.15, 0.4
	scratch.units = active(1.6, 0.3)
	e.networks["from-scratch"], e.reference = &scratch, "from-scratch"
	p := Params{Seeds: []uint64{11}, Reference: "from-scratch", Variants: []string{"full", "from-scratch"}}
	claims, _ := p.judge([]experiment{e})
	for _, c := range claims {
		want, named := map[string]string{"no-separation": claimstable.DoesNotHold, "isometry-needed": claimstable.DoesNotHold, "capacity-range": claimstable.DoesNotHold, "several-modules": claimstable.Holds}[c.ID]
		if named && c.Verdict != want {
			t.Errorf("%s: %s, want %s", c.ID, c.Verdict, want)
		}
		if c.ID == "capacity-range" && c.Network != "from-scratch" {
			t.Errorf("%s is shown by %s", c.ID, c.Network)
		}
	}
}
