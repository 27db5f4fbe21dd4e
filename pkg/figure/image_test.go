package figure

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestAHeatMapHasItsFirstRowAtTheBottom(t *testing.T) {
	nan := math.NaN()
	img := HeatMap([]float64{0, 1, 2, 3, nan, 9}, 2, 0, 3, Jet)
	if img.Bounds() != image.Rect(0, 0, 2, 3) {
		t.Fatalf("bounds %v", img.Bounds())
	}
	for _, c := range []struct {
		x, y int
		want color.RGBA
	}{{0, 2, Jet(0)}, {0, 1, Jet(2. / 3)}, {1, 1, Jet(1)}, {1, 0, Jet(1)}, {0, 0, color.RGBA{}}} {
		got := img.At(c.x, c.y).(color.RGBA)
		near := func(a, b uint8) bool { return math.Abs(float64(a)-float64(b)) < 8 }
		if !near(got.R, c.want.R) || !near(got.G, c.want.G) || !near(got.B, c.want.B) || got.A != c.want.A {
			t.Errorf("pixel %d,%d is %v, want %v", c.x, c.y, got, c.want)
		}
	}
}

func TestAHeatMapOfRaggedRowsIsNone(t *testing.T) {
	if HeatMap([]float32{1, 2, 3}, 2, 0, 1, Jet) != nil || HeatMap([]float32{}, 2, 0, 1, Jet) != nil || HeatMap([]float32{1}, 0, 0, 1, Jet) != nil {
		t.Error("an image was made")
	}
}

func TestPeakLeavesOutWhatIsNotFinite(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	if got := Peak([]float64{nan, 1, inf, 3, nan}); got != 3 {
		t.Errorf("peak %g, want 3", got)
	}
	if got := Peak([]float32{float32(nan)}); !math.IsNaN(got) {
		t.Errorf("peak of nothing %g", got)
	}
}

func TestAViewIsARotation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := View{rapid.Float64Range(-360, 360).Draw(t, "azimuth"), rapid.Float64Range(-90, 90).Draw(t, "elevation")}
		draw := func(name string) (p [3]float64) {
			for k := range p {
				p[k] = rapid.Float64Range(-1, 1).Draw(t, name)
			}
			return p
		}
		p, q := draw("p"), draw("q")
		pu, pw, pd := v.Project(p)
		qu, qw, qd := v.Project(q)
		before := p[0]*q[0] + p[1]*q[1] + p[2]*q[2]
		if after := pu*qu + pw*qw + pd*qd; math.Abs(after-before) > 1e-12 {
			t.Fatalf("inner product %g becomes %g", before, after)
		}
	})
}

func TestFromAboveTheThirdAxisIsDepthAndFromTheSideItIsUp(t *testing.T) {
	if _, _, depth := (View{30, 90}).Project([3]float64{0, 0, 1}); math.Abs(depth-1) > 1e-12 {
		t.Errorf("depth %g from above", depth)
	}
	if _, up, _ := (View{30, 0}).Project([3]float64{0, 0, 1}); math.Abs(up-1) > 1e-12 {
		t.Errorf("height %g from the side", up)
	}
}

func TestInACloudTheNearerDotHidesTheFarther(t *testing.T) {
	near := Dot{Point{5, 5}, 2, Red}
	far := Dot{Point{5, 5}, 1, Black}
	lost := Dot{Point{math.NaN(), 5}, 3, White}
	outside := Dot{Point{50, 50}, 3, White}
	for _, dots := range [][]Dot{{near, far, lost, outside}, {outside, lost, far, near}} {
		img := cloud(Box{0, 0, 10, 10}, dots, 1)
		w, h := img.Bounds().Dx(), img.Bounds().Dy()
		if got := img.NRGBAAt(w/2, h/2); got != (color.NRGBA{Red.R, Red.G, Red.B, 255}) {
			t.Errorf("middle %v, want the nearer dot's red", got)
		}
		if got := img.NRGBAAt(1, 1); got.A != 0 {
			t.Errorf("corner %v, want nothing", got)
		}
	}
}

func TestADotOfACloudCoversItsDisc(t *testing.T) {
	img := cloud(Box{0, 0, 10, 10}, []Dot{{Point{4.3, 5.1}, 0, Red}}, 1)
	opaque := 0
	for i := 3; i < len(img.Pix); i += 4 {
		opaque += int(img.Pix[i])
	}
	area := float64(opaque) / 255 * 100 / float64(img.Bounds().Dx()*img.Bounds().Dy()) // mm²
	if math.Abs(area-math.Pi) > 0.03 {
		t.Errorf("a disc of radius 1 mm covers %.3f mm²", area)
	}
}

// A map without any modulation says nothing of a place, and is in none of the colours that do.
func TestAConstantMapIsGrey(t *testing.T) {
	middle := func(values []float32) color.Color {
		_, drawing, err := Render(Page{Title: "map", Height: 30, DPI: 60}, func(c *Canvas) { c.RateMap(Box{0, 0, 20, 20}, values, 1, Jet) })
		if err != nil {
			t.Fatal(err)
		}
		p, err := png.Decode(bytes.NewReader(drawing))
		if err != nil {
			t.Fatal(err)
		}
		return color.RGBAModel.Convert(p.At(25, 15))
	}
	for _, c := range []struct {
		rates []float32
		want  color.RGBA
	}{{[]float32{5, 5}, Pale}, {[]float32{0.96, 1}, Pale}, {[]float32{0.9, 1}, Jet(1)}} {
		if got := middle(c.rates); got != c.want {
			t.Errorf("rates %v are drawn in %v, want %v", c.rates, got, c.want)
		}
	}
}
