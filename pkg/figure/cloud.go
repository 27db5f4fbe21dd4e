package figure

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"
)

// Dot is a point of a cloud: its place on the page (mm), its depth (greater is nearer and painted
// later) and its colour.
type Dot struct {
	Point
	Depth float64
	Color color.RGBA
}

// cloudDPI is the resolution of a cloud's image: fine enough for print.
const cloudDPI = 450

// Cloud paints discs of the radius (mm) in order of depth, as one image over the box. Dots outside
// the box are clipped; dots at NaN are left out.
func (c *Canvas) Cloud(b Box, dots []Dot, radius float64) {
	c.Image(b, cloud(b, dots, radius))
}

func cloud(b Box, dots []Dot, radius float64) *image.NRGBA {
	const scale = cloudDPI / 25.4 // pixels a mm
	w, h := max(1, int(b.W*scale+0.5)), max(1, int(b.H*scale+0.5))
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	ordered := make([]Dot, 0, len(dots))
	for _, d := range dots {
		if !math.IsNaN(d.X + d.Y + d.Depth) {
			ordered = append(ordered, d)
		}
	}
	slices.SortStableFunc(ordered, func(a, b Dot) int { return cmp.Compare(a.Depth, b.Depth) })
	r := radius * scale
	for _, d := range ordered {
		cx, cy := (d.X-b.X)*scale, (d.Y-b.Y)*scale
		if cx < -r || cy < -r || cx > float64(w)+r || cy > float64(h)+r {
			continue
		}
		for y := max(0, int(cy-r-1)); y < min(h, int(cy+r+2)); y++ {
			for x := max(0, int(cx-r-1)); x < min(w, int(cx+r+2)); x++ {
				// Coverage falls from 1 to 0 over the pixel that the rim crosses.
				dx, dy := float64(x)+0.5-cx, float64(y)+0.5-cy
				cover := unit(r + 0.5 - math.Sqrt(dx*dx+dy*dy)) // not Hypot, which is slow: nothing here overflows
				if cover > 0 {
					over(img, x, y, d.Color, cover*float64(d.Color.A)/255)
				}
			}
		}
	}
	return img
}

// over lays the colour with opacity a on the pixel.
func over(img *image.NRGBA, x, y int, ink color.RGBA, a float64) {
	p := img.Pix[img.PixOffset(x, y):][:4]
	if a == 1 || p[3] == 0 {
		p[0], p[1], p[2], p[3] = ink.R, ink.G, ink.B, uint8(255*a+0.5)
		return
	}
	under := float64(p[3]) / 255 * (1 - a)
	sum := a + under
	for c, top := range [3]uint8{ink.R, ink.G, ink.B} {
		p[c] = uint8((float64(top)*a+float64(p[c])*under)/sum + 0.5)
	}
	p[3] = uint8(255*sum + 0.5)
}

// View is an orthographic view of three dimensions: the camera's azimuth about the third axis and
// its elevation above the plane of the first two, in degrees.
type View struct{ Azimuth, Elevation float64 }

// Project returns the place of p on the picture plane (u to the right, v up) and its depth (greater
// is nearer).
func (v View) Project(p [3]float64) (u, w, depth float64) {
	sa, ca := math.Sincos(v.Azimuth * math.Pi / 180)
	se, ce := math.Sincos(v.Elevation * math.Pi / 180)
	ahead := ca*p[0] + sa*p[1]
	return -sa*p[0] + ca*p[1], ce*p[2] - se*ahead, ce*ahead + se*p[2]
}

// Cloud3 draws points of three dimensions as seen from the view, centred and scaled alike in all
// directions so that they fill the box from every side; far points are paler. labels name the axes
// of the triad in the lower left corner. ink gives each point's colour. Points with a NaN are left
// out; the number drawn is returned.
func (c *Canvas) Cloud3(b Box, v View, points [][3]float64, ink func(i int) color.RGBA, radius float64, labels [3]string) int {
	var centre [3]float64
	lo := [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}
	hi := [3]float64{math.Inf(-1), math.Inf(-1), math.Inf(-1)}
	var kept []int
	for i, p := range points {
		if s := p[0] + p[1] + p[2]; math.IsNaN(s) || math.IsInf(s, 0) {
			continue
		}
		kept = append(kept, i)
		for k, x := range p {
			lo[k], hi[k] = math.Min(lo[k], x), math.Max(hi[k], x)
		}
	}
	if len(kept) == 0 {
		return 0
	}
	reach := 0.0
	for k := range centre {
		centre[k] = (lo[k] + hi[k]) / 2
	}
	type projection struct{ u, w, d float64 }
	view := make([]projection, len(kept))
	for n, i := range kept {
		p := points[i]
		u, w, d := v.Project([3]float64{p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]})
		view[n] = projection{u, w, d}
		reach = math.Max(reach, math.Max(math.Abs(u), math.Abs(w)))
	}
	if reach == 0 {
		reach = 1
	}
	nearest, farthest := math.Inf(-1), math.Inf(1)
	for _, s := range view {
		nearest, farthest = math.Max(nearest, s.d), math.Min(farthest, s.d)
	}
	span := math.Max(nearest-farthest, 1e-300)
	side := math.Min(b.W, b.H)/2 - radius
	dots := make([]Dot, len(kept))
	for n, i := range kept {
		s := view[n]
		dots[n] = Dot{
			Point: Point{b.X + b.W/2 + side*s.u/reach, b.Y + b.H/2 - side*s.w/reach},
			Depth: s.d,
			Color: Fade(ink(i), 0.65*(nearest-s.d)/span),
		}
	}
	c.Cloud(b, dots, radius)
	c.triad(Point{b.X + 4.5, b.Bottom() - 4}, v, labels)
	return len(kept)
}

// triad draws the three axes' directions as seen from the view.
func (c *Canvas) triad(at Point, v View, labels [3]string) {
	const length = 4.2 // mm
	for k, label := range labels {
		var p [3]float64
		p[k] = 1
		u, w, _ := v.Project(p)
		tip := Point{at.X + length*u, at.Y - length*w}
		c.Line(Stroke{Color: Grey, Width: Thin}, at, tip)
		n := math.Max(math.Hypot(u, w), 0.2)
		c.Text(tip.X+1.5*u/n, tip.Y-1.5*w/n, label, Type{Size: Small, Color: Grey, X: Middle, Y: Middle})
	}
}
