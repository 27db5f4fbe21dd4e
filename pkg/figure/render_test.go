package figure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/color"
	"image/png"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
)

// everything draws one of each.
func everything(c *Canvas) {
	a := Axes{Box: Box{15, 5, 40, 30}, X: Axis{Min: 0, Max: 1, Label: "<x> & y_1 (m)", Ticks: Ticks(0, 1, 4)}, Y: Axis{Min: -1, Max: 1, Label: "up_2", Ticks: Ticks(-1, 1, 4)}}
	edges, counts := Histogram([]float64{0.1, 0.2, 0.21, 0.7}, 0, 1, 10)
	a.Y.Max = 3
	a.Bars(c, edges, counts, make([]float64, 10), Series(1))
	a.Draw(c, 9)
	a.DrawFrame(c, 9)
	a.HLine(c, 0.5, Stroke{Color: Grey, Width: Thin, Dash: []float64{2, 1}})
	a.VLine(c, 0.5, Stroke{Color: Grey, Width: Thin})
	c.PanelLetter(0, 0, "a")
	c.RateMap(Box{60, 5, 20, 20}, []float32{0, 1, 2, float32(math.NaN())}, 2, Jet)
	c.RateMap(Box{60, 30, 2, 2}, nil, 2, Jet)
	c.ColorBar(Box{85, 5, 2, 20}, Viridis, 0, 1, Ticks(0, 1, 3), "power")
	c.ColorBar(Box{110, 5, 30, 2}, Viridis, 0, 1, Ticks(0, 1, 3), "power")
	c.ScaleBar(Point{60, 40}, 4, 20)
	c.Circles([]Point{{100, 20}}, 2, Stroke{Color: Black, Width: Thin})
	c.Discs([]Point{{100, 30}}, 2, Red)
	torus := make([][3]float64, 200)
	for i := range torus {
		u, v := float64(i)*0.7, float64(i)*0.13
		torus[i] = [3]float64{(2 + math.Cos(u)) * math.Cos(v), (2 + math.Cos(u)) * math.Sin(v), math.Sin(u)}
	}
	torus[0][0] = math.NaN()
	c.Cloud3(Box{120, 15, 25, 25}, View{30, 40}, torus, func(i int) color.RGBA { return Cyclic(float64(i) / 200) }, 0.5, [3]string{"1", "2", "3"})
}

func TestAPNGHasTheSizeOfItsPage(t *testing.T) {
	for _, dpi := range []int{100, 200} {
		_, data, err := Render(Page{"test", 60, dpi}, everything)
		if err != nil {
			t.Fatal(err)
		}
		config, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		w, h := math.Round(180/25.4*float64(dpi)), math.Round(63/25.4*float64(dpi))
		if float64(config.Width) != w || float64(config.Height) != h {
			t.Errorf("%d x %d at %d dots per inch, want %g x %g", config.Width, config.Height, dpi, w, h)
		}
	}
}

func TestAnSVGIsWellFormedAndKeepsItsTextAsText(t *testing.T) {
	svg, _, err := Render(Page{"a < b & c", 60, 100}, everything)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	images := 0
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
		case xml.StartElement:
			if token.Name.Local == "image" {
				images++
			}
		}
	}
	for _, want := range []string{"a < b & c", "<x> & y1 (m)", "up2", "−1", "1 m", "power"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in the text", want)
		}
	}
	if images != 4 { // a ratemap, two colour bars, a cloud
		t.Errorf("%d images, want 4", images)
	}
	if !bytes.Contains(svg, []byte(`font-family="'Liberation Sans',Arial,Helvetica,Arimo,'Nimbus Sans','DejaVu Sans Condensed',sans-serif"`)) {
		t.Error("no fallback for the font")
	}
}

func TestADrawingHasTheSameBytesWhateverRunsBesideIt(t *testing.T) {
	type result struct{ svg, png []byte }
	draw := func() result {
		svg, png, err := Render(Page{"test", 60, 100}, everything)
		if err != nil {
			t.Error(err)
		}
		return result{svg, png}
	}
	before := runtime.GOMAXPROCS(1)
	want := draw()
	runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(before)
	results := make(chan result)
	for range 4 {
		go func() { results <- draw() }()
	}
	for range 4 {
		if got := <-results; !bytes.Equal(got.svg, want.svg) || !bytes.Equal(got.png, want.png) {
			t.Error("other bytes")
		}
	}
}

func TestAnImpossiblePageIsRefused(t *testing.T) {
	for _, p := range []Page{{"x", 60, 0}, {"x", 60, 5000}, {"x", 0, 200}, {"x", math.NaN(), 200}, {"x", 1e6, 200}} {
		if _, _, err := Render(p, everything); err == nil {
			t.Errorf("%+v was drawn", p)
		}
	}
}

func TestTypeHasTheWidthsOfHelvetica(t *testing.T) {
	// A digit is 0.556 em wide in Helvetica; a subscript is set at 0.7 of the size.
	em := 7 / pointsPerMM
	for _, c := range []struct {
		s    string
		want float64
	}{{"0", 0.556}, {"0000", 4 * 0.556}, {"0_0", 1.7 * 0.556}, {"", 0}, {"0_", 0.556}} {
		if got := TextWidth(c.s, Type{Size: 7}); math.Abs(got-c.want*em) > 0.01*em {
			t.Errorf("%q is %.3f em wide, want %.3f", c.s, got/em, c.want)
		}
	}
}
