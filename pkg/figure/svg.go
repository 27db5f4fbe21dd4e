package figure

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"strconv"
)

// svgSurface writes SVG whose unit is the mm. Text stays text: it hangs at its point by start,
// middle or end, so that a viewer with another font still aligns it.
type svgSurface struct {
	bytes.Buffer
	err error // the first image that could not be encoded
}

// typefaces are those of one width, as far as they go, and then the one at hand where they are not
// that comes nearest: others would run into what stands next to them.
const typefaces = "'Liberation Sans',Arial,Helvetica,Arimo,'Nimbus Sans','DejaVu Sans Condensed',sans-serif"

// newSVG begins a document of the size in mm.
func newSVG(width, height float64, title string) *svgSurface {
	s := &svgSurface{}
	fmt.Fprintf(s, `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%[1]smm" height="%[2]smm" viewBox="0 0 %[1]s %[2]s" role="img">
<title>%[3]s</title>
<rect width="100%%" height="100%%" fill="#ffffff"/>
<g font-family="%[4]s" stroke-linejoin="miter">
`, decimal(width), decimal(height), html.EscapeString(title), typefaces)
	return s
}

// finish ends the document.
func (s *svgSurface) finish() ([]byte, error) {
	s.WriteString("</g>\n</svg>\n")
	return s.Bytes(), s.err
}

// decimal writes a length to the micrometre.
func decimal(v float64) string {
	b := strconv.AppendFloat(nil, v, 'f', 3, 64)
	b = bytes.TrimRight(bytes.TrimRight(b, "0"), ".")
	if len(b) == 0 || string(b) == "-0" {
		return "0"
	}
	return string(b)
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// mm converts points.
func mm(points float64) string { return decimal(points / pointsPerMM) }

func (s *svgSurface) points(points []Point, closed bool) {
	for i, p := range points {
		s.WriteByte("ML"[min(i, 1)])
		s.WriteString(decimal(p.X) + " " + decimal(p.Y))
	}
	if closed {
		s.WriteByte('Z')
	}
}

// pen writes the attributes of a stroked path up to its end.
func (s *svgSurface) pen(k Stroke) {
	fmt.Fprintf(s, `" fill="none" stroke="%s" stroke-width="%s"`, hex(k.Color), mm(k.Width))
	for i, d := range k.Dash {
		s.WriteString([]string{` stroke-dasharray="`, " "}[min(i, 1)] + mm(d))
	}
	if len(k.Dash) > 0 {
		s.WriteByte('"')
	}
	s.WriteString("/>\n")
}

func (s *svgSurface) lines(points []Point, closed bool, k Stroke) {
	s.WriteString(`<path d="`)
	s.points(points, closed)
	s.pen(k)
}

func (s *svgSurface) polygon(points []Point, ink color.RGBA) {
	s.WriteString(`<path d="`)
	s.points(points, true)
	fmt.Fprintf(s, "\" fill=\"%s\"/>\n", hex(ink))
}

// rings writes every circle as two half arcs.
func (s *svgSurface) rings(centres []Point, radius float64) {
	s.WriteString(`<path d="`)
	r, d := decimal(radius), decimal(2*radius)
	for _, p := range centres {
		fmt.Fprintf(s, "M%s %sa%s %s 0 1 1 %s 0a%s %s 0 1 1 -%s 0Z", decimal(p.X-radius), decimal(p.Y), r, r, d, r, r, d)
	}
}

func (s *svgSurface) discs(centres []Point, radius float64, ink color.RGBA) {
	s.rings(centres, radius)
	fmt.Fprintf(s, "\" fill=\"%s\"/>\n", hex(ink))
}

func (s *svgSurface) circles(centres []Point, radius float64, k Stroke) {
	s.rings(centres, radius)
	s.pen(k)
}

func (s *svgSurface) text(base Point, runs []run, t Type) {
	x, y := decimal(base.X), decimal(base.Y)
	fmt.Fprintf(s, `<text x="%s" y="%s" font-size="%s" fill="%s"`, x, y, mm(t.Size), hex(t.ink()))
	if t.Bold {
		s.WriteString(` font-weight="bold"`)
	}
	if t.X != Start {
		s.WriteString(` text-anchor="` + []string{"start", "middle", "end"}[t.X] + `"`)
	}
	if t.Upward {
		fmt.Fprintf(s, ` transform="rotate(-90 %s %s)"`, x, y)
	}
	if len(runs) > 1 {
		s.WriteString(` xml:space="preserve"`) // of the spaces next to a subscript
	}
	s.WriteByte('>')
	dropped := 0.0
	for _, r := range runs {
		if r.drop == dropped {
			s.WriteString(html.EscapeString(r.text))
			continue
		}
		fmt.Fprintf(s, `<tspan dy="%s" font-size="%s">%s</tspan>`, mm(r.drop-dropped), mm(r.size), html.EscapeString(r.text))
		dropped = r.drop
	}
	s.WriteString("</text>\n")
}

// svgPixels is the least number of pixels along a side of a heat map in the SVG: viewers smooth
// what they enlarge, and so only a fraction of each bin's edge.
const svgPixels = 240

func (s *svgSurface) image(b Box, img image.Image) {
	var data bytes.Buffer
	if err := png.Encode(&data, magnify(img, svgPixels)); err != nil && s.err == nil {
		s.err = err
	}
	fmt.Fprintf(s, `<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" xlink:href="data:image/png;base64,%s"/>`+"\n",
		decimal(b.X), decimal(b.Y), decimal(b.W), decimal(b.H), base64.StdEncoding.EncodeToString(data.Bytes()))
}

// magnify repeats the pixels of a paletted image until each side that has more than one counts at
// least n; other images are returned as they are.
func magnify(img image.Image, n int) image.Image {
	p, ok := img.(*image.Paletted)
	if !ok {
		return img
	}
	w, h := p.Rect.Dx(), p.Rect.Dy()
	times := func(side int) int {
		if side == 1 {
			return 1
		}
		return max(1, (n+side-1)/side)
	}
	fx, fy := times(w), times(h)
	out := image.NewPaletted(image.Rect(0, 0, w*fx, h*fy), p.Palette)
	for y := range h * fy {
		for x := range w * fx {
			out.Pix[y*out.Stride+x] = p.Pix[y/fy*p.Stride+x/fx]
		}
	}
	return out
}
