package robustness

import (
	"testing"

	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/figures/sheet/sweepdata"
)

func TestRobustnessHasAColumnForEveryParameter(t *testing.T) {
	keys := []string{"loss.sigma_x", "loss.sigma_g", "loss.separation", "loss.invariance", "loss.capacity"}
	own := []string{"0.05", "0.4", "1", "0.1", "0.5"}
	var designs []sweepdata.Design
	points, of := [][]string{own}, [][]int32{{0, 1, 2, 3, 4}}
	for i, key := range keys {
		designs = append(designs, sweepdata.Design{Name: key, Kind: "grid", Parameters: []string{key}})
		for _, v := range []string{"0.028", "0.9"} {
			values := append([]string(nil), own...)
			values[i] = v
			points, of = append(points, values), append(of, []int32{int32(i)})
		}
	}
	for _, variants := range [][]string{{"full"}, {"full", "no-capacity"}} {
		d, p := figuretest.Sweep(designs, keys, points, of, variants...)
		files, err := Draw(d, p)
		f := figuretest.Open(t, "swept", files, err)
		f.Want(t, "grid score, median", "modules found", "explained by position", "weight of separation", "weight of invariance", "weight of capacity", "Box of 4 m")
		if n := f.Count("0.028"); n != 15 {
			t.Errorf("%d ticks of 0.028, want one in each of 15 panels", n)
		}
	}
	d, p := figuretest.Sweep(designs, keys, points, of, "full")
	p.Designs[0].Parameters = keys[:2]
	if _, err := Draw(d, p); err == nil {
		t.Error("a design of two parameters is drawn as one")
	}
}
