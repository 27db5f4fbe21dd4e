package figure

import (
	"fmt"
	"image"
	"strings"
	"testing"
)

func TestADrawingMayBeShown(t *testing.T) {
	svg, png, err := Render(Page{Title: "a < b & \"c\"", Height: 40, DPI: 100}, func(c *Canvas) {
		c.Text(1, 1, "σ_g = 0.4: a < b & https://example.org", Type{Size: Small, Upward: true, Bold: true, X: Middle})
		c.Line(Stroke{Color: Black, Width: Thin, Dash: []float64{1, 2}}, Point{}, Point{X: 3, Y: 3})
		c.Discs([]Point{{X: 5, Y: 5}}, 1, Black)
		c.Image(Box{X: 10, Y: 10, W: 10, H: 10}, image.NewRGBA(image.Rect(0, 0, 3, 3)))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckSVG(svg); err != nil {
		t.Error(err)
	}
	if err := CheckPNG(png); err != nil {
		t.Error(err)
	}
}

func TestWhatDoesMoreThanToBeLookedAtIsNoDrawing(t *testing.T) {
	refused := 0
	for name, c := range map[string]struct{ inside, want string }{
		"a script":              {`<script>alert(1)</script>`, "<script>"},
		"a script elsewhere":    {`<script xlink:href="https://example.org/x.js"/>`, "<script>"},
		"a foreign object":      {`<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><iframe src="https://example.org"/></body></foreignObject>`, "<foreignObject>"},
		"an event":              {`<rect onclick="alert(1)"/>`, "attribute onclick"},
		"a link":                {`<a xlink:href="javascript:alert(1)"><text>x</text></a>`, "<a>"},
		"an image elsewhere":    {`<image xlink:href="https://example.org/pixel.png"/>`, "outside of it"},
		"an image by SVG 2":     {`<image href="https://example.org/pixel.png"/>`, "attribute href"},
		"an SVG in an image":    {`<image xlink:href="data:image/svg+xml;base64,AAAA"/>`, "outside of it"},
		"a use":                 {`<use xlink:href="other.svg#x"/>`, "<use>"},
		"a style":               {`<style>@import url(https://example.org/x.css);</style>`, "<style>"},
		"a style of an element": {`<rect style="fill:url(https://example.org/x#y)"/>`, "attribute style"},
		"a fill elsewhere":      {`<rect fill="url(https://example.org/x#y)"/>`, "refers to"},
		"an escaped fill":       {`<rect fill="u\72l(//example.org)"/>`, "refers to"},
		"an animation":          {`<animate attributeName="href" to="javascript:alert(1)"/>`, "<animate>"},
		"another name space":    {`<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>`, "<script>"},
		"an entity":             {`<text>&x;</text>`, "no SVG"},
		"half of it":            {`<g>`, "no SVG"},
		"an instruction":        {`<?xml-stylesheet href="https://example.org/x.css"?>`, "processing instruction"},
		"a comment":             {`<!-- x -->`, "comment"},
		"nothing":               {``, "nothing is drawn"},
	} {
		svg := fmt.Sprintf(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">%s</svg>`, c.inside)
		if err := CheckSVG([]byte(svg)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: found %v, want %s", name, err, c.want)
		}
		refused++
	}
	for name, c := range map[string]struct{ data, want string }{
		"entities":     {`<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg"><text>&a;</text></svg>`, "directive"},
		"HTML":         {`<html><body/></html>`, "no SVG, but <html>"},
		"no XML":       {"\x89PNG", "no SVG"},
		"an empty one": {"", "nothing is drawn"},
	} {
		if err := CheckSVG([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: found %v, want %s", name, err, c.want)
		}
		refused++
	}
	for _, data := range []string{"", "<svg/>", "\x89PNG\r\n\x1a\n"} {
		if CheckPNG([]byte(data)) == nil {
			t.Errorf("%q is a PNG", data)
		}
		refused++
	}
	t.Logf("%d drawings that do more than to be looked at: none is laid out, nothing lost", refused)
}
