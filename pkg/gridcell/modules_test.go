package gridcell

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// join puts populations one after another and says which each unit is of.
func join(parts ...[]Map) (maps []Map, part []int) {
	for i, p := range parts {
		for _, m := range p {
			maps, part = append(maps, m), append(part, i)
		}
	}
	return maps, part
}

func TestSuperposedPopulationsAreModules(t *testing.T) {
	type lattices []Lattice
	for name, c := range map[string]struct {
		lattices lattices
		boxM     float64
		bins     int
	}{
		"one":   {lattices{IdealHexagonal(0.6, 20)}, 2, 48},
		"two":   {lattices{IdealHexagonal(0.5, 20), IdealHexagonal(0.7, 50)}, 2, 48},
		"three": {lattices{IdealHexagonal(0.45, 20), IdealHexagonal(0.7, 20), IdealHexagonal(1.1, 20)}, 3, 64},
		"three of one shear, as published": {lattices{
			IdealHexagonal(0.508, 21.7).Stretched(1.21, 140), IdealHexagonal(0.833, 21.7).Stretched(1.21, 140), IdealHexagonal(1.4, 21.7).Stretched(1.21, 140),
		}, 3, 64},
		"two near in period":          {lattices{IdealHexagonal(0.50, 20), IdealHexagonal(0.62, 20)}, 2, 48},
		"two that straddle 0 degrees": {lattices{IdealHexagonal(0.45, 0), IdealHexagonal(0.7, 59.5)}, 2, 48},
	} {
		rng := source(4)
		var parts [][]Map
		for _, l := range c.lattices {
			p, _ := population(20, l, c.bins, c.boxM, 0.1, rng)
			parts = append(parts, p)
		}
		maps, part := join(parts...)
		a := analyze(t, maps)
		if len(a.Modules) != len(c.lattices) {
			t.Errorf("%s: %d modules, want %d", name, len(a.Modules), len(c.lattices))
			continue
		}
		for i, u := range a.Units {
			if u.Module >= 0 && u.Module != part[i] {
				t.Errorf("%s: unit %d of lattice %d is in module %d", name, i, part[i], u.Module)
			}
		}
		for i, m := range a.Modules {
			if len(m.Units) < 17 {
				t.Errorf("%s: module %d has %d of its 20 units", name, i, len(m.Units))
			}
			if !m.Hexagonal || m.OrientationAlone {
				t.Errorf("%s: module %d: hexagonal %v, differs in orientation alone %v", name, i, m.Hexagonal, m.OrientationAlone)
			}
			want := &Peaks{Lags: c.lattices[i].Nearest()}
			want.describe()
			near(t, name+": period", m.PeriodM, want.PeriodM, 0.01*want.PeriodM)
			near(t, name+": orientation", OrientationDifference(m.OrientationDeg, want.OrientationDeg), 0, 1)
			near(t, name+": ellipse ratio", m.EllipseRatioMedian, want.EllipseRatio, 0.05)
			near(t, name+": periods in the box", m.PeriodsInBox, c.boxM/want.PeriodM, 0.2)
		}
	}
}

func TestModulesThatDifferInOrientationAloneAreSaidTo(t *testing.T) {
	rng := source(5)
	p, _ := population(24, IdealHexagonal(0.55, 5), 48, 2, 0.1, rng)
	q, _ := population(16, IdealHexagonal(0.55, 30), 48, 2, 0.1, rng)
	maps, _ := join(p, q)
	a := analyze(t, maps)
	if len(a.Modules) != 2 {
		t.Fatalf("%d modules, want 2", len(a.Modules))
	}
	for _, m := range a.Modules {
		if want := len(m.Units) < 20; m.OrientationAlone != want {
			t.Errorf("module of %d units: differs in orientation alone: %v, want %v", len(m.Units), m.OrientationAlone, want)
		}
	}
}

