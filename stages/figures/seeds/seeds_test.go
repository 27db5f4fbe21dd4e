package seeds

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/figuretest"
)

// idealSeeds are runs of five seeds of both variants.
func idealSeeds() (Data, Params) {
	d := Data{BoxM: 4}
	p := Params{figuretest.Params, []uint64{1, 2, 3, 4, 5}, []string{"full", "no-capacity"}, figuretest.Titles}
	for _, s := range p.Seeds {
		f := float64(s)
		full := figuretest.Ideal(4, 3, figuretest.Grid(20, 0.51, 20+f, 0.3+0.1*f), figuretest.Grid(18, 0.83, 20+f, 0.8), figuretest.Noise(20))
		one := figuretest.Ideal(4, 4, figuretest.Grid(55, 0.9+0.05*f, 10+f, 1.2-0.2*f), figuretest.Noise(5))
		if s == 4 {
			one.Modules = nil
		}
		d.Runs = append(d.Runs, Network{s, "full", full.Units, full.Modules, full.Summary}, Network{s, "no-capacity", one.Units, one.Modules, one.Summary})
	}
	return d, p
}

func TestSeedsShowsEveryRun(t *testing.T) {
	data, p := idealSeeds()
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(data.Runs), func(i, j int) { data.Runs[i], data.Runs[j] = data.Runs[j], data.Runs[i] })
	files, err := Draw(data, p)
	d := figuretest.Open(t, "seeds", files, err)
	d.Want(t, "seed 1", "seed 5", "median", "above 0.3", "modules", "none", "0.95", "period of modules (m)")
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
	if err := json.Unmarshal(d.Numbers, &shown); err != nil {
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
	if _, err := Draw(data, p); err == nil || !strings.Contains(err.Error(), "no such run") {
		t.Errorf("error %v of a missing run", err)
	}
}

func TestSeedsIsDrawnOfNetworksOfAnySize(t *testing.T) {
	for name, net := range figuretest.OfAnySize() {
		t.Run(name, func(t *testing.T) {
			files, err := Draw(Data{net.BoxM, []Network{{7, "full", net.Units, net.Modules, net.Summary}}}, Params{figuretest.Params, []uint64{7}, []string{"full"}, figuretest.Titles})
			figuretest.Open(t, "seeds", files, err)
		})
	}
}

func TestSeedsHasTheSameBytesWhateverGOMAXPROCS(t *testing.T) {
	d, p := idealSeeds()
	figuretest.SameBytes(t, func() ([]sheet.File, error) { return Draw(d, p) })
}

func TestSeedsReadsItsInputs(t *testing.T) {
	p := Params{figuretest.Params, []uint64{1, 2}, []string{"full"}, figuretest.Titles}
	in := figuretest.Inputs("seed-1/full/", figuretest.ThreeModules(), "units", "modules", "summary")
	maps.Copy(in, figuretest.Inputs("seed-2/full/", figuretest.OneModule(), "units", "modules", "summary"))
	files, err := figuretest.Draw(t, p, Run, in)
	figuretest.Open(t, "seeds", files, err).Want(t, "seed 1", "seed 2", "0.95")
}
