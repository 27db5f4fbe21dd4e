package plot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"sicgrid/pkg/pipeline"
)

// codeLine is the line of two modules of 0.4 and 0.57 m up to reach metres.
func codeLine(reach float64) []Place {
	var line []Place
	for x := 0.0; x <= reach; x += 0.01 {
		line = append(line, placeAt("", x))
	}
	return line
}

func placeAt(kind string, x float64) Place {
	phase := func(period float64) float64 { return 2 * math.Pi * frac(x/period) }
	return Place{kind, x, phase(0.4), phase(0.57)}
}

func codeData() Figure2Data {
	d := Figure2Data{Smallest: 0.4, Thickness: 0.6, Line: codeLine(6), Near: []Place{placeAt("", 3), placeAt("phase", 3.01), placeAt("phase", 5), placeAt("place", 3.2)}}
	for m := int32(1); m <= 3; m++ {
		d.Capacity = append(d.Capacity, Growth{m, math.NaN(), math.Pow(8, float64(m-1)), math.Pow(10, float64(m-1)), math.Pow(12, float64(m-1))})
		for _, r := range []float64{1, 10, 100} {
			d.Separation = append(d.Separation, Growth{m, r, 1 / r, 2 / r, 3 / r})
		}
	}
	for u := 0.0; u < 1; u += 0.02 {
		far := 1 - math.Exp(-u/0.1)
		d.Distance = append(d.Distance, Apart{u, far, 0.9 * far, 1.1 * far})
	}
	for route := range int32(2) {
		d.Routes = append(d.Routes, Leg{Route: route}, Leg{route, 0.2 * float64(route), 0.1, 1, 6}, Leg{route, 0.3, 0.3, 2, 0.5})
	}
	return d
}

func TestFigure2ShowsTheProperties(t *testing.T) {
	files, err := DrawFigure2(codeData(), DPIParams{200})
	d := open(t, "figure-2", files, err)
	for _, letter := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		d.want(t, letter)
	}
	d.want(t, "near in phase, far in space", "capacity", "separation", "half the smallest period", "end in the same phases")
	var shown struct {
		Slope float64 `json:"capacity_factor_per_module"`
		Gap   float64 `json:"route_end_gap_rad"`
		Half  float64 `json:"displacement_of_half_plateau_m"`
	}
	if err := json.Unmarshal(d.numbers, &shown); err != nil {
		t.Fatal(err)
	}
	if math.Abs(shown.Slope-10) > 1e-9 || shown.Gap > 1e-9 || shown.Half < 0.05 || shown.Half > 0.09 {
		t.Errorf("numbers %+v, want a factor of 10, no gap and half the plateau at 0.07 m", shown)
	}
	if _, err := DrawFigure2(Figure2Data{}, DPIParams{200}); err == nil {
		t.Error("an empty code was drawn")
	}
}

// A path is cut where it leaves the sheet, and comes back on the other side at the same height.
func TestPathsAreCutAtTheSidesOfTheSheet(t *testing.T) {
	const turn = 2 * math.Pi
	pieces := wrapped([][2]float64{{6, 1}, {0.2, 1.4}, {0.4, 1.6}})
	if len(pieces) != 2 || len(pieces[0]) != 2 || len(pieces[1]) != 3 {
		t.Fatalf("pieces %v", pieces)
	}
	out, in := pieces[0][1], pieces[1][0]
	if out[0] != turn || math.Abs(in[0]) > 1e-9 || math.Abs(out[1]-in[1]) > 1e-9 || out[1] < 1 || out[1] > 1.4 {
		t.Errorf("leaves at %v, comes back at %v", out, in)
	}
	if n := len(wrapped([][2]float64{{1, 1}, {2, 2}, {3, 1}})); n != 1 {
		t.Errorf("a path that stays is cut into %d", n)
	}
}

func TestFigure9ShowsBothEquations(t *testing.T) {
	d := Figure9Data{Periods: [2]float64{0.4, 0.57}, Line: codeLine(6)}
	for m := range int32(2) {
		for _, preferred := range []float64{0, math.Pi} {
			for x := 0.0; x < 1.2; x += 0.01 {
				phase := 2 * math.Pi * frac(x/d.Periods[m])
				d.Tuning = append(d.Tuning, Rate{m, preferred, x, phase, math.Max(0, math.Cos(phase+preferred))})
			}
		}
	}
	files, err := DrawFigure9(d, DPIParams{200})
	open(t, "figure-9", files, err).want(t, "equation 9", "equation 10", "module 1, λ = 0.40 m", "module 2, λ = 0.57 m", "φi = π", "the torus, cut open")
	if _, err := DrawFigure9(Figure9Data{}, DPIParams{200}); err == nil {
		t.Error("nothing was drawn")
	}
}

func TestFigure1SaysThatItsCellsAreIdealised(t *testing.T) {
	net := idealNetwork(2, 0, lump{12, 0.4, 8, 1.3}, lump{12, 0.6, 8, 1.3})
	for _, modules := range [][]Module{net.Modules, nil} {
		d := Figure1Data{BoxM: 2, PerModule: 12, Maps: net.Maps, Units: net.Units, Modules: modules, Autocorrelograms: net.Autocorrelograms}
		for i := range 500 {
			a := float64(i) / 20
			d.Walk = append(d.Walk, Moment{float32(math.Sin(a)), float32(math.Cos(1.3 * a)), int32(i % 7 / 6)})
		}
		files, err := DrawFigure1(d, Figure1Params{200, "jet", "diverging"})
		f := open(t, "figure-1", files, err)
		f.want(t, "Idealised cells", "no network, no recording", "autocorrelogram", "spikes on a walk of 500 steps")
		if modules == nil {
			f.want(t, "no module was found")
		} else {
			f.want(t, "offsets in the unit cell", "period (m)")
		}
	}
	if _, err := DrawFigure1(Figure1Data{BoxM: 2, PerModule: 12}, Figure1Params{200, "jet", "diverging"}); err == nil {
		t.Error("no cells were drawn")
	}
}