func TestWhatHasNoLatticeIsNoModule(t *testing.T) {
	rng := source(6)
	var places, bands, squares, dead, flat, noise, slanted []Map
	k := IdealHexagonal(0.6, 17).WaveVectors()[0]
	for range 40 {
		at := [2]float64{2*rng.Float64() - 1, 2*rng.Float64() - 1}
		places = append(places, noisy(IdealFields([][2]float64{at}, 0.2, 32, 2), 0.05, rng))
		bands = append(bands, noisy(IdealBands(k, 6*rng.Float64(), 32, 2), 0.1, rng))
		squares = append(squares, noisy(squareCell(0.5, 25, 32, 2), 0.1, rng))
		slanted = append(slanted, noisy(IdealFields(IdealRhombic(0.5, 25, 78).Points(at[0], at[1], 2, 0.5), 0.08, 32, 2), 0.05, rng))
		noise = append(noise, noisy(constant(1, 32, 2), 1, rng))
		dead, flat = append(dead, constant(0, 32, 2)), append(flat, constant(0.4, 32, 2))
	}
	for name, maps := range map[string][]Map{
		"place cells": places, "bands": bands, "squares": squares, "rhombi of 78 degrees": slanted, "noise": noise,
		"dead units": dead, "constant units": flat, "never visited": {constant(math.NaN(), 32, 2)},
	} {
		if a := analyze(t, maps); len(a.Modules) != 0 {
			t.Errorf("%s: %d modules, want none", name, len(a.Modules))
		}
	}
}

// Close-packed random fields are the hardest case: a quarter of the units score above 0.3 by
// chance, with periods that are all set by the fields' distance.
func TestIrregularFieldsAreNoModule(t *testing.T) {
	scored := 0
	for seed := range uint64(6) {
		a := analyze(t, irregular(128, 0.45, 0.12, 32, 2, source(seed)))
		for _, u := range a.Units {
			if u.Expanding >= 0.3 {
				scored++
			}
		}
		if len(a.Modules) != 0 {
			t.Errorf("population %d: %d modules, want none", seed, len(a.Modules))
		}
	}
	if scored < 60 {
		t.Errorf("only %d of 768 units score above 0.3: this test tests nothing", scored)
	}
}

func TestFourUnitsAreNoModule(t *testing.T) {
	maps, _ := population(5, IdealHexagonal(0.5, 20), 40, 2, 0.05, source(7))
	if a := analyze(t, maps[:4]); len(a.Modules) != 0 {
		t.Error("four units make a module")
	}
	if a := analyze(t, maps); len(a.Modules) != 1 {
		t.Error("five units make no module")
	}
}

func TestDeadUnitsStayOutOfModules(t *testing.T) {
	rng := source(8)
	alive, _ := population(20, IdealHexagonal(0.5, 20), 40, 2, 0.05, rng)
	faint, _ := population(6, IdealHexagonal(0.5, 20), 40, 2, 0, rng)
	for _, m := range faint {
		for i := range m.Values {
			m.Values[i] *= 0.02 // the same lattice, but under 5 % of the population's peak
		}
	}
	maps, part := join(alive, faint, []Map{constant(0, 40, 2), constant(math.NaN(), 40, 2)})
	o := StandardOptions()
	o.ActiveFraction = 0.05
	a, err := Analyze(context.Background(), maps, o)
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range a.Units {
		if u.Active != (part[i] == 0) {
			t.Errorf("unit %d: active %v", i, u.Active)
		}
		if !u.Active && (u.Module != -1 || !math.IsNaN(u.Phases[0])) {
			t.Errorf("inactive unit %d: module %d, phase %g", i, u.Module, u.Phases[0])
		}
	}
	if len(a.Modules) != 1 {
		t.Errorf("%d modules, want one", len(a.Modules))
	}
}

// Grid cells of 0.6 to 6 Hz beside interneurons of 80 Hz: a unit is measured by itself.
func TestLoudUnitsSilenceNoOthers(t *testing.T) {
	rng := source(17)
	l := IdealHexagonal(0.42, 22)
	maps, _ := population(10, l, 40, 1.5, 0, rng)
	for i, m := range maps {
		for b := range m.Values {
			m.Values[b] *= 0.6 * math.Pow(10, float64(i)/9) // Hz
		}
	}
	for range 2 {
		interneuron := IdealFields([][2]float64{{1.5*rng.Float64() - 0.75, 1.5*rng.Float64() - 0.75}}, 0.5, 40, 1.5)
		for b := range interneuron.Values {
			interneuron.Values[b] = 70 + 8*interneuron.Values[b] + 2*rng.NormFloat64()
		}
		maps = append(maps, interneuron)
	}
	flat := constant(40, 40, 1.5)
	for b := range flat.Values {
		flat.Values[b] += 0.2 * rng.NormFloat64()
	}
	a := analyze(t, append(maps, flat))
	if len(a.Modules) != 1 || len(a.Modules[0].Units) != 10 {
		t.Fatalf("modules %+v, want one of the ten grid cells", a.Modules)
	}
	near(t, "period", a.Modules[0].PeriodM, 0.42, 0.002)
	near(t, "orientation", a.Modules[0].OrientationDeg, 22, 0.2)
	for i, u := range a.Units {
		if u.Active != (i < 12) || (u.Module == 0) != (i < 10) {
			t.Errorf("unit %d: active %v, module %d, modulation %.3f", i, u.Active, u.Module, u.Modulation)
		}
	}
}

