package gridcell

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestIdealCellsScoreAsTheirLatticesShould(t *testing.T) {
	hexagon := func(period, box float64) Map {
		return IdealGrid(IdealHexagonal(period, 17).WaveVectors(), 0.1, 0.05, 64, box)
	}
	fields := func(l Lattice, box float64) Map { return IdealFields(l.Points(0.1, 0.05, box, 1), 0.1, 64, box) }
	band := IdealHexagonal(0.6, 17).WaveVectors()[0]
	type between struct{ low, high float64 }
	any := between{math.Inf(-1), math.Inf(1)}
	for _, c := range []struct {
		name                    string
		m                       Map
		expanding, ring, square between
	}{
		{"hexagon, 4 periods", hexagon(0.5, 2), between{1.38, 1.42}, between{1.3, 1.36}, between{-1, 0.3}},
		{"hexagon, 3 periods", hexagon(1, 3), between{1.38, 1.42}, between{1.3, 1.36}, between{-1, 0.3}},
		{"hexagon, 6 periods", hexagon(0.7, 4), between{1.37, 1.42}, between{1.3, 1.36}, between{-1, 0.3}},
		{"hexagon of Gaussian fields", fields(IdealHexagonal(0.6, 17), 3), between{1.37, 1.42}, between{1.3, 1.36}, between{-1, 0.3}},
		{"hexagon, 1.4 periods", hexagon(1.4, 2), between{1.1, 1.25}, any, any},
		{"square", squareCell(0.6, 17, 64, 3), between{-1, -0.9}, between{-1.35, -1.2}, between{1.5, 2}},
		{"square of Gaussian fields", fields(IdealRhombic(0.6, 17, 90), 4), between{-1, -0.9}, between{-1.35, -1.25}, between{1.3, 2}},
		{"75 degrees", fields(IdealRhombic(0.6, 17, 75), 3), between{0.1, 0.3}, between{-0.3, 0.1}, any},
		{"hexagon stretched by 1.21", fields(IdealHexagonal(0.6, 17).Stretched(1.21, 40), 3), between{0.7, 1.1}, any, any},
		{"bands", noisy(IdealBands(band, 0, 64, 3), 0.1, source(1)), between{-2, 0.3}, between{-2, 0.3}, any},
		{"place field", noisy(IdealFields([][2]float64{{0.1, 0.2}}, 0.2, 64, 3), 0.1, source(2)), between{-2, 0.3}, any, any},
		{"noise", noisy(constant(0, 64, 3), 1, source(3)), between{-2, 0.3}, any, any},
	} {
		s := ScoreOf(autocorrelogram(t, c.m))
		for _, v := range []struct {
			name string
			got  float64
			want between
		}{{"expanding", s.Expanding, c.expanding}, {"ring", s.Ring, c.ring}, {"square", s.Square, c.square}} {
			if v.want != any && !(v.got >= v.want.low && v.got <= v.want.high) {
				t.Errorf("%s: %s score %.3f, want %g to %g", c.name, v.name, v.got, v.want.low, v.want.high)
			}
		}
	}
}

func TestBaninoScoresTellHexagonFromSquare(t *testing.T) {
	hexagon := ScoreOf(autocorrelogram(t, IdealGrid(IdealHexagonal(0.6, 5).WaveVectors(), 0, 0, 48, 2.2)))
	square := ScoreOf(autocorrelogram(t, squareCell(0.6, 5, 48, 2.2)))
	if !(hexagon.Banino60 > 1 && square.Banino60 < 0.37) {
		t.Errorf("60-degree score: hexagon %.2f, square %.2f; want above 1 and below the published line of 0.37", hexagon.Banino60, square.Banino60)
	}
	if !(square.Banino90 > 1 && hexagon.Banino90 < 0.6) {
		t.Errorf("90-degree score: square %.2f, hexagon %.2f; want above 1 and below 0.6", square.Banino90, hexagon.Banino90)
	}
}

func TestEllipseCorrectionRestoresSheared(t *testing.T) {
	for _, ratio := range []float64{1, 1.1, 1.21, 1.28} {
		s := ScoreOf(autocorrelogram(t, IdealGrid(IdealHexagonal(0.6, 17).Stretched(ratio, 70).WaveVectors(), 0, 0, 64, 3)))
		if !(s.Corrected > 1.3 && s.Corrected < 1.45) {
			t.Errorf("stretched by %g: corrected score %.3f, want that of a hexagon", ratio, s.Corrected)
		}
	}
}

