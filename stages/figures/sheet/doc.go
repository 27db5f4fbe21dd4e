// Package sheet is what all figures are drawn with: the page and its files, the inputs as they are
// read, a network as it is seen in one box, its example cells, and axes.
//
// A figure is a folder beside this one and the last stage of a chain. Its Params say how it looks,
// its Data what it shows, Run reads that from the stages before and emits what Draw draws: one
// output, "figure", of four files: <name>.svg, <name>.png, numbers.json, which holds the numbers
// that the figure shows, and caption.json, its legend. What figures measure was decided in the
// stages before. What only some figures share is in folders below, so that a change of it redraws
// those alone.
//
// A unit is inactive if its peak is below the threshold of active units (see the spectra stage):
// silent if its rate is zero everywhere, weak if it fires. Scores are grid scores of the
// expanding-ring kind.
package sheet

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"sicgrid/pkg/figure"
)

// Outputs of every figure stage.
var Outputs = []string{"figure"}

// File is a row of the output "figure".
type File struct {
	Name string `col:"name"`
	Data []byte `col:"data"`
}

// ScoreLine is the grid score above which a unit counts as a grid cell.
const ScoreLine = 0.3

// Number is a float64 whose JSON is null where it is not finite.
type Number float64

// MarshalJSON writes the shortest decimal that reads back as the same value.
func (n Number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
}

func Numbers[T ~[]E, E ~float32 | ~float64](values T) []Number {
	out := make([]Number, len(values))
	for i, v := range values {
		out[i] = Number(v)
	}
	return out
}

// Render draws a page, which has the caption's title, and joins it with its numbers and caption.
func Render(name string, page figure.Page, paint func(*figure.Canvas), shown any, caption Caption) ([]File, error) {
	page.Title = caption.Title
	svg, png, err := figure.Render(page, paint)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(shown, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%s: numbers: %w", name, err)
	}
	legend, err := json.MarshalIndent(caption.Legend(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%s: caption: %w", name, err)
	}
	return []File{{name + ".svg", svg}, {name + ".png", png}, {NumbersFile, append(text, '\n')}, {CaptionFile, append(legend, '\n')}}, nil
}

// DPI is the resolution of a PNG in dots per inch.
type DPI int

// Range is what resolutions a PNG may have.
func (DPI) Range() string { return "[50, 1200]" }

// Colours is the name of a colour map (figure.MapNamed).
type Colours string

// Range is the names of all colour maps.
func (Colours) Range() string { return strings.Join(figure.MapNames(), "|") }

// Map is the colour map; the name has been checked.
func (c Colours) Map() figure.Map {
	m, _ := figure.MapNamed(string(c))
	return m
}

// Params are the parameters of a figure that has nothing to choose but its resolution.
type Params struct {
	DPI DPI `json:"dpi" default:"200" doc:"dots per inch of the PNG"`
}

// MapParams are those of a figure with ratemaps. Their colour map is one of all figures.
type MapParams struct {
	Params
	RateColours Colours `json:"rate_colours"`
}

// CorrelationLook says how a figure with autocorrelograms is drawn.
type CorrelationLook struct {
	Params
	CorrelationColours Colours `json:"correlation_colours" default:"diverging" doc:"colour map of autocorrelograms"`
}

// CorrelationParams are those of a figure with autocorrelograms beside the ratemaps.
type CorrelationParams struct {
	CorrelationLook
	RateColours Colours `json:"rate_colours"`
}
