package figuretest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"sicgrid/pkg/figure"
	"sicgrid/stages/figures/sheet"
)

// Label is a text of a drawn figure with the box in mm that its ink takes.
type Label struct {
	Text                     string
	left, top, right, bottom float64
}

// Drawn is a figure as its files show it.
type Drawn struct {
	SVG, PNG, Numbers []byte
	Legend            sheet.Legend
	Labels            []Label
	width, height     float64 // mm
}

// The parameters with which tests draw: at a low resolution, as it takes most of their time.
var (
	Params            = sheet.Params{DPI: 60}
	MapParams         = sheet.MapParams{Params: Params, RateColours: "jet"}
	CorrelationParams = sheet.CorrelationParams{CorrelationLook: sheet.CorrelationLook{Params: Params, CorrelationColours: "diverging"}, RateColours: "jet"}
)

// Open takes a figure's files apart and checks what holds for every figure: both
// pictures have one shape 180 mm wide, no label leaves the sheet, none overlaps another.
func Open(t *testing.T, name string, files []sheet.File, err error) Drawn {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var d Drawn
	for i, want := range []string{name + ".svg", name + ".png", sheet.NumbersFile, sheet.CaptionFile} {
		if files[i].Name != want {
			t.Fatalf("file %d is %q, want %q", i, files[i].Name, want)
		}
	}
	d.SVG, d.PNG, d.Numbers = files[0].Data, files[1].Data, files[2].Data
	if d.Legend, err = sheet.LegendOf(files); err != nil {
		t.Fatal(err)
	}
	d.parse(t)
	config, err := png.DecodeConfig(bytes.NewReader(d.PNG))
	if err != nil {
		t.Fatal(err)
	}
	dots := float64(Params.DPI) / 25.4
	if d.width != 180 || math.Abs(float64(config.Width)-dots*d.width) > 1 || math.Abs(float64(config.Height)-dots*d.height) > 1 {
		t.Errorf("SVG of %g x %g mm, PNG of %d x %d", d.width, d.height, config.Width, config.Height)
	}
	if len(d.SVG) > 2<<20 {
		t.Errorf("SVG of %d bytes", len(d.SVG))
	}
	for i, a := range d.Labels {
		if a.left < 0 || a.top < 0 || a.right > d.width || a.bottom > d.height {
			t.Errorf("label %q leaves the sheet", a.Text)
		}
		for _, b := range d.Labels[:i] {
			if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
				t.Errorf("labels %q and %q overlap", a.Text, b.Text)
			}
		}
	}
	return d
}

func (d *Drawn) parse(t *testing.T) {
	t.Helper()
	number := func(e xml.StartElement, name string) float64 {
		for _, a := range e.Attr {
			if a.Name.Local == name {
				v, err := strconv.ParseFloat(strings.TrimSuffix(a.Value, "mm"), 64)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
		}
		return 0
	}
	attribute := func(e xml.StartElement, name string) string {
		for _, a := range e.Attr {
			if a.Name.Local == name {
				return a.Value
			}
		}
		return ""
	}
	const pointsPerMM = 72 / 25.4
	var text strings.Builder
	var start xml.StartElement
	var width, size float64
	for decoder := xml.NewDecoder(bytes.NewReader(d.SVG)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "svg":
				d.width, d.height = number(e, "width"), number(e, "height")
			case "text":
				start, width = e, 0
				text.Reset()
				size = number(e, "font-size")
			case "tspan":
				size = number(e, "font-size")
			}
		case xml.CharData:
			if start.Name.Local == "text" {
				text.Write(e)
				width += figure.TextWidth(string(e), figure.Type{Size: size * pointsPerMM, Bold: attribute(start, "font-weight") == "bold"})
			}
		case xml.EndElement:
			if e.Name.Local != "text" {
				continue
			}
			x, y, high := number(start, "x"), number(start, "y"), 0.72*number(start, "font-size")
			shift := map[string]float64{"": 0, "middle": width / 2, "end": width}[attribute(start, "text-anchor")]
			l := Label{text.String(), x - shift, y - high, x - shift + width, y}
			if attribute(start, "transform") != "" { // runs upwards
				l = Label{text.String(), x - high, y + shift - width, x, y + shift}
			}
			d.Labels = append(d.Labels, l)
			start = xml.StartElement{}
		}
	}
}

// Count says how many labels contain the text.
func (d Drawn) Count(text string) int {
	n := 0
	for _, l := range d.Labels {
		if strings.Contains(l.Text, text) {
			n++
		}
	}
	return n
}

// Want checks that every text stands in some label.
func (d Drawn) Want(t *testing.T, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if d.Count(s) == 0 {
			t.Errorf("no label says %q", s)
		}
	}
}

// SameBytes checks that a drawing does not depend on how many threads draw it.
func SameBytes(t *testing.T, draw func() ([]sheet.File, error)) {
	t.Helper()
	of := func(threads int) []sheet.File {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		files, err := draw()
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	if !reflect.DeepEqual(of(1), of(4)) {
		t.Error("other bytes with four threads than with one")
	}
}
