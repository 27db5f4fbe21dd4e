package figure6

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/spectra/spectratable"
)

var params = Params{Look: Look{Params: figuretest.Params, PowerScale: "linear", PowerColours: "viridis", PhaseColours: "cyclic", Azimuth: 35, Elevation: 40}, Network: "without the capacity term"}

// idealData is the first module of the network with states on its torus.
func idealData(net figuretest.Network, states int) Data {
	d := Data{BoxM: net.BoxM, Module: -1, Units: net.Units, Maps: net.Maps, Modules: net.Modules, Summary: net.Summary}
	rng := rand.New(rand.NewPCG(3, 4))
	const bins = 48
	step := 2 * math.Pi / net.BoxM
	d.Spectra = []spectratable.Spectrum{{Module: -1, Power: make([]float64, bins*bins), Step: step}}
	for i := range d.Spectra[0].Power {
		d.Spectra[0].Power[i] = 0.02 * rng.ExpFloat64()
	}
	var k [3][2]float64
	var cells []spectratable.Unit
	if len(net.Modules) > 0 {
		d.Module = 0
		k = sheet.WaveVectors(net.Modules[0])
		cells = sheet.Members(net.Units, 0)
		s := spectratable.Spectrum{Module: 0, Power: make([]float64, bins*bins), Step: step}
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
		s := embedtable.Point{X: float32(x), Y: float32(y), Embedding: make([]float32, 3), Isomap: []float32{float32(math.Cos(x)), float32(y), float32(x)}, Rings: make([]float32, 6)}
		u, v := k[0][0]*x+k[0][1]*y, k[1][0]*x+k[1][1]*y
		if len(cells) == 0 {
			u, v = rng.Float64()*6, rng.Float64()*6
		}
		s.Embedding[0] = float32((2 + math.Cos(v)) * math.Cos(u) * 0.01)
		s.Embedding[1] = float32((2 + math.Cos(v)) * math.Sin(u) * 0.01)
		s.Embedding[2] = float32(math.Sin(v) * 0.01)
		g, norm := make([]float64, len(cells)), 0.0
		for i, c := range cells {
			g[i] = figuretest.RateAt(k, [3]float64{c.Phi1, c.Phi2, c.Phi3}, x, y)
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
		d.PCA = append(d.PCA, embedtable.Component{Component: int32(i), VarianceRatio: v})
	}
	for i, v := range []float64{0.010, 0.0105, 0.011, 0.0115, 0.012, 0.0122, 0.031, 0.033, 0.035, 0.036} {
		d.Eigenvalues = append(d.Eigenvalues, embedtable.Eigenvalue{Index: int32(i), Value: v})
	}
	for _, class := range [][3]float64{{0, 0, math.Inf(1)}, {0, 0, 0.3}, {1, 0.5, 1.4}, {1, 0.55, 1.35}, {1, 0.4, 0.5}, {2, 0.8, 1.5}} {
		d.Intervals = append(d.Intervals, embedtable.Interval{Dimension: int32(class[0]), Birth: class[1], Death: class[2]})
	}
	d.Topology = embedtable.Topology{Betti0: 1, Betti1: 2, Betti2: 1, From: 0.8, To: 1.35, Cone: 2, Landmarks: 100, Controls: 20, Loop: 0.25, Void: 0.15, Isomap: 0.2}
	return d
}

func TestFigure6ShowsTheModuleThatWasEmbedded(t *testing.T) {
	files, err := Draw(idealData(figuretest.OneModule(), 1000), params)
	d := figuretest.Open(t, "figure-6", files, err)
	d.Want(t, "mean of module 1 (n = 58)", "k1", "k2", "k3", "kx (rad/m)", "power / peak", "φ1 (rad)", "φ3 (rad)",
		"offsets in the unit cell", "coloured by k1·x", "coloured by k2·x", "Isomap", "Betti numbers 1, 2, 1 (100 landmarks)", "voids", "Σ cos φ3 g", "eigenvalue", "variance explained", "period (m)", "orientation (deg)")
	var shown struct {
		Members int          `json:"members"`
		Modal   int          `json:"modal_period_count"`
		K       [][2]float64 `json:"wave_vectors_rad_per_m"`
		Phases  []float64    `json:"phase_resultant"`
		Rings   []float64    `json:"ring_radius_median"`
		Scores  float64      `json:"grid_expanding_median"`
	}
	if err := json.Unmarshal(d.Numbers, &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Members != 58 || shown.Modal < 20 || len(shown.K) != 3 || math.Abs(shown.Scores-1.2) > 0.1 {
		t.Errorf("numbers %+v", shown)
	}
	for a, k := range shown.K {
		// |k| = 4 pi / (sqrt 3 lambda)
		if got := 4 * math.Pi / (math.Sqrt(3) * math.Hypot(k[0], k[1])); math.Abs(got-0.95) > 1e-6 {
			t.Errorf("k%d is of a period of %g m", a+1, got)
		}
		if shown.Phases[a] > 0.35 { // 58 random phases exceed this once in a thousand
			t.Errorf("phases %d: resultant %g of a uniform distribution", a+1, shown.Phases[a])
		}
		// n uniform phases of an ideal code lie on rings of about sqrt(n) times 0.3.
		if shown.Rings[a] < 1.8 || shown.Rings[a] > 3 {
			t.Errorf("ring %d has radius %g", a+1, shown.Rings[a])
		}
	}

	files, err = Draw(idealData(figuretest.Ideal(4, 5, figuretest.Noise(20)), 300), params)
	d = figuretest.Open(t, "figure-6", files, err)
	d.Want(t, "no module: all active units", "coloured by x", "position (m)")
	if n := d.Count("no module: no ring"); n != 3 {
		t.Errorf("%d rings said to be undefined, want 3", n)
	}
	if !bytes.Contains(d.Numbers, []byte(`"module": -1`)) {
		t.Error("numbers name a module")
	}
}

func TestFigure6SurvivesAnEmbeddingWithoutCoordinates(t *testing.T) {
	six := idealData(figuretest.OneModule(), 50)
	for i := range six.States {
		six.States[i].Embedding, six.States[i].Rings = nil, nil
	}
	six.PCA, six.Eigenvalues = nil, nil
	files, err := Draw(six, params)
	figuretest.Open(t, "figure-6", files, err).Want(t, "embedding undefined", "no ring")
	six.States[3].Rings = make([]float32, 4)
	if _, err := Draw(six, params); err == nil || !strings.Contains(err.Error(), "state 3: rings: 4 coordinates, want 6") {
		t.Errorf("error %v", err)
	}
}

func TestTheResultantTellsUniformFromEqualPhases(t *testing.T) {
	var even, equal []float64
	for i := range 36 {
		even, equal = append(even, 2*math.Pi*float64(i)/36-math.Pi), append(equal, 1)
	}
	if r := resultant(even); r > 1e-12 {
		t.Errorf("%g for even phases", r)
	}
	if r := resultant(append(equal, math.NaN())); math.Abs(r-1) > 1e-12 {
		t.Errorf("%g for equal phases", r)
	}
	if r := resultant(nil); !math.IsNaN(r) {
		t.Errorf("%g for none", r)
	}
}

func TestFigure6SaysWhatIsWrongWithItsNetwork(t *testing.T) {
	networks := figuretest.Faulty()
	for name, want := range map[string]string{"walks that do not cover the box": "Box of 12 m; no walk came to 90 % of it.", "fewer than six units": "no module",
		"no module": "no module: no ring", "all units silent": "no active unit"} {
		files, err := Draw(idealData(networks[name], 300), params)
		figuretest.Open(t, "figure-6", files, err).Want(t, want)
	}
}

func TestFigure6IsDrawnOfNetworksOfAnySize(t *testing.T) {
	for name, net := range figuretest.OfAnySize() {
		t.Run(name, func(t *testing.T) {
			p := params
			if name == "128 units" {
				p.PowerScale = "log"
			}
			files, err := Draw(idealData(net, 100), p)
			figuretest.Open(t, "figure-6", files, err)
		})
	}
}

func TestFigure6HasTheSameBytesWhateverGOMAXPROCS(t *testing.T) {
	d := idealData(figuretest.ThreeModules(), 200)
	figuretest.SameBytes(t, func() ([]sheet.File, error) { return Draw(d, params) })
}

func TestFigure6RefusesImpossibleTables(t *testing.T) {
	d := idealData(figuretest.OneModule(), 10)
	d.Spectra = d.Spectra[:1]
	_, err := Draw(d, params)
	for _, c := range []struct {
		err  error
		want string
	}{
		{err, "figure-6: spectrum: no row of module 0"},
	} {
		if c.err == nil || !strings.HasPrefix(c.err.Error(), c.want) {
			t.Errorf("error %v, want %s…", c.err, c.want)
		}
	}
}

func TestFigure6ReadsItsInputs(t *testing.T) {
	net := figuretest.OneModule()
	d := idealData(net, 200)
	in := figuretest.Inputs("", net, "maps", "units", "modules", "summary")
	embedded := map[string]string{"box_m": "4", "module": "0", "neighbours": "20"}
	in["spectrum"] = figuretest.Table("spectrum", d.Spectra, map[string]string{"box_m": "4"})
	in["pca"] = figuretest.Table("pca", d.PCA, embedded)
	in["points"] = figuretest.Table("points", d.States, embedded)
	in["eigenvalues"] = figuretest.Table("eigenvalues", d.Eigenvalues, embedded)
	in["intervals"] = figuretest.Table("intervals", d.Intervals, embedded)
	in["topology"] = figuretest.Table("topology", []embedtable.Topology{d.Topology}, embedded)
	files, err := figuretest.Draw(t, params, Run, in)
	figuretest.Open(t, "figure-6", files, err).Want(t, "mean of module 1 (n = 58)", "coloured by k1·x")
}
