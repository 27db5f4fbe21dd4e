package figure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"slices"
	"strings"
)

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xlinkSpace = "http://www.w3.org/1999/xlink"
	pngData    = "data:image/png;base64,"
	mostPixels = 1 << 28 // of a PNG
)

// elements are what a drawing consists of, attributes what they have.
var (
	elements   = []string{"svg", "title", "desc", "metadata", "rect", "g", "path", "text", "tspan", "image"}
	attributes = []string{"width", "height", "viewBox", "role", "fill", "font-family", "stroke-linejoin", "d", "stroke", "stroke-width",
		"stroke-dasharray", "x", "y", "dy", "font-size", "font-weight", "text-anchor", "transform", "space", "preserveAspectRatio"}
)

// CheckSVG says what an SVG has that no drawing of this package has: scripts, foreign objects,
// references to whatever is outside of it, or anything else that does more than to be looked at.
func CheckSVG(data []byte) error {
	in := xml.NewDecoder(bytes.NewReader(data))
	depth, drawn := 0, 0
	for {
		token, err := in.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("no SVG: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 && t.Name.Local != "svg" {
				return fmt.Errorf("no SVG, but <%s>", t.Name.Local)
			}
			if err := checkElement(t); err != nil {
				return err
			}
			depth++
			drawn++
		case xml.EndElement:
			depth--
		case xml.ProcInst:
			if t.Target != "xml" {
				return fmt.Errorf("has a processing instruction %q", t.Target)
			}
		case xml.Directive, xml.Comment:
			return errors.New("has a directive or a comment")
		}
	}
	if drawn < 2 {
		return errors.New("nothing is drawn in it")
	}
	return nil
}

func checkElement(e xml.StartElement) error {
	if e.Name.Space != svgSpace || !slices.Contains(elements, e.Name.Local) {
		return fmt.Errorf("has an element <%s>, which no drawing has", e.Name.Local)
	}
	for _, a := range e.Attr {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Local == "xmlns":
			if a.Value != svgSpace && a.Value != xlinkSpace {
				return fmt.Errorf("has a name space %q", a.Value)
			}
		case a.Name.Space == xlinkSpace && a.Name.Local == "href":
			if e.Name.Local != "image" || !strings.HasPrefix(a.Value, pngData) {
				return fmt.Errorf("refers to %.40q, which is outside of it", a.Value)
			}
		case !slices.Contains(attributes, a.Name.Local), a.Name.Space != "" && a.Name.Local != "space":
			return fmt.Errorf("has an attribute %s, which no drawing has", a.Name.Local)
		case strings.ContainsAny(a.Value, ":\\") || strings.Contains(strings.ToLower(a.Value), "url"):
			return fmt.Errorf("refers to %.40q", a.Value)
		}
	}
	return nil
}

// CheckPNG says why data is no picture that can be shown.
func CheckPNG(data []byte) error {
	c, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("no PNG: %w", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > mostPixels/c.Height {
		return fmt.Errorf("a PNG of %d by %d pixels", c.Width, c.Height)
	}
	return nil
}
