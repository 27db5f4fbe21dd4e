package analysis

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"sicgrid/pkg/gridcell"
)

// BoxSides is the value of --box: the sides of a box in metres. y is 0 where one number was given:
// then bins are square.
type BoxSides struct{ X, Y float64 }

// Given says whether any was.
func (b *BoxSides) Given() bool { return b.X > 0 }

// Set reads "2" or "1.5,1".
func (b *BoxSides) Set(text string) error {
	var sides []float64
	for _, part := range strings.Split(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || !(v > 0) || math.IsInf(v, 0) {
			return fmt.Errorf("must be a side in metres greater than 0, or two as X,Y")
		}
		sides = append(sides, v)
	}
	switch len(sides) {
	case 1:
		*b = BoxSides{X: sides[0]}
	case 2:
		*b = BoxSides{sides[0], sides[1]}
	default:
		return fmt.Errorf("must be one side in metres, or two as X,Y")
	}
	return nil
}

func (b *BoxSides) String() string {
	switch {
	case !b.Given():
		return ""
	case b.Y == 0:
		return fmt.Sprintf("%g", b.X)
	}
	return fmt.Sprintf("%g,%g", b.X, b.Y)
}

// Type is what pflag calls the value.
func (*BoxSides) Type() string { return "METERS" }

// Note says what box or bins follow from the maps' shape, where that is no matter of course: one
// side was given for maps of another shape, or two that make bins oblong.
func (b *BoxSides) Note(m gridcell.Map) string {
	switch {
	case b.Y == 0 && m.NX != m.NY:
		return fmt.Sprintf("maps of %d x %d bins: with --box %g bins are square and the box is %.4g x %.4g m; if it is square, say --box %g,%g",
			m.NX, m.NY, b.X, b.X, m.BinY()*float64(m.NY), b.X, b.X)
	case math.Abs(m.BinX()/m.BinY()-1) > 1e-6:
		return fmt.Sprintf("maps of %d x %d bins in %g x %g m: bins are not square, %.4g x %.4g m", m.NX, m.NY, b.X, b.Y, m.BinX(), m.BinY())
	}
	return ""
}
