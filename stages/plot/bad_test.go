package plot

import (
	"math"
	"testing"
)

// sparse is a network in a box that its walks hardly came into.
func sparse(net Figure4Data) Figure4Data {
	for i := range net.Maps {
		for j := range net.Maps[i].Mean {
			if j > len(net.Maps[i].Mean)/10 {
				net.Maps[i].Mean[j] = float32(math.NaN())
			}
		}
	}
	return net
}

// What cannot be measured is said in the figure, which is drawn all the same.
func TestEveryFigureSaysWhatIsWrongWithItsNetwork(t *testing.T) {
	for _, c := range []struct {
		name           string
		net            Figure4Data
		four, five     string
		six            string
		seven          string
		eight, results string
	}{
		{"walks that do not cover the box", sparse(idealNetwork(12, 0, lump{8, 0.5, 10, 1})), "ratemaps in a box of 12 m; no walk came to 90 % of it", "90 % unvisited", "Box of 12 m; no walk came to 90 % of it.",
			"8 of 8 units active", "box of 12 m; no walk came to 90 % of it", "no walk came to 90 % of it"},
		{"fewer than six units", idealNetwork(2, 0, lump{4, 0, 0, 0}), "no module", "no module", "no module", "4 of 4 units active", "4 units: 4 active, 0 weak, 0 dead", "not measurable"},
		{"no module", idealNetwork(2, 3, lump{20, 0, 0, 0}), "no module", "no module", "no module: no ring", "0 modules", "23 units: 20 active, 0 weak, 3 dead", "not measurable"},
		{"all units dead", idealNetwork(2, 9), "no module", "no active unit", "no active unit", "no active unit", "9 units: 0 active, 0 weak, 9 dead", "no active unit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := DrawFigure4(c.net, params4)
			open(t, "figure-4", files, err).want(t, c.four)
			files, err = DrawFigure6(idealFigure6(c.net, 300), params6)
			open(t, "figure-6", files, err).want(t, c.six)
			files, err = DrawFigure7(Figure7Data{c.net.BoxM, []Ablation{{"full", c.net.Units, c.net.Modules, c.net.Maps, c.net.Summary}}},
				Figure7Params{DPI: 200, RateColours: "jet", Cells: 5, Variants: []string{"full"}})
			open(t, "figure-7", files, err).want(t, c.seven)
			files, err = DrawFigure8(Figure8Data{c.net.BoxM, []Figure8Network{{"full", c.net.Units, c.net.Maps}}}, params8)
			open(t, "figure-8", files, err).want(t, c.eight)
			five := generalising()
			for i := range five.Boxes {
				five.Boxes[i] = InBox{five.Boxes[i].BoxM, c.net.Units, c.net.Modules, c.net.Maps}
			}
			files, err = DrawFigure5(five, params5)
			open(t, "figure-5", files, err).want(t, c.five)
			d, p := fiveSeeds()
			for i := range d.Networks {
				d.Networks[i].Units, d.Networks[i].Maps = c.net.Units, c.net.Maps
			}
			files, err = DrawResults(d, p)
			open(t, "results", files, err).want(t, c.results)
		})
	}
}