func TestModulationIsTheShareOfThePeakThatComesAndGoes(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		values []float64
		want   float64
	}{
		"silent somewhere":           {[]float64{0, 1, 4, nan}, 1},
		"lowest bin 0.7 of the peak": {[]float64{1.4, 2, nan, 1.8}, 0.3},
		"constant":                   {[]float64{3, 3, 3, 3}, 0},
		"dead":                       {[]float64{0, 0, 0, 0}, 0},
		"of both signs":              {[]float64{-1, 2, 0, 0}, 1.5},
		"never visited":              {[]float64{nan, nan, nan, nan}, nan},
	} {
		if got := (Map{Values: c.values, NX: 2, NY: 2, BoxM: 1}).Modulation(); math.Abs(got-c.want) > 1e-12 || math.IsNaN(got) != math.IsNaN(c.want) {
			t.Errorf("%s: modulation %g, want %g", name, got, c.want)
		}
	}
}

func TestActiveUnits(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		peaks []float64
		want  []bool
	}{
		"none":          {nil, []bool{}},
		"all dead":      {[]float64{0, 0, 0}, []bool{false, false, false}},
		"all unvisited": {[]float64{nan, nan}, []bool{false, false}},
		"one alive":     {[]float64{0, 1, nan}, []bool{false, true, false}},
		"5 percent":     {[]float64{1, 1, 1, 1, 0.051, 0.049}, []bool{true, true, true, true, true, false}},
	} {
		if got := Active(c.peaks, 0.05); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Whatever the peaks, the clusters obey the rule that defines them.
func TestClustersObeyTheirRule(t *testing.T) {
	rule := StandardModuleRule()
	rapid.Check(t, func(t *rapid.T) {
		rng := source(rapid.Uint64().Draw(t, "seed"))
		peaks := make([]*Peaks, rapid.IntRange(0, 60).Draw(t, "units"))
		kinds := rapid.IntRange(1, 4).Draw(t, "kinds")
		jitter := rapid.Float64Range(0, 0.2).Draw(t, "jitter")
		for i := range peaks {
			if rng.IntN(8) == 0 {
				continue
			}
			kind := rng.IntN(kinds)
			p := &Peaks{Lags: IdealHexagonal(0.4*math.Pow(1.15, float64(kind))*(1+jitter*rng.NormFloat64()/3), float64(12*kind)+30*jitter*rng.NormFloat64()).Nearest()}
			p.describe()
			peaks[i] = p
		}
		clusters := FindClusters(peaks, rule)
		seen := map[int]bool{}
		for i, c := range clusters {
			if len(c.Core) < rule.MinUnits || !slices.IsSorted(c.Units) {
				t.Fatalf("cluster %d: core %v of %v", i, c.Core, c.Units)
			}
			for _, u := range c.Units {
				if peaks[u] == nil || seen[u] {
					t.Fatalf("unit %d belongs nowhere, or to two clusters", u)
				}
				seen[u] = true
				for _, v := range c.Units {
					if r := peaks[u].PeriodM / peaks[v].PeriodM; r > rule.PeriodRatio*1.0001 {
						t.Fatalf("two units of one cluster differ by %g in period", r)
					}
				}
			}
			for _, d := range clusters[:i] {
				if c.PeriodM/d.PeriodM < rule.PeriodRatio && OrientationDifference(c.OrientationDeg, d.OrientationDeg) < rule.OrientationDeg {
					t.Fatalf("two clusters with periods %g, %g and orientations %g, %g", c.PeriodM, d.PeriodM, c.OrientationDeg, d.OrientationDeg)
				}
				if c.PeriodM < d.PeriodM {
					t.Fatal("clusters are not in order of period")
				}
			}
		}
	})
}
