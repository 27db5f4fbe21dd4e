package figure

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	stddraw "image/draw"
	"math"

	"golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// Page is a figure's sheet: its title (for screen readers), its height in mm without the margin
// (its width is Width), and the resolution of its PNG in dots per inch.
type Page struct {
	Title  string
	Height float64
	DPI    int
}

// Render draws the page twice and returns it as SVG and as PNG. The PNG measures SheetWidth and
// Height plus twice the Margin, times DPI/25.4, rounded.
func Render(p Page, paint func(*Canvas)) (svg, png []byte, err error) {
	if p.DPI < 50 || p.DPI > 1200 {
		return nil, nil, fmt.Errorf("figure %q: %d dots per inch, want 50 to 1200", p.Title, p.DPI)
	}
	if !(p.Height > 0 && p.Height < 2000) {
		return nil, nil, fmt.Errorf("figure %q: height %g mm, want 0 to 2000", p.Title, p.Height)
	}
	height := p.Height + 2*Margin

	vector := newSVG(SheetWidth, height, p.Title)
	paint(&Canvas{vector})
	svg, err = vector.finish()
	if err != nil {
		return nil, nil, fmt.Errorf("figure %q: SVG: %w", p.Title, err)
	}

	w, h := vg.Length(SheetWidth*pointsPerMM), vg.Length(height*pointsPerMM)
	raster := &pngSurface{vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(p.DPI), vgimg.UseBackgroundColor(color.White)), height}
	paint(&Canvas{raster})
	var picture bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: raster.out}).WriteTo(&picture); err != nil {
		return nil, nil, fmt.Errorf("figure %q: PNG: %w", p.Title, err)
	}
	return svg, picture.Bytes(), nil
}

// pngSurface draws by the canvas of gonum/plot, whose unit is the point and whose y points up.
type pngSurface struct {
	out    *vgimg.Canvas
	height float64 // of the sheet, mm
}

func (s *pngSurface) at(p Point) vg.Point {
	return vg.Point{X: vg.Length(p.X * pointsPerMM), Y: vg.Length((s.height - p.Y) * pointsPerMM)}
}

func (s *pngSurface) path(points []Point, closed bool) vg.Path {
	var path vg.Path
	path.Move(s.at(points[0]))
	for _, p := range points[1:] {
		path.Line(s.at(p))
	}
	if closed {
		path.Close()
	}
	return path
}

func (s *pngSurface) rings(centres []Point, radius float64) vg.Path {
	var path vg.Path
	r := vg.Length(radius * pointsPerMM)
	for _, p := range centres {
		centre := s.at(p)
		path.Move(centre.Add(vg.Point{X: r}))
		path.Arc(centre, r, 0, 2*math.Pi)
		path.Close()
	}
	return path
}

func (s *pngSurface) stroke(path vg.Path, k Stroke) {
	s.out.SetColor(k.Color)
	s.out.SetLineWidth(vg.Points(k.Width))
	dash := make([]vg.Length, len(k.Dash))
	for i, d := range k.Dash {
		dash[i] = vg.Points(d)
	}
	s.out.SetLineDash(dash, 0)
	s.out.Stroke(path)
}

func (s *pngSurface) fill(path vg.Path, ink color.RGBA) {
	s.out.SetColor(ink)
	s.out.Fill(path)
}

func (s *pngSurface) lines(points []Point, closed bool, k Stroke) {
	s.stroke(s.path(points, closed), k)
}

func (s *pngSurface) polygon(points []Point, ink color.RGBA) {
	s.fill(s.path(points, true), ink)
}

func (s *pngSurface) discs(centres []Point, radius float64, ink color.RGBA) {
	s.fill(s.rings(centres, radius), ink)
}

func (s *pngSurface) circles(centres []Point, radius float64, k Stroke) {
	s.stroke(s.rings(centres, radius), k)
}

func (s *pngSurface) text(base Point, runs []run, t Type) {
	s.out.SetColor(t.ink())
	at := s.at(base)
	if t.Upward {
		s.out.Push()
		defer s.out.Pop()
		s.out.Rotate(math.Pi / 2)
		// Rotating the frame by a right angle takes (x, y) to (y, -x).
		at = vg.Point{X: at.Y, Y: -at.X}
	}
	at.X -= vg.Length(float64(t.X) / 2 * t.width(runs))
	for _, r := range runs {
		face := t.face(r)
		s.out.FillString(face, at.Sub(vg.Point{Y: vg.Length(r.drop)}), r.text)
		at.X += face.Width(r.text)
	}
}

// image places the image on whole pixels. A heat map is first enlarged beyond the target, so that
// shrinking it averages where bins meet within a pixel.
func (s *pngSurface) image(b Box, img image.Image) {
	dots := func(mm float64) int { return int(math.Round(mm / 25.4 * s.out.DPI())) }
	box := image.Rect(dots(b.X), dots(b.Y), dots(b.Right()), dots(b.Bottom()))
	img = magnify(img, 2*max(box.Dx(), box.Dy()))
	draw.BiLinear.Scale(s.out.Image(), box, img, img.Bounds(), stddraw.Over, nil)
}
