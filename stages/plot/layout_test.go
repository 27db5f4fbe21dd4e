package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"sicgrid/pkg/figure"
)

// label is a text of a drawn figure with the box in mm that its ink takes.
type label struct {
	text                     string
	left, top, right, bottom float64
}

// drawn is a figure as its files show it.
type drawn struct {
	svg, png, numbers []byte
	labels            []label
	width, height     float64 // mm
}

// open takes a figure's files apart and checks what holds for every figure: both
// pictures have one shape 180 mm wide, no label leaves the sheet, none overlaps another.
func open(t *testing.T, name string, files []File, err error) drawn {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var d drawn
	for i, want := range []string{name + ".svg", name + ".png", "numbers.json"} {
		if files[i].Name != want {
			t.Fatalf("file %d is %q, want %q", i, files[i].Name, want)
		}
	}
	d.svg, d.png, d.numbers = files[0].Data, files[1].Data, files[2].Data
	d.parse(t)
	config, err := png.DecodeConfig(bytes.NewReader(d.png))
	if err != nil {
		t.Fatal(err)
	}
	dots := 200 / 25.4
	if d.width != 180 || config.Width != 1417 || math.Abs(float64(config.Height)-dots*d.height) > 1 {
		t.Errorf("SVG of %g x %g mm, PNG of %d x %d", d.width, d.height, config.Width, config.Height)
	}
	if len(d.svg) > 2<<20 {
		t.Errorf("SVG of %d bytes", len(d.svg))
	}
	for i, a := range d.labels {
		if a.left < 0 || a.top < 0 || a.right > d.width || a.bottom > d.height {
			t.Errorf("label %q leaves the sheet", a.text)
		}
		for _, b := range d.labels[:i] {
			if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
				t.Errorf("labels %q and %q overlap", a.text, b.text)
			}
		}
	}
	return d
}

func (d *drawn) parse(t *testing.T) {
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
	for decoder := xml.NewDecoder(bytes.NewReader(d.svg)); ; {
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
			l := label{text.String(), x - shift, y - high, x - shift + width, y}
			if attribute(start, "transform") != "" { // runs upwards
				l = label{text.String(), x - high, y + shift - width, x, y + shift}
			}
			d.labels = append(d.labels, l)
			start = xml.StartElement{}
		}
	}
}

// count says how many labels contain the text.
func (d drawn) count(text string) int {
	n := 0
	for _, l := range d.labels {
		if strings.Contains(l.text, text) {
			n++
		}
	}
	return n
}

// want checks that every text stands in some label.
func (d drawn) want(t *testing.T, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if d.count(s) == 0 {
			t.Errorf("no label says %q", s)
		}
	}
}
