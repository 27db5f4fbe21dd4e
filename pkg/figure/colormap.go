package figure

import (
	"fmt"
	"image/color"
	stdmaps "maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/palette/moreland"
)

// Map is a colour map: t from 0 to 1 gives a colour; t outside is clipped.
type Map func(t float64) color.RGBA

var maps = map[string]Map{
	"jet":       Jet,
	"viridis":   Viridis,
	"diverging": Diverging,
	"cyclic":    Cyclic,
	"grey":      GreyScale,
}

// MapNamed returns the colour map of that name, or an error that lists the names.
func MapNamed(name string) (Map, error) {
	if m, ok := maps[name]; ok {
		return m, nil
	}
	return nil, fmt.Errorf("colour map %q: unknown, use one of %s", name, strings.Join(MapNames(), ", "))
}

// MapNames are the names of all colour maps, sorted.
func MapNames() []string { return slices.Sorted(stdmaps.Keys(maps)) }

// Jet is the classic rainbow of ratemaps, from dark blue to dark red: each channel is a trapezium,
// clip(1.5 - |4t - c|) with c = 3, 2, 1 for red, green, blue.
func Jet(t float64) color.RGBA {
	t = unit(t)
	channel := func(c float64) float64 { return unit(1.5 - math.Abs(4*t-c)) }
	return rgb(channel(3), channel(2), channel(1))
}

// viridis holds 20 equidistant samples of the map of van der Walt and Smith (2015, CC0).
var viridis = []uint32{
	0x440154, 0x481567, 0x482677, 0x453781, 0x404788, 0x39568c, 0x33638d, 0x2d708e, 0x287d8e, 0x238a8d,
	0x1f968b, 0x20a387, 0x29af7f, 0x3cbb75, 0x55c667, 0x73d055, 0x95d840, 0xb8de29, 0xdce319, 0xfde725,
}

// Viridis is perceptually uniform, from dark violet to yellow.
func Viridis(t float64) color.RGBA {
	t = unit(t) * float64(len(viridis)-1)
	i := min(int(t), len(viridis)-2)
	f := t - float64(i)
	channel := func(shift uint) float64 {
		a, b := float64(viridis[i]>>shift&0xff), float64(viridis[i+1]>>shift&0xff)
		return (a + f*(b-a)) / 255
	}
	return rgb(channel(16), channel(8), channel(0))
}

// Diverging goes from blue over a light grey at 1/2 to red (Moreland 2009).
func Diverging(t float64) color.RGBA {
	m := moreland.SmoothBlueRed()
	m.SetMin(0)
	m.SetMax(1)
	c, err := m.At(unit(t))
	if err != nil {
		return Pale
	}
	r, g, b, _ := c.RGBA()
	return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 0xff}
}

// Cyclic is for phases: a circle of hues at one lightness and chroma in the Oklch space (Ottosson
// 2020), so that no phase looks brighter than another and 0 meets 1.
func Cyclic(t float64) color.RGBA {
	const lightness, chroma = 0.70, 0.125
	sin, cos := math.Sincos(2*math.Pi*(t-math.Floor(t)) + 0.4)
	a, b := chroma*cos, chroma*sin
	cube := func(v float64) float64 { return v * v * v }
	l := cube(lightness + 0.3963377774*a + 0.2158037573*b)
	m := cube(lightness - 0.1055613458*a - 0.0638541728*b)
	s := cube(lightness - 0.0894841775*a - 1.2914855480*b)
	return rgb(
		gamma(4.0767416621*l-3.3077115913*m+0.2309699292*s),
		gamma(-1.2684380046*l+2.6097574011*m-0.3413193965*s),
		gamma(-0.0041960863*l-0.7034186147*m+1.7076147010*s))
}

// GreyScale goes from white to black.
func GreyScale(t float64) color.RGBA {
	v := 1 - unit(t)
	return rgb(v, v, v)
}

// gamma is the transfer function of sRGB.
func gamma(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

func rgb(r, g, b float64) color.RGBA {
	byteOf := func(v float64) uint8 { return uint8(255*unit(v) + 0.5) }
	return color.RGBA{byteOf(r), byteOf(g), byteOf(b), 0xff}
}

// unit clips to [0,1]; NaN gives 0.
func unit(t float64) float64 {
	if !(t > 0) {
		return 0
	}
	return min(t, 1)
}
