package figuretraining

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic/loss"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/train/traintable"
)

var params = Params{Look: Look{Params: figuretest.Params, Cells: 3}, RateColours: "jet", Network: "without the capacity term", Terms: []string{"separation", "invariance", "conformal_isometry"}, Steps: []int{0, 40, 1265, 40000}}

// spectrum has the power of noise, and of three waves of six bins, by which their lattice stands out.
func spectrum(lattice float64) []spectratable.Spectrum {
	const bins = 48
	s := spectratable.Spectrum{Module: -1, Power: make([]float64, bins*bins), Step: math.Pi / 2}
	for i := range s.Power {
		s.Power[i] = 1e-4
	}
	s.Power[bins/2*bins+bins/2] = 1000 // the mean
	for k := range 6 {
		sin, cos := math.Sincos(float64(k) * math.Pi / 3)
		x, y := bins/2+int(math.Round(6*cos)), bins/2+int(math.Round(6*sin))
		s.Power[y*bins+x] = lattice
	}
	return []spectratable.Spectrum{s}
}

func forming() Data {
	d := Data{BoxM: 4}
	for step := int64(100); step <= 40000; step += 100 {
		var v loss.Values
		v[loss.Separation], v[loss.Invariance] = 100/float64(step), 1/float64(step)
		d.History = append(d.History, traintable.Losses{Step: step, Values: v, Total: 2 / float64(step)})
	}
	for i, step := range params.Steps {
		net := figuretest.Ideal(4, 2, figuretest.Noise(10))
		if i >= 2 {
			net = figuretest.Ideal(4, 2, figuretest.Grid(10, 0.95, 12, 1.2))
		}
		net.Summary.Explained = 0.2 * float64(i)
		d.Snapshots = append(d.Snapshots, Snapshot{step, net.Units, net.Maps, spectrum(0.05 * float64(i)), net.Summary})
	}
	return d
}

func TestATrainingShowsItsLossesAndItsLatticeForming(t *testing.T) {
	files, err := Draw(forming(), params)
	f := figuretest.Open(t, "figure-training", files, err)
	f.Want(t, "loss", "separation", "invariance", "conformal isometry", "variance explained", "power of the last lattice", "share of power", "step 0", "step 40 000", "1 m")
	if f.Count("capacity") != 0 {
		t.Error("a term without a weight is shown")
	}
	var shown struct {
		Snapshots []struct {
			Step    int     `json:"step"`
			Lattice float64 `json:"power_of_last_lattice"`
			K       float64 `json:"strongest_wave_number_rad_per_m"`
		} `json:"snapshots"`
		Cells []int32 `json:"cells"`
	}
	if err := json.Unmarshal(f.Numbers, &shown); err != nil {
		t.Fatal(err)
	}
	first, last := shown.Snapshots[0], shown.Snapshots[3]
	if first.Lattice > 0.1 || last.Lattice < 0.75 || last.Step != 40000 || math.Abs(last.K-6*math.Pi/2) > 0.9 || len(shown.Cells) != 3 {
		t.Errorf("first %+v, last %+v, cells %v", first, last, shown.Cells)
	}
}

func TestATrainingIsDrawnOfItsTables(t *testing.T) {
	d := forming()
	in := map[string]pipeline.Ref{"history": figuretest.Table("history", d.History, nil)}
	for i, s := range d.Snapshots {
		net := figuretest.Network{BoxM: 4, Units: s.Units, Maps: s.Maps, Summary: s.Summary}
		maps.Copy(in, figuretest.Inputs(Role(i), net, "maps", "units", "summary"))
		in[Role(i)+"spectrum"] = figuretest.Table(fmt.Sprint("spectrum ", i), s.Spectra, map[string]string{"box_m": "4"})
	}
	files, err := figuretest.Draw(t, params, Run, in)
	figuretest.Open(t, "figure-training", files, err).Want(t, "step 1 265")
}

func TestWhatIsNoTrainingIsNotDrawn(t *testing.T) {
	silent := forming()
	for i := range silent.Snapshots {
		net := figuretest.Ideal(4, 6)
		silent.Snapshots[i].Units, silent.Snapshots[i].Maps, silent.Snapshots[i].Summary = net.Units, net.Maps, net.Summary
	}
	files, err := Draw(silent, params)
	figuretest.Open(t, "figure-training", files, err).Want(t, "no active unit at the end")
	d := forming()
	d.Snapshots[1].Spectra = nil
	if _, err := Draw(d, params); err == nil || err.Error() != "figure-training: step 40: spectrum: no row of all active units" {
		t.Errorf("error %v", err)
	}
	if _, err := Draw(Data{}, params); err == nil {
		t.Error("nothing was drawn")
	}
}

func TestATrainingHasTheSameBytesWhateverGOMAXPROCS(t *testing.T) {
	d := forming()
	figuretest.SameBytes(t, func() ([]sheet.File, error) { return Draw(d, params) })
}
