package plot

import (
	"math"
	"math/rand/v2"
)

// The networks of these tests are ideal: hexagonal cells with known lattices.

const testBins = 48

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

// rate is an ideal cell's rate at a place.
func rate(k [3][2]float64, phi [3]float64, x, y float64) float64 {
	sum := 0.0
	for a := range k {
		sum += math.Cos(k[a][0]*x + k[a][1]*y - phi[a])
	}
	return math.Max(0, 1.2*sum+0.6)
}

func wrap(p float64) float64 { return math.Atan2(math.Sin(p), math.Cos(p)) }

// lump is a group of ideal cells: n of one lattice, or noise if the period is 0.
type lump struct {
	n                   int
	period, orientation float64
	score               float64
}

// idealNetwork makes a network of such groups in a box, with dead units after them.
func idealNetwork(boxM float64, dead int, lumps ...lump) Figure4Data {
	rng := rand.New(rand.NewPCG(1, 2))
	d := Figure4Data{BoxM: boxM}
	add := func(u Unit, at func(x, y float64) float64) {
		u.Unit = int32(len(d.Units))
		m := RateMap{Unit: u.Unit, Mean: make([]float32, testBins*testBins)}
		for i := range m.Mean {
			x := boxM * ((float64(i%testBins)+0.5)/testBins - 0.5)
			y := boxM * ((float64(i/testBins)+0.5)/testBins - 0.5)
			m.Mean[i] = float32(at(x, y))
		}
		d.Units, d.Maps = append(d.Units, u), append(d.Maps, m)
	}
	nan := math.NaN()
	for _, l := range lumps {
		if l.period == 0 {
			for range l.n {
				add(Unit{Active: true, Peak: 1, Score: 0.05 * rng.NormFloat64(), Period: 0.4 + rng.Float64(), Orientation: 60 * rng.Float64(),
					Module: -1, Phi1: nan, Phi2: nan, Phi3: nan},
					func(x, y float64) float64 { return rng.Float64() })
			}
			continue
		}
		k := lattice(l.period, l.orientation)
		module := Module{Module: int32(len(d.Modules)), N: int32(l.n), Period: l.period, Orientation: l.orientation,
			K1X: k[0][0], K1Y: k[0][1], K2X: k[1][0], K2Y: k[1][1], K3X: k[2][0], K3Y: k[2][1],
			Score: l.score, Corrected: l.score + 0.1, EllipseRatio: 1.1, PeriodsInBox: boxM / l.period, Hexagonal: l.score > 0.5}
		d.Modules = append(d.Modules, module)
		for range l.n {
			ox, oy := rng.Float64()*10, rng.Float64()*10
			var phi [3]float64
			for a := range phi {
				phi[a] = wrap(k[a][0]*ox + k[a][1]*oy)
			}
			add(Unit{Active: true, Peak: 1, Score: l.score + 0.15*rng.NormFloat64(),
				Period: l.period * (1 + 0.01*rng.NormFloat64()), Orientation: l.orientation + 0.7*rng.NormFloat64(),
				Module: module.Module, Phi1: phi[0], Phi2: phi[1], Phi3: phi[2]},
				func(x, y float64) float64 { return rate(k, phi, x, y) })
			n := 2*testBins - 1
			values := make([]float32, n*n)
			for i := range values {
				x, y := boxM/testBins*float64(i%n-n/2), boxM/testBins*float64(i/n-n/2)
				values[i] = float32((math.Cos(k[0][0]*x+k[0][1]*y) + math.Cos(k[1][0]*x+k[1][1]*y) + math.Cos(k[2][0]*x+k[2][1]*y)) / 3)
			}
			values[0] = float32(nan)
			d.Autocorrelograms = append(d.Autocorrelograms, Autocorrelogram{d.Units[len(d.Units)-1].Unit, values})
		}
	}
	for range dead {
		add(Unit{Score: nan, Period: nan, Orientation: nan, Module: -1, Phi1: nan, Phi2: nan, Phi3: nan},
			func(x, y float64) float64 { return 0 })
	}
	d.Summary = summarise(d.Units, d.Modules)
	return d
}

func summarise(units []Unit, modules []Module) Summary {
	n := unitTable("", units)
	in := 0
	for _, u := range units {
		if u.Module >= 0 {
			in++
		}
	}
	return Summary{Units: int32(n.Units), Active: int32(n.Active), Dead: int32(n.Dead), Score: float64(n.Score), AboveLine: float64(n.AboveLine),
		InModules: float64(in) / math.Max(1, float64(n.Active)), Explained: 0.85, Modules: int32(len(modules))}
}

