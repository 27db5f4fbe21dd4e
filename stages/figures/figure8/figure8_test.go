package figure8

import (
	"bytes"
	"maps"
	"testing"

	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/figuretest"
)

var params = Params{Look{figuretest.Params, 16}, "jet", figuretest.Titles}

func TestFigure8MarksSilentAndWeakUnits(t *testing.T) {
	full, one := figuretest.ThreeModules(), figuretest.OneModule()
	full.Units[7].Active = false
	files, err := Draw(Data{4, []Network{{"full", full.Units, full.Maps}, {"no-capacity", one.Units, one.Maps}}}, params)
	d := figuretest.Open(t, "figure-8", files, err)
	d.Want(t, "all loss terms", "without the capacity term", "64 units: 58 active, 1 weak, 5 silent", "64 units: 60 active, 0 weak, 4 silent", "silent: never fires")
	d.Want(t, "weak: fires, not active", "depth of modulation", "100 %")
	files, err = Draw(Data{4, []Network{{"full", full.Units[:4], full.Maps[:4]}}}, params)
	if all := figuretest.Open(t, "figure-8", files, err); all.Count("silent:")+all.Count("weak:") != 0 {
		t.Error("the key explains silent and weak units where there are none")
	}
	marks := func(text string) int {
		n := 0
		for _, l := range d.Labels {
			if l.Text == text {
				n++
			}
		}
		return n
	}
	if marks("silent") != 9 || marks("weak") != 1 {
		t.Errorf("%d silent and %d weak units marked, want 9 and 1", marks("silent"), marks("weak"))
	}
	if n := bytes.Count(d.SVG, []byte(`stroke="#d01c1f"`)); n != 9+1 {
		t.Errorf("%d red frames, want one for each silent unit and the key", n)
	}
	if n := bytes.Count(d.SVG, []byte("<image")); n != 128+1 {
		t.Errorf("%d images, want all ratemaps and the colour bar", n)
	}
}

func TestFigure8SaysWhatIsWrongWithItsNetwork(t *testing.T) {
	networks := figuretest.Faulty()
	for name, want := range map[string]string{"walks that do not cover the box": "box of 12 m; no walk came to 90 % of it", "fewer than six units": "4 units: 4 active, 0 weak, 0 silent",
		"no module": "23 units: 20 active, 0 weak, 3 silent", "all units silent": "9 units: 0 active, 0 weak, 9 silent"} {
		net := networks[name]
		files, err := Draw(Data{net.BoxM, []Network{{"full", net.Units, net.Maps}}}, params)
		figuretest.Open(t, "figure-8", files, err).Want(t, want)
	}
}

func TestFigure8IsDrawnOfNetworksOfAnySize(t *testing.T) {
	for name, net := range figuretest.OfAnySize() {
		t.Run(name, func(t *testing.T) {
			files, err := Draw(Data{net.BoxM, []Network{{"full", net.Units, net.Maps}, {"no-capacity", net.Units, net.Maps}}}, params)
			figuretest.Open(t, "figure-8", files, err)
		})
	}
	if _, err := Draw(Data{}, params); err == nil {
		t.Error("a figure of nothing was drawn")
	}
}

func TestFigure8HasTheSameBytesWhateverGOMAXPROCS(t *testing.T) {
	net := figuretest.ThreeModules()
	figuretest.SameBytes(t, func() ([]sheet.File, error) {
		return Draw(Data{4, []Network{{"full", net.Units, net.Maps}}}, params)
	})
}

func TestFigure8ReadsItsInputs(t *testing.T) {
	in := figuretest.Inputs("full/", figuretest.ThreeModules(), "maps", "units")
	maps.Copy(in, figuretest.Inputs("no-capacity/", figuretest.OneModule(), "maps", "units"))
	files, err := figuretest.Draw(t, params, Run, in)
	figuretest.Open(t, "figure-8", files, err).Want(t, "64 units: 59 active", "64 units: 60 active")
}
