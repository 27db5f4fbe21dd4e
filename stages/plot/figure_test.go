package plot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// threeModules is a full network as the paper's: three modules of one orientation.
func threeModules() Figure4Data {
	return idealNetwork(4, 5, lump{21, 0.51, 21.8, 0.9}, lump{19, 0.83, 21.5, 1.1}, lump{9, 1.4, 21.7, 0.4}, lump{10, 0, 0, 0})
}

func oneModule() Figure4Data {
	return idealNetwork(4, 4, lump{58, 0.95, 12, 1.2}, lump{2, 0, 0, 0})
}

func TestFigure4NamesEveryModule(t *testing.T) {
	files, err := DrawFigure4(threeModules(), params4)
	d := open(t, "figure-4", files, err)
	d.want(t, "module 1", "module 2", "module 3", "λ = 0.51 m", "λ = 0.83 m", "λ = 1.40 m", "n = 21", "n = 19",
		"rate / peak", "correlation", "1 m", "period (m)", "orientation (deg)", "grid score", "no module (10)", "median")
	for _, letter := range []string{"a", "b", "c"} {
		d.want(t, letter)
	}
	if n := d.count("unit "); n != 3*(params4.CellsPerModule+1) {
		t.Errorf("%d pictures named by their unit, want a row of %d and an autocorrelogram for each module", n, params4.CellsPerModule)
	}
	if d.count("not hexagonal") != 1 {
		t.Error("the third module alone is not hexagonal")
	}
	var shown struct {
		Box     float64 `json:"box_m"`
		Score   float64 `json:"grid_expanding_median"`
		Above   float64 `json:"above_0_3"`
		Dead    int     `json:"dead"`
		Modules []struct {
			Period    float64 `json:"period_m"`
			N         int     `json:"n"`
			Hexagonal bool    `json:"hexagonal"`
		} `json:"modules"`
	}
	if err := json.Unmarshal(d.numbers, &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Box != 4 || shown.Dead != 5 || len(shown.Modules) != 3 || shown.Modules[1].Period != 0.83 || shown.Modules[0].N != 21 || !shown.Modules[0].Hexagonal {
		t.Errorf("numbers %+v", shown)
	}
	if math.Abs(shown.Score-0.9) > 0.1 || math.Abs(shown.Above-49./59) > 0.1 {
		t.Errorf("median score %g, share above 0.3 %g", shown.Score, shown.Above)
	}
}

func TestFigure4SaysThatThereIsNoModule(t *testing.T) {
	net := idealNetwork(2, 5, lump{20, 0, 0, 0})
	files, err := DrawFigure4(net, params4)
	d := open(t, "figure-4", files, err)
	d.want(t, "no module", "found in this box;", "the active units", "of highest", "spatial information", "0.5 m")
	if d.count(" bit") < params4.CellsPerModule {
		t.Error("no example cells")
	}
	files, err = DrawFigure4(idealNetwork(2, 8), params4)
	d = open(t, "figure-4", files, err)
	d.want(t, "no active unit")
	if !bytes.Contains(d.numbers, []byte(`"grid_expanding_median": null`)) || !bytes.Contains(d.numbers, []byte(`"modules": []`)) {
		t.Errorf("numbers %s", d.numbers)
	}
}

func TestFiguresOfAnySizeAreDrawn(t *testing.T) {
	nan := math.NaN()
	undefined := threeModules()
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
	undefined.Summary.Score, undefined.Summary.AboveLine = nan, nan
	without := threeModules()
	without.Autocorrelograms = nil
	for name, net := range map[string]Figure4Data{
		"2 units":              idealNetwork(2, 1, lump{1, 0.5, 1, 1}),
		"128 units":            idealNetwork(2, 12, lump{40, 0.5, 10, 0.6}, lump{40, 0.8, 59, 0.6}, lump{36, 0.82, 0.5, 1}),
		"many modules":         idealNetwork(3, 0, lump{5, 0.3, 1, 1}, lump{5, 0.4, 1, 1}, lump{5, 0.5, 1, 1}, lump{5, 0.7, 1, 1}, lump{5, 0.9, 1, 1}, lump{5, 1.1, 1, 1}, lump{5, 1.4, 1, 1}),
		"no module":            idealNetwork(2, 5, lump{20, 0, 0, 0}),
		"all dead":             idealNetwork(4, 8),
		"undefined":            undefined,
		"without correlograms": without,
	} {
		t.Run(name, func(t *testing.T) {
			files, err := DrawFigure4(net, params4)
			open(t, "figure-4", files, err)
			p := params6
			if name == "128 units" {
				p.PowerScale = "log"
			}
			files, err = DrawFigure6(idealFigure6(net, 300), p)
			open(t, "figure-6", files, err)
			files, err = DrawFigure8(Figure8Data{net.BoxM, []Figure8Network{{"full", net.Units, net.Maps}, {"no-capacity", net.Units, net.Maps}}}, params8)
			open(t, "figure-8", files, err)
			files, err = DrawSeeds(SeedsData{net.BoxM, []Run{{7, "full", net.Units, net.Modules, net.Summary}}}, SeedsParams{200, []uint64{7}, []string{"full"}})
			open(t, "seeds", files, err)
		})
	}
}

func TestFigure6ShowsTheModuleThatWasEmbedded(t *testing.T) {
	files, err := DrawFigure6(idealFigure6(oneModule(), 1000), params6)
	d := open(t, "figure-6", files, err)
	d.want(t, "mean of module 1 (n = 58)", "k1", "k2", "k3", "kx (rad/m)", "power / peak", "φ1 (rad)", "φ3 (rad)",
		"offsets in the unit cell", "coloured by k1·x", "coloured by k2·x", "Isomap", "Betti numbers 1, 2, 1 (100 landmarks)", "voids", "Σ cos φ3 g", "eigenvalue", "variance explained", "period (m)", "orientation (deg)")
	var shown struct {
		Members int          `json:"members"`
		Modal   int          `json:"modal_period_count"`
		K       [][2]float64 `json:"wave_vectors_rad_per_m"`
		Phases  []float64    `json:"phase_resultant"`
		Rings   []float64    `json:"ring_radius_median"`
		Scores  float64      `json:"grid_expanding_median"`
	}
	if err := json.Unmarshal(d.numbers, &shown); err != nil {
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

	files, err = DrawFigure6(idealFigure6(idealNetwork(4, 5, lump{20, 0, 0, 0}), 300), params6)
	d = open(t, "figure-6", files, err)
	d.want(t, "no module: all active units", "coloured by x", "position (m)")
	if n := d.count("no module: no ring"); n != 3 {
		t.Errorf("%d rings said to be undefined, want 3", n)
	}
	if !bytes.Contains(d.numbers, []byte(`"module": -1`)) {
		t.Error("numbers name a module")
	}
}

func TestFigure6SurvivesAnEmbeddingWithoutCoordinates(t *testing.T) {
	six := idealFigure6(oneModule(), 50)
	for i := range six.States {
		six.States[i].Embedding, six.States[i].Rings = nil, nil
	}
	six.PCA, six.Eigenvalues = nil, nil
	files, err := DrawFigure6(six, params6)
	open(t, "figure-6", files, err).want(t, "embedding undefined", "no ring")
	six.States[3].Rings = make([]float32, 4)
	if _, err := DrawFigure6(six, params6); err == nil || !strings.Contains(err.Error(), "state 3: rings: 4 coordinates, want 6") {
		t.Errorf("error %v", err)
	}
}

func TestFigure8MarksDeadAndWeakUnits(t *testing.T) {
	full, one := threeModules(), oneModule()
	full.Units[7].Active = false
	files, err := DrawFigure8(Figure8Data{4, []Figure8Network{{"full", full.Units, full.Maps}, {"no-capacity", one.Units, one.Maps}}}, params8)
	d := open(t, "figure-8", files, err)
	d.want(t, "all loss terms", "without the capacity term", "64 units: 58 active, 1 weak, 5 dead", "64 units: 60 active, 0 weak, 4 dead", "dead: never fires")
	marks := func(text string) int {
		n := 0
		for _, l := range d.labels {
			if l.text == text {
				n++
			}
		}
		return n
	}
	if marks("dead") != 9 || marks("weak") != 1 {
		t.Errorf("%d dead and %d weak units marked, want 9 and 1", marks("dead"), marks("weak"))
	}
	if n := bytes.Count(d.svg, []byte(`stroke="#d01c1f"`)); n != 9+1 {
		t.Errorf("%d red frames, want one for each dead unit and the key", n)
	}
	if n := bytes.Count(d.svg, []byte("<image")); n != 128+1 {
		t.Errorf("%d images, want all ratemaps and the colour bar", n)
	}
}

func TestSeedsShowsEveryRun(t *testing.T) {
	data, p := idealSeeds()
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(data.Runs), func(i, j int) { data.Runs[i], data.Runs[j] = data.Runs[j], data.Runs[i] })
	files, err := DrawSeeds(data, p)
	d := open(t, "seeds", files, err)
	d.want(t, "seed 1", "seed 5", "median", "above 0.3", "modules", "none", "0.95", "period of modules (m)")
	var shown struct {
		Runs []struct {
			Variant string `json:"variant"`
			Seed    int    `json:"seed"`
			Active  int    `json:"active"`
			Count   int    `json:"module_count"`
			Modules []struct {
				Period float64 `json:"period_m"`
			} `json:"modules"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(d.numbers, &shown); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, r := range shown.Runs {
		order = append(order, fmt.Sprintf("%s %d %d", r.Variant, r.Seed, r.Count))
	}
	want := []string{"full 1 2", "full 2 2", "full 3 2", "full 4 2", "full 5 2",
		"no-capacity 1 1", "no-capacity 2 1", "no-capacity 3 1", "no-capacity 4 0", "no-capacity 5 1"}
	if !reflect.DeepEqual(order, want) {
		t.Errorf("runs %q, want %q", order, want)
	}
	data.Runs = data.Runs[:9]
	if _, err := DrawSeeds(data, p); err == nil || !strings.Contains(err.Error(), "no such run") {
		t.Errorf("error %v of a missing run", err)
	}
}

func TestFiguresHaveTheSameBytesWhateverGOMAXPROCS(t *testing.T) {
	draw := func() []File {
		net := threeModules()
		var all []File
		add := func(files []File, err error) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, files...)
		}
		add(DrawFigure4(net, params4))
		add(DrawFigure6(idealFigure6(net, 500), params6))
		add(DrawFigure8(Figure8Data{4, []Figure8Network{{"full", net.Units, net.Maps}}}, params8))
		add(DrawSeeds(idealSeeds()))
		return all
	}
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	want := draw()
	runtime.GOMAXPROCS(4)
	for i, f := range draw() {
		if !bytes.Equal(f.Data, want[i].Data) {
			t.Errorf("%s has other bytes", f.Name)
		}
	}
}

func TestBadTablesAreRefused(t *testing.T) {
	missing, ragged, unequal := threeModules(), threeModules(), threeModules()
	missing.Maps = missing.Maps[:10]
	ragged.Maps[3].Mean = ragged.Maps[3].Mean[:100*7]
	unequal.Maps[3].Mean = unequal.Maps[3].Mean[:32*32]
	correlogram := threeModules()
	correlogram.Autocorrelograms[0].Values = correlogram.Autocorrelograms[0].Values[:5]
	for _, c := range []struct {
		net  Figure4Data
		want string
	}{
		{missing, "figure-4: unit 10: no ratemap"},
		{ragged, "figure-4: ratemap of unit 3: 700 values are not a square of bins"},
		{unequal, "figure-4: ratemap of unit 3: 32 bins a side, others have 48"},
		{correlogram, "figure-4: autocorrelogram of unit 0: 5 values are not a square of bins"},
	} {
		if _, err := DrawFigure4(c.net, params4); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	six := idealFigure6(oneModule(), 10)
	six.Spectra = six.Spectra[:1]
	if _, err := DrawFigure6(six, params6); err == nil || err.Error() != "figure-6: spectrum: no row of module 0" {
		t.Errorf("error %v", err)
	}
	if _, err := DrawFigure8(Figure8Data{}, params8); err == nil {
		t.Error("a figure of nothing was drawn")
	}
}

func TestImpossibleParametersAreRefused(t *testing.T) {
	four, six, eight := params4, params6, params8
	four.CellsPerModule = 20
	six.PowerScale = "cubic"
	eight.RateColours = "rainbow"
	for _, c := range []struct {
		check error
		want  string
	}{
		{Figure4Params{}.Check(), "dpi: 0"},
		{four.Check(), "cells_per_module: 20, want 2 to 7"},
		{six.Check(), `power_scale: "cubic", want linear or log`},
		{Figure6Params{PowerScale: "log", Elevation: 100}.Check(), "elevation_deg: 100"},
		{Figure6Params{PowerScale: "log", Azimuth: math.NaN()}.Check(), "azimuth_deg: NaN"},
		{eight.Check(), `rate_colours: colour map "rainbow": unknown`},
		{Figure8Params{DPI: 200, Columns: 3}.Check(), "columns: 3, want 8 to 20"},
		{SeedsParams{DPI: 200}.Check(), "seeds: 0"},
		{SeedsParams{DPI: 200, Seeds: []uint64{1}}.Check(), "variants: 0"},
	} {
		if c.check == nil || !strings.HasPrefix(c.check.Error(), c.want) {
			t.Errorf("error %v, want %s…", c.check, c.want)
		}
	}
	for _, err := range []error{params4.Check(), params6.Check(), params8.Check()} {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestExampleCellsAreGoodAndSpreadInPhase(t *testing.T) {
	// Nine good cells of one phase, one good cell of the opposite phase, ten bad ones.
	var cells []Unit
	for i := range 20 {
		u := Unit{Unit: int32(i), Score: 1 + 0.01*float64(i), Module: 0}
		if i == 3 {
			u.Phi1, u.Phi2 = math.Pi, math.Pi
		}
		if i >= 10 {
			u.Score = -0.5
			u.Phi1 = math.Pi / 2
		}
		cells = append(cells, u)
	}
	cells[19].Score = math.NaN()
	picked := exampleCells(cells, 4)
	if picked[0].Unit != 9 || picked[1].Unit != 3 {
		t.Errorf("units %d and %d first, want the best (9) and the one of the opposite phase (3)", picked[0].Unit, picked[1].Unit)
	}
	seen := map[int32]bool{}
	for _, u := range picked {
		if u.Score < 1 || seen[u.Unit] {
			t.Errorf("unit %d picked", u.Unit)
		}
		seen[u.Unit] = true
	}
	if got := exampleCells(cells[:2], 4); len(got) != 2 {
		t.Errorf("%d cells of two", len(got))
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
