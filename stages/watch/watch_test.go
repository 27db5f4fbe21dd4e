package watch

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/sic"
	"sicgrid/pkg/walk"
	"sicgrid/stages/train/traintable"
)

// A code of place is explained by it, noise is not, however few the states are, and the units that
// place modulates come first.
func TestPlaceExplainsACodeOfPlaceAndNoNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	record := func(state func(x, y float32) []float32) *sums {
		s := &sums{units: 3, box: 2, count: make([]float64, Bins*Bins), sum: make([]float64, Bins*Bins*3)}
		for range 1500 {
			x, y := 2*random.Float32()-1, 2*random.Float32()-1
			s.add(x, y, state(x, y))
		}
		return s
	}
	code := record(func(x, y float32) []float32 { return []float32{0.5, x + 1, (x + y + 2) / 10} })
	if e := code.explained(); e < 0.98 || e > 1 {
		t.Errorf("a code of place: %v", e)
	}
	if maps := code.maps(2); maps[0].Unit != 1 || maps[1].Unit != 2 || len(maps) != 2 {
		t.Errorf("units %d and %d first", maps[0].Unit, maps[1].Unit)
	}
	noise := record(func(_, _ float32) []float32 {
		return []float32{random.Float32(), random.Float32(), random.Float32()}
	})
	if e := noise.explained(); math.Abs(e) > 0.06 {
		t.Errorf("noise: %v", e)
	}
	if e := record(func(_, _ float32) []float32 { return []float32{1, 0, 0} }).explained(); !math.IsNaN(e) {
		t.Errorf("states that do not vary: %v", e)
	}
}

// y runs upwards: what is at the top of the box is in the first line.
func TestMapsAreDrawnUpwards(t *testing.T) {
	m := Map{Unit: 7, Values: make([]*float64, Bins*Bins)}
	one := 1.0
	for x := range Bins {
		m.Values[(Bins-1)*Bins+x], m.Values[(Bins-2)*Bins+x] = &one, &one
	}
	lines := strings.Split(drawMaps([]Map{m, m}, false), "\n")
	if !strings.HasPrefix(lines[0], "  unit 7 ") || lines[1] != "  "+strings.Repeat("█", Bins)+"   "+strings.Repeat("█", Bins) || strings.TrimSpace(lines[2]) != "" || len(lines) != 2+Bins/2 {
		t.Errorf("%q", lines)
	}
	coloured := strings.Split(drawMaps([]Map{m}, true), "\n")
	if n := strings.Count(coloured[1], "▀"); n != Bins || !strings.Contains(coloured[2], "128;128;128") || !strings.HasSuffix(coloured[1], "\x1b[0m") {
		t.Errorf("%q", coloured[1])
	}
}

func TestSparkDrawsTheLeastLowest(t *testing.T) {
	if s := Spark([]float64{3, 2, 1, 1, 3}); s != "█▅▁▁█" {
		t.Errorf("%q", s)
	}
	if s := Spark([]float64{2, 2}); s != "▁▁" || Spark(nil) != "" {
		t.Errorf("%q", s)
	}
}

// The speed is that between checkpoints, and one that has not been replaced for long says so.
func TestSpeedIsThatBetweenCheckpoints(t *testing.T) {
	at := time.Unix(1e9, 0)
	v := View{Name: "train/full", Step: 3000, Of: 10000, Saved: at.Add(10 * time.Second)}
	v.pace(&View{Step: 1000, Saved: at})
	if v.StepsPerSecond != 200 || v.SecondsLeft != 35 {
		t.Errorf("%v steps/s, %v s left", v.StepsPerSecond, v.SecondsLeft)
	}
	if text := v.Line(v.Saved.Add(4 * time.Second)); text != "train/full  step 3000 of 10000, 30 %, 200 steps/s, 35 s left; as of 4 s ago" {
		t.Error(text)
	}
	if text := v.Line(v.Saved.Add(5 * time.Minute)); !strings.Contains(text, "stands still: its last checkpoint is 5 min 00 s old") {
		t.Error(text)
	}
}

func TestTheHistoryIsThinnedToItsLastValue(t *testing.T) {
	var history []traintable.Losses
	for i := range 1003 {
		history = append(history, traintable.Losses{Step: int64(i), Total: float64(i)})
	}
	history[1002].Values[0] = math.NaN()
	var v View
	v.note(history)
	if len(v.Totals) != mostTotals || v.Totals[mostTotals-1] != 1002 || v.Losses["total"] != 1002 {
		t.Errorf("%d totals, the last %v", len(v.Totals), v.Totals[len(v.Totals)-1])
	}
	if _, ok := v.Losses["separation"]; ok {
		t.Error("a loss that is no number is shown")
	}
}

// A network that stays where it is has a state that does not vary.
func TestANetworkIsTakenAlongWalks(t *testing.T) {
	n := sic.Network{Units: 8, Hidden: 4, Layers: 3, Init: sic.InitIdentity, InitScale: 0.1}
	w := Watcher{Motion: walk.DefaultMotion(), BoxM: 2, Maps: 2}
	var v View
	w.see(&v, n, sic.InitialParameters(n, 1))
	if v.Explained == nil || *v.Explained < 0 || *v.Explained > 1 || len(v.Maps) != 2 || v.BoxM != 2 {
		t.Errorf("%+v", v)
	}
}
