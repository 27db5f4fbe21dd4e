// Package plot draws the figures: the last stage of each chain.
//
// Every figure is a stage of its own with the parameters that it draws by, and
// emits one output, "figure", of three files: <name>.svg, <name>.png and
// numbers.json, which holds the numbers that the figure shows (table 1 also as Markdown). The parameters
// here choose how things look; what they measure was decided in the stages before.
//
// A unit is dead if its rate is zero everywhere, weak if it fires but is not
// active (see the spectra stage); scores are grid scores of the expanding-ring kind.
package plot

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"sicgrid/pkg/figure"
)

// Outputs of every figure stage.
var Outputs = []string{"figure"}

// File is a row of the output "figure".
type File struct {
	Name string `col:"name"`
	Data []byte `col:"data"`
}

// scoreLine is the grid score above which a unit counts as a grid cell.
const scoreLine = 0.3

// number is a float64 whose JSON is null where it is not finite.
type number float64

// MarshalJSON writes the shortest decimal that reads back as the same value.
func (n number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
}

func numbers[T ~[]E, E ~float32 | ~float64](values T) []number {
	out := make([]number, len(values))
	for i, v := range values {
		out[i] = number(v)
	}
	return out
}

// files renders a page and joins it with its numbers.
func files(name string, page figure.Page, paint func(*figure.Canvas), shown any) ([]File, error) {
	svg, png, err := figure.Render(page, paint)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(shown, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%s: numbers: %w", name, err)
	}
	return []File{{name + ".svg", svg}, {name + ".png", png}, {"numbers.json", append(text, '\n')}}, nil
}

// checkDPI bounds the resolution of a PNG.
func checkDPI(dpi int) error {
	if dpi < 50 || dpi > 1200 {
		return fmt.Errorf("dpi: %d, want 50 to 1200 dots per inch", dpi)
	}
	return nil
}

// checkRange bounds an integer parameter.
func checkRange(name string, v, lo, hi int) error {
	if v < lo || v > hi {
		return fmt.Errorf("%s: %d, want %d to %d", name, v, lo, hi)
	}
	return nil
}

func checkMap(name, value string) error {
	if _, err := figure.MapNamed(value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