// idealFigure6 is the first module of the network with states on its torus.
func idealFigure6(net Figure4Data, states int) Figure6Data {
	d := Figure6Data{BoxM: net.BoxM, Module: -1, Units: net.Units, Maps: net.Maps, Modules: net.Modules, Summary: net.Summary}
	rng := rand.New(rand.NewPCG(3, 4))
	const bins = 48
	step := 2 * math.Pi / net.BoxM
	d.Spectra = []Spectrum{{Module: -1, Power: make([]float64, bins*bins), Step: step}}
	for i := range d.Spectra[0].Power {
		d.Spectra[0].Power[i] = 0.02 * rng.ExpFloat64()
	}
	var k [3][2]float64
	var cells []Unit
	if len(net.Modules) > 0 {
		d.Module = 0
		k = net.Modules[0].waveVectors()
		cells = members(net.Units, 0)
		s := Spectrum{Module: 0, Power: make([]float64, bins*bins), Step: step}
		for i := range s.Power {
			x, y := step*float64(i%bins-bins/2), step*float64(i/bins-bins/2)
			for a := range k {
				for _, sign := range []float64{1, -1} {
					s.Power[i] += math.Exp(-(math.Pow(x-sign*k[a][0], 2) + math.Pow(y-sign*k[a][1], 2)) / (2 * math.Pow(0.7*step, 2)))
				}
			}
		}
		d.Spectra = append(d.Spectra, s)
	}
	for range states {
		x, y := net.BoxM*(rng.Float64()-0.5), net.BoxM*(rng.Float64()-0.5)
		s := State{X: float32(x), Y: float32(y), Embedding: make([]float32, 3), Isomap: []float32{float32(math.Cos(x)), float32(y), float32(x)}, Rings: make([]float32, 6)}
		u, v := k[0][0]*x+k[0][1]*y, k[1][0]*x+k[1][1]*y
		if len(cells) == 0 {
			u, v = rng.Float64()*6, rng.Float64()*6
		}
		s.Embedding[0] = float32((2 + math.Cos(v)) * math.Cos(u) * 0.01)
		s.Embedding[1] = float32((2 + math.Cos(v)) * math.Sin(u) * 0.01)
		s.Embedding[2] = float32(math.Sin(v) * 0.01)
		g, norm := make([]float64, len(cells)), 0.0
		for i, c := range cells {
			g[i] = rate(k, [3]float64{c.Phi1, c.Phi2, c.Phi3}, x, y)
			norm += g[i] * g[i]
		}
		for a := range k {
			for i, c := range cells {
				s.Rings[2*a] += float32(g[i] / math.Sqrt(norm) * math.Cos(phaseOf[a](c)))
				s.Rings[2*a+1] += float32(g[i] / math.Sqrt(norm) * math.Sin(phaseOf[a](c)))
			}
			if len(cells) == 0 {
				s.Rings[2*a], s.Rings[2*a+1] = float32(math.NaN()), float32(math.NaN())
			}
		}
		d.States = append(d.States, s)
	}
	for i, v := range []float64{0.17, 0.165, 0.163, 0.16, 0.158, 0.155, 0.01, 0.005, 0.004, 0.003} {
		d.PCA = append(d.PCA, Component{int32(i), v})
	}
	for i, v := range []float64{0.010, 0.0105, 0.011, 0.0115, 0.012, 0.0122, 0.031, 0.033, 0.035, 0.036} {
		d.Eigenvalues = append(d.Eigenvalues, Eigenvalue{int32(i), v})
	}
	d.Intervals = []Interval{{0, 0, math.Inf(1)}, {0, 0, 0.3}, {1, 0.5, 1.4}, {1, 0.55, 1.35}, {1, 0.4, 0.5}, {2, 0.8, 1.5}}
	d.Topology = Topology{1, 2, 1, 0.8, 1.35, 2, 100, 0.2}
	return d
}

// The parameters of the tests.
var (
	params4 = Figure4Params{DPI: 200, CellsPerModule: 5, MaxModules: 6, RateColours: "jet", CorrelationColours: "diverging"}
	params6 = Figure6Params{DPI: 200, PowerScale: "linear", PowerColours: "viridis", PhaseColours: "cyclic", Azimuth: 35, Elevation: 40}
	params8 = Figure8Params{DPI: 200, Columns: 16, RateColours: "jet"}
)

// idealSeeds are runs of five seeds of both variants.
func idealSeeds() (SeedsData, SeedsParams) {
	d := SeedsData{BoxM: 4}
	p := SeedsParams{DPI: 200, Seeds: []uint64{1, 2, 3, 4, 5}, Variants: []string{"full", "no-capacity"}}
	for _, s := range p.Seeds {
		f := float64(s)
		full := idealNetwork(4, 3, lump{20, 0.51, 20 + f, 0.3 + 0.1*f}, lump{18, 0.83, 20 + f, 0.8}, lump{20, 0, 0, 0})
		one := idealNetwork(4, 4, lump{55, 0.9 + 0.05*f, 10 + f, 1.2 - 0.2*f}, lump{5, 0, 0, 0})
		if s == 4 {
			one.Modules = nil
		}
		d.Runs = append(d.Runs, Run{s, "full", full.Units, full.Modules, full.Summary}, Run{s, "no-capacity", one.Units, one.Modules, one.Summary})
	}
	return d, p
}