// threeWalks is a batch of four walks of the same velocities.
func threeWalks() Figure3Data {
	d := Figure3Data{SigmaX: 0.05, Summary: BatchSummary{Near: 100, Far: 9900, Trajectories: 4, Length: 30}}
	for k := range int32(4) {
		var x, y float32
		for s := range int32(30) {
			turn := float64((s*(2*k+1) + k) % 30)
			vx, vy := float32(0.1*math.Cos(turn)), float32(0.1*math.Sin(1.7*turn))
			x, y = x+vx, y+vy
			d.States = append(d.States, BatchState{k, s, vx, vy, x, y})
		}
	}
	return d
}

func TestFigure3ShowsARealBatch(t *testing.T) {
	files, err := DrawFigure3(threeWalks(), Figure3Params{200, 40, 3})
	d := open(t, "figure-3", files, err)
	d.want(t, "separation pushes apart", "99.0 % of the pairs", "invariance pulls together", "1.0 % of the pairs", "40 × 40", "3 layers", "permutation 3", "they cross at")
	if !bytes.Contains(d.numbers, []byte(`"near_pairs": 100`)) {
		t.Errorf("numbers %s", d.numbers)
	}
	one := Figure3Data{SigmaX: 0.05, Summary: BatchSummary{Trajectories: 1, Length: 2, Far: 2}, States: threeWalks().States[:2]}
	files, err = DrawFigure3(one, Figure3Params{200, 2, 2})
	open(t, "figure-3", files, err)
	if _, err := DrawFigure3(Figure3Data{SigmaX: 0.05}, Figure3Params{200, 40, 3}); err == nil {
		t.Error("an empty batch was drawn")
	}
}

func TestTable1MarksAndExplainsDifferences(t *testing.T) {
	profile := func(name, units string) Table1Profile {
		p := Table1Profile{Name: name, Values: map[string]string{}, Comments: map[string]string{}}
		for _, r := range rows1 {
			p.Values[r.key], p.Comments[r.key] = r.want, "as in the paper"
		}
		p.Values["network.units"], p.Comments["network.units"] = units, "fewer; "+strings.Repeat("very ", 60)+"long"
		p.Values["optimiser.steps"] = "2000000" // the same number written otherwise
		return p
	}
	p := Table1Params{200, []Table1Profile{profile("paper", "128"), profile("laptop", "40")}}
	files, err := DrawTable1(p)
	d := open(t, "table-1", files, err)
	d.want(t, "Number of RNN units", "128", "40", "Uniform²(−0.15, 0.15) m", "not given", "laptop: fewer; very", "…")
	var shown table1Numbers
	if err := json.Unmarshal(d.numbers, &shown); err != nil {
		t.Fatal(err)
	}
	if len(shown.Differences) != 1 || shown.Differences[0].Value != "40" || shown.Differences[0].Paper != "128" {
		t.Errorf("differences %+v, want the 40 units of laptop alone", shown.Differences)
	}
	if text := string(files[3].Data); files[3].Name != "table-1.md" || !strings.Contains(text, "| Number of RNN units | 128 | 128 | **40** |") {
		t.Errorf("%s:\n%s", files[3].Name, text)
	}
	if _, err := DrawTable1(Table1Params{DPI: 200}); err == nil {
		t.Error("a table of no profile was drawn")
	}
}

func TestUntrainedStagesDrawWhatTheirInputsHold(t *testing.T) {
	code := codeData()
	meta := map[string]string{"box_m": "2", "period_1": "0.4", "period_2": "0.57", "thickness_rad": "0.6"}
	node := func(name string, in map[string]pipeline.Ref, p DPIParams) *pipeline.Node {
		return &pipeline.Node{Name: name, Stage: "plot", Params: p, Inputs: in, Outputs: Outputs, Run: pipeline.Bind(p, Figure2)}
	}
	in := map[string]pipeline.Ref{"line": table("line", code.Line, meta), "near": table("near", code.Near, meta), "capacity": table("capacity", code.Capacity, meta),
		"separation": table("separation", code.Separation, meta), "distance": table("distance", code.Distance, meta), "routes": table("routes", code.Routes, meta)}
	files, err := run(t, node("figure-2", in, DPIParams{200}))
	open(t, "figure-2", files, err).want(t, "capacity")
	delete(meta, "period_1")
	in["line"] = table("other line", code.Line, meta)
	if _, err := run(t, node("figure-2", in, DPIParams{200})); err == nil || !strings.Contains(err.Error(), `metadata period_1 "" is not a number`) {
		t.Errorf("error %v", err)
	}
	batch := threeWalks()
	p := Figure3Params{200, 40, 3}
	files, err = run(t, &pipeline.Node{Name: "figure-3", Stage: "plot", Params: p, Outputs: Outputs, Run: pipeline.Bind(p, Figure3), Inputs: map[string]pipeline.Ref{
		"states": table("states", batch.States, map[string]string{"sigma_x": fmt.Sprint(batch.SigmaX)}), "summary": table("summary", []BatchSummary{batch.Summary}, nil)}})
	open(t, "figure-3", files, err).want(t, "40 × 40")
}
