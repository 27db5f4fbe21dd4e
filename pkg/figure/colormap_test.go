package figure

import (
	"image/color"
	"math"
	"strings"
	"testing"
)

func TestJetIsTheClassicRainbow(t *testing.T) {
	for _, c := range []struct {
		t    float64
		want color.RGBA
	}{
		{0, color.RGBA{0, 0, 128, 255}},
		{0.125, color.RGBA{0, 0, 255, 255}},
		{0.375, color.RGBA{0, 255, 255, 255}},
		{0.625, color.RGBA{255, 255, 0, 255}},
		{0.875, color.RGBA{255, 0, 0, 255}},
		{1, color.RGBA{128, 0, 0, 255}},
	} {
		if got := Jet(c.t); got != c.want {
			t.Errorf("jet(%g) = %v, want %v", c.t, got, c.want)
		}
	}
}

// lightness is L* of CIE 1976 under D65.
func lightness(c color.RGBA) float64 {
	linear := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	y := 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
	return 116*math.Cbrt(y) - 16
}

func TestViridisGetsLighterEvenly(t *testing.T) {
	const n = 64
	step := (lightness(Viridis(1)) - lightness(Viridis(0))) / n
	for i := range n {
		d := lightness(Viridis(float64(i+1)/n)) - lightness(Viridis(float64(i)/n))
		if d < 0.3*step || d > 1.9*step {
			t.Errorf("lightness rises by %.2f at %d/%d, %.2f on average", d, i, n, step)
		}
	}
}

func TestCyclicHasOneLightnessAndCloses(t *testing.T) {
	lo, hi := 100.0, 0.0
	for i := range 360 {
		l := lightness(Cyclic(float64(i) / 360))
		lo, hi = min(lo, l), max(hi, l)
	}
	if hi-lo > 9 {
		t.Errorf("lightness from %.1f to %.1f", lo, hi)
	}
	if Cyclic(0) != Cyclic(1) || Cyclic(-0.25) != Cyclic(0.75) {
		t.Error("a whole turn changes the colour")
	}
	seen := map[color.RGBA]bool{}
	for i := range 12 {
		seen[Cyclic(float64(i)/12)] = true
	}
	if len(seen) != 12 {
		t.Errorf("%d colours for 12 phases", len(seen))
	}
}

func TestDivergingIsLightestInTheMiddle(t *testing.T) {
	for i := range 50 {
		a, b := Diverging(0.5-float64(i)/100), Diverging(0.5+float64(i)/100)
		if middle := lightness(Diverging(0.5)); lightness(a) > middle+0.5 || lightness(b) > middle+0.5 {
			t.Errorf("lighter than the middle at distance %d/100", i)
		}
		if math.Abs(lightness(a)-lightness(b)) > 4 {
			t.Errorf("lightness %.1f and %.1f at distance %d/100 of the middle", lightness(a), lightness(b), i)
		}
	}
	if c := Diverging(0); c.B <= c.R {
		t.Errorf("low end %v is not blue", c)
	}
	if c := Diverging(1); c.R <= c.B {
		t.Errorf("high end %v is not red", c)
	}
}

func TestMapsClipAndSurviveNaN(t *testing.T) {
	for name, m := range maps {
		if name == "cyclic" {
			continue
		}
		if m(-1) != m(0) || m(2) != m(1) || m(math.NaN()) != m(0) {
			t.Errorf("%s: values outside 0..1 are not clipped", name)
		}
	}
	Cyclic(math.NaN())
}

func TestAnUnknownMapIsRefusedWithTheNames(t *testing.T) {
	_, err := MapNamed("rainbow")
	if err == nil || !strings.Contains(err.Error(), `"rainbow"`) || !strings.Contains(err.Error(), "cyclic, diverging, grey, jet, viridis") {
		t.Errorf("error %v", err)
	}
}
