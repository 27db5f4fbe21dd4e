// Package figuretest has what the tests of the figures share: ideal networks of known lattices, the
// tables that a figure reads of them, and the look at what was drawn.
package figuretest

import (
	"math"
	"math/rand/v2"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

const testBins = 48

// Titles are those of the networks that tests draw.
var Titles = sheet.Titles{"full": "all loss terms", "no-capacity": "without the capacity term", "no-separation": "without separation", "sigma-g-01": "σ_g = 0.1"}

// Network is a network of ideal hexagonal cells in one box.
type Network struct {
	BoxM             float64
	Units            []spectratable.Unit
	Maps             []ratemapstable.Map
	Autocorrelograms []spectratable.Autocorrelogram
	Modules          []spectratable.Module
	Summary          spectratable.Summary
}

// lattice is a hexagonal lattice of the period (m) and orientation (degrees).
func lattice(period, orientation float64) [3][2]float64 {
	var k [3][2]float64
	length := 4 * math.Pi / (math.Sqrt(3) * period)
	for a := range k {
		sin, cos := math.Sincos((orientation + 120*float64(a)) * math.Pi / 180)
		k[a] = [2]float64{length * cos, length * sin}
	}
	return k
}

// RateAt is an ideal cell's rate at a place.
func RateAt(k [3][2]float64, phi [3]float64, x, y float64) float64 {
	sum := 0.0
	for a := range k {
		sum += math.Cos(k[a][0]*x + k[a][1]*y - phi[a])
	}
	return math.Max(0, 1.2*sum+0.6)
}

func wrapAngle(p float64) float64 { return math.Atan2(math.Sin(p), math.Cos(p)) }

// Lump is a group of ideal cells: N of one lattice, or noise if the period is 0.
type Lump struct {
	N                   int
	Period, Orientation float64
	Score               float64
}

// Grid is n cells of one lattice and grid score.
func Grid(n int, period, orientation, score float64) Lump { return Lump{n, period, orientation, score} }

// Noise is n active cells without one.
func Noise(n int) Lump { return Lump{N: n} }

// Ideal makes a network of such groups in a box, with silent units after them.
func Ideal(boxM float64, silent int, lumps ...Lump) Network {
	rng := rand.New(rand.NewPCG(1, 2))
	d := Network{BoxM: boxM}
	add := func(u spectratable.Unit, at func(x, y float64) float64) {
		u.Unit = int32(len(d.Units))
		m := ratemapstable.Map{Unit: u.Unit, Mean: make([]float32, testBins*testBins)}
		for i := range m.Mean {
			x := boxM * ((float64(i%testBins)+0.5)/testBins - 0.5)
			y := boxM * ((float64(i/testBins)+0.5)/testBins - 0.5)
			m.Mean[i] = float32(at(x, y))
		}
		if u.Modulation = math.NaN(); figure.Peak(m.Mean) > 0 {
			u.Modulation = 1 - float64(slices.Min(m.Mean))/figure.Peak(m.Mean)
		}
		d.Units, d.Maps = append(d.Units, u), append(d.Maps, m)
	}
	nan := math.NaN()
	for _, l := range lumps {
		if l.Period == 0 {
			for range l.N {
				add(spectratable.Unit{Active: true, Peak: 1, Score: 0.05 * rng.NormFloat64(), Period: 0.4 + rng.Float64(), Orientation: 60 * rng.Float64(),
					Module: -1, Phi1: nan, Phi2: nan, Phi3: nan},
					func(x, y float64) float64 { return rng.Float64() })
			}
			continue
		}
		k := lattice(l.Period, l.Orientation)
		module := spectratable.Module{Module: int32(len(d.Modules)), N: int32(l.N), Period: l.Period, Orientation: l.Orientation,
			K1X: k[0][0], K1Y: k[0][1], K2X: k[1][0], K2Y: k[1][1], K3X: k[2][0], K3Y: k[2][1],
			Score: l.Score, Corrected: l.Score + 0.1, EllipseRatio: 1.1, PeriodsInBox: boxM / l.Period, Hexagonal: l.Score > 0.5}
		d.Modules = append(d.Modules, module)
		for range l.N {
			ox, oy := rng.Float64()*10, rng.Float64()*10
			var phi [3]float64
			for a := range phi {
				phi[a] = wrapAngle(k[a][0]*ox + k[a][1]*oy)
			}
			add(spectratable.Unit{Active: true, Peak: 1, Score: l.Score + 0.15*rng.NormFloat64(),
				Period: l.Period * (1 + 0.01*rng.NormFloat64()), Orientation: l.Orientation + 0.7*rng.NormFloat64(),
				Module: module.Module, Phi1: phi[0], Phi2: phi[1], Phi3: phi[2]},
				func(x, y float64) float64 { return RateAt(k, phi, x, y) })
			n := 2*testBins - 1
			values := make([]float32, n*n)
			for i := range values {
				x, y := boxM/testBins*float64(i%n-n/2), boxM/testBins*float64(i/n-n/2)
				values[i] = float32((math.Cos(k[0][0]*x+k[0][1]*y) + math.Cos(k[1][0]*x+k[1][1]*y) + math.Cos(k[2][0]*x+k[2][1]*y)) / 3)
			}
			values[0] = float32(nan)
			d.Autocorrelograms = append(d.Autocorrelograms, spectratable.Autocorrelogram{Unit: d.Units[len(d.Units)-1].Unit, Values: values})
		}
	}
	for range silent {
		add(spectratable.Unit{Score: nan, Period: nan, Orientation: nan, Module: -1, Phi1: nan, Phi2: nan, Phi3: nan},
			func(x, y float64) float64 { return 0 })
	}
	d.Summary = summarise(d.Units, d.Modules)
	return d
}

func summarise(units []spectratable.Unit, modules []spectratable.Module) spectratable.Summary {
	out := spectratable.Summary{Units: int32(len(units)), Explained: 0.85, Modules: int32(len(modules))}
	cells := sheet.Active(units)
	n := float64(len(cells))
	out.Active, out.Score, out.Above = int32(n), sheet.Median(sheet.Column(cells, sheet.Score)), math.NaN()
	above, in := 0.0, 0.0
	for _, u := range cells {
		if u.Score > sheet.ScoreLine {
			above++
		}
		if u.Module >= 0 {
			in++
		}
	}
	if n > 0 {
		out.Above = above / n
	}
	out.InModules = in / math.Max(1, n)
	return out
}

// ThreeModules is a full network as the paper's: three modules of one orientation.
func ThreeModules() Network {
	return Ideal(4, 5, Grid(21, 0.51, 21.8, 0.9), Grid(19, 0.83, 21.5, 1.1), Grid(9, 1.4, 21.7, 0.4), Noise(10))
}

// OneModule is a network without the capacity loss as the paper's.
func OneModule() Network {
	return Ideal(4, 4, Grid(58, 0.95, 12, 1.2), Noise(2))
}

// sparse is a network in a box that its walks hardly came into.
func sparse(net Network) Network {
	for i := range net.Maps {
		for j := range net.Maps[i].Mean {
			if j > len(net.Maps[i].Mean)/10 {
				net.Maps[i].Mean[j] = float32(math.NaN())
			}
		}
	}
	return net
}

// Faulty are networks of which not everything can be measured.
func Faulty() map[string]Network {
	return map[string]Network{
		"walks that do not cover the box": sparse(Ideal(12, 0, Grid(8, 0.5, 10, 1))),
		"fewer than six units":            Ideal(2, 0, Noise(4)),
		"no module":                       Ideal(2, 3, Noise(20)),
		"all units silent":                Ideal(2, 9),
	}
}

// OfAnySize are networks of few units and of many, of none that fires, and without any measure.
func OfAnySize() map[string]Network {
	nan := math.NaN()
	undefined := ThreeModules()
	for i := range undefined.Units {
		u := &undefined.Units[i]
		u.Score, u.Period, u.Orientation, u.Phi1, u.Phi2, u.Phi3 = nan, nan, nan, nan, nan, nan
		for j := range undefined.Maps[i].Mean {
			undefined.Maps[i].Mean[j] = float32(nan)
		}
	}
	for i := range undefined.Modules {
		m := &undefined.Modules[i]
		m.Period, m.Orientation, m.Score, m.K1X = nan, nan, nan, nan
	}
	undefined.Summary.Score, undefined.Summary.Above = nan, nan
	without := ThreeModules()
	without.Autocorrelograms = nil
	return map[string]Network{
		"2 units":              Ideal(2, 1, Grid(1, 0.5, 1, 1)),
		"128 units":            Ideal(2, 12, Grid(40, 0.5, 10, 0.6), Grid(40, 0.8, 59, 0.6), Grid(36, 0.82, 0.5, 1)),
		"many modules":         Ideal(3, 0, Grid(5, 0.3, 1, 1), Grid(5, 0.4, 1, 1), Grid(5, 0.5, 1, 1), Grid(5, 0.7, 1, 1), Grid(5, 0.9, 1, 1), Grid(5, 1.1, 1, 1), Grid(5, 1.4, 1, 1)),
		"no module":            Ideal(2, 5, Noise(20)),
		"all silent":           Ideal(4, 8),
		"undefined":            undefined,
		"without correlograms": without,
	}
}
