package figuretest

import (
	"math"

	"sicgrid/stages/figures/sheet/sweepdata"
	"sicgrid/stages/outcome/outcometable"
	"sicgrid/stages/sweep/sweeptable"
)

// gridSweep is a sweep of designs over two variants, three seeds each; the score of a run depends
// on its place.
func Sweep(designs []sweepdata.Design, parameters []string, points [][]string, of [][]int32, variants ...string) (sweepdata.Data, sweepdata.Params) {
	p := sweepdata.Params{Figure: "swept", MapParams: MapParams, Parameters: parameters, Designs: designs, Titles: Titles, Own: points[0]}
	d := sweepdata.Data{BoxM: 4}
	for i, values := range points {
		for _, v := range variants {
			for seed := range int64(3) {
				run := int32(len(d.Runs))
				r := sweeptable.Run{
					Place: sweeptable.Place{Run: run, Point: int32(i), Designs: of[i], Variant: v, Seed: 11 + seed, Purpose: sweeptable.Finding},
					Row: outcometable.Row{Steps: 100, Explained: 0.5 + 0.1*float64(seed), Score: 0.1*float64(i) + 0.2*float64(seed),
						Modules: int32(i+int(seed)) % 4},
					Verdict: sweeptable.Verdict{Success: seed == 2}}
				if i == 1 && seed == 0 {
					r.Stopped, r.Score = "died: of this test", math.NaN()
				}
				d.Runs, d.Values = append(d.Runs, r), append(d.Values, values)
				d.Examples = append(d.Examples, sweeptable.Example{Run: run, Example: outcometable.Example{Unit: 3, Map: make([]float32, 16)}})
			}
			d.Points = append(d.Points, sweeptable.Point{Point: int32(i), Variant: v, Purpose: sweeptable.Finding, Rule: sweeptable.Several, N: 3, Successes: 1, Low: 0.0084, High: 0.9057})
		}
	}
	return d, p
}