func TestEllipseCorrectionRefusesWhatIsNoHexagon(t *testing.T) {
	for name, m := range map[string]Map{
		"square":            squareCell(0.6, 12, 64, 3),
		"76-degree rhombus": IdealFields(IdealRhombic(0.6, 12, 76).Points(0, 0, 3, 1), 0.1, 64, 3),
		"stretched by 1.5":  IdealGrid(IdealHexagonal(0.6, 17).Stretched(1.5, 70).WaveVectors(), 0, 0, 64, 3),
	} {
		if s := ScoreOf(autocorrelogram(t, m)); !math.IsNaN(s.Corrected) {
			t.Errorf("%s: corrected score %.3f, want none", name, s.Corrected)
		}
	}
}

func TestHexagonsScoreAlikeWhateverOrientationAndPhase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := IdealHexagonal(rapid.Float64Range(0.5, 0.65).Draw(t, "period"), rapid.Float64Range(0, 60).Draw(t, "orientation"))
		m := IdealGrid(l.WaveVectors(), rapid.Float64Range(-1, 1).Draw(t, "x"), rapid.Float64Range(-1, 1).Draw(t, "y"), 40, 2)
		a, err := NewAutocorrelogram(m)
		if err != nil {
			t.Fatal(err)
		}
		if s := ScoreOf(a); !(s.Expanding > 1.3 && s.Expanding < 1.5 && s.Ring > 1.25 && s.Ring < 1.4) {
			t.Fatalf("expanding %.3f, ring %.3f: want 1.3 to 1.5 and 1.25 to 1.4", s.Expanding, s.Ring)
		}
	})
}

// Any map: units of rate, a constant rate and a quarter turn of the box say nothing about the
// lattice.
func TestScoresIgnoreScaleOffsetAndQuarterTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := source(rapid.Uint64().Draw(t, "seed"))
		const n = 24
		l := IdealRhombic(0.5, rapid.Float64Range(0, 60).Draw(t, "orientation"), rapid.Float64Range(55, 90).Draw(t, "angle"))
		m := holed(noisy(IdealGrid(l.WaveVectors(), 0.1, 0.2, n, 1.6), 0.1, rng), 0.05, rng)
		changed := Map{Values: make([]float64, n*n), NX: n, NY: n, BoxM: 1.6}
		scale, offset := rapid.Float64Range(0.01, 100).Draw(t, "scale"), rapid.Float64Range(-10, 10).Draw(t, "offset")
		for j := range n {
			for i := range n {
				changed.Values[i*n+n-1-j] = offset + scale*m.Values[j*n+i]
			}
		}
		a, _ := NewAutocorrelogram(m)
		b, _ := NewAutocorrelogram(changed)
		// Period and corrected score depend on peaks, whose order may change.
		p, q := ScoreOf(a), ScoreOf(b)
		for name, v := range map[string][2]float64{
			"expanding": {p.Expanding, q.Expanding}, "square": {p.Square, q.Square},
			"banino60": {p.Banino60, q.Banino60}, "banino90": {p.Banino90, q.Banino90},
		} {
			if math.IsNaN(v[0]) != math.IsNaN(v[1]) || math.Abs(v[0]-v[1]) > 1e-6 {
				t.Fatalf("%s: %.9g became %.9g", name, v[0], v[1])
			}
		}
	})
}

func TestScoresSurviveUnvisitedBins(t *testing.T) {
	rng := source(8)
	m := noisy(IdealGrid(IdealHexagonal(0.5, 33).WaveVectors(), 0.1, 0.1, 64, 2), 0.1, rng)
	if s := ScoreOf(autocorrelogram(t, holed(m, 0.2, rng))); !(s.Expanding > 1.3 && s.Ring > 1.25) {
		t.Errorf("a fifth of the bins unvisited: expanding %.3f, ring %.3f; want above 1.3 and 1.25", s.Expanding, s.Ring)
	}
}

func ExampleScoreOf() {
	cell := IdealGrid(IdealHexagonal(0.6, 15).WaveVectors(), 0, 0, 48, 2)
	a, err := NewAutocorrelogram(cell)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("expanding ring %.1f, one ring %.1f\n", ScoreOf(a).Expanding, ScoreOf(a).Ring)
	// Output: expanding ring 1.4, one ring 1.3
}
