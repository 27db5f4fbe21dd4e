package figure_test

import (
	"bytes"
	"fmt"
	"image/png"

	"sicgrid/pkg/figure"
)

// A panel with one line becomes an SVG and a PNG, which at 100 dots per inch has 709 for the 180 mm
// of a page.
func Example() {
	axes := figure.Axes{
		Box: figure.Box{X: 12, Y: 4, W: 40, H: 30},
		X:   figure.Axis{Min: 0, Max: 2, Label: "x (m)", Ticks: figure.Ticks(0, 2, 4)},
		Y:   figure.Axis{Min: 0, Max: 1, Label: "rate", Ticks: figure.Ticks(0, 1, 2)},
	}
	svg, picture, err := figure.Render(figure.Page{Title: "A rate that rises", Height: 45, DPI: 100}, func(c *figure.Canvas) {
		axes.Draw(c, 8)
		c.Line(figure.Stroke{Color: figure.Black, Width: figure.Thin}, axes.At(0, 0), axes.At(2, 0.9))
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	size, err := png.DecodeConfig(bytes.NewReader(picture))
	fmt.Println(bytes.Contains(svg, []byte("<title>A rate that rises</title>")), size.Width, "x", size.Height, err)
	// Output: true 709 x 189 <nil>
}
