package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"sicgrid/pkg/gridcell"
)

// boxSides is the value of --box: the sides of a box in metres. y is 0 where one number was given:
// then bins are square.
type boxSides struct{ x, y float64 }

func (b *boxSides) given() bool { return b.x > 0 }

// Set reads "2" or "1.5,1".
func (b *boxSides) Set(text string) error {
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
		*b = boxSides{x: sides[0]}
	case 2:
		*b = boxSides{sides[0], sides[1]}
	default:
		return fmt.Errorf("must be one side in metres, or two as X,Y")
	}
	return nil
}

func (b *boxSides) String() string {
	switch {
	case !b.given():
		return ""
	case b.y == 0:
		return fmt.Sprintf("%g", b.x)
	}
	return fmt.Sprintf("%g,%g", b.x, b.y)
}

// Type is what pflag calls the value.
func (*boxSides) Type() string { return "METERS" }

// note says what box or bins follow from the maps' shape, where that is no matter of course: one
// side was given for maps of another shape, or two that make bins oblong.
func (b *boxSides) note(m gridcell.Map) string {
	switch {
	case b.y == 0 && m.NX != m.NY:
		return fmt.Sprintf("maps of %d x %d bins: with --box %g bins are square and the box is %.4g x %.4g m; if it is square, say --box %g,%g",
			m.NX, m.NY, b.x, b.x, m.BinY()*float64(m.NY), b.x, b.x)
	case math.Abs(m.BinX()/m.BinY()-1) > 1e-6:
		return fmt.Sprintf("maps of %d x %d bins in %g x %g m: bins are not square, %.4g x %.4g m", m.NX, m.NY, b.x, b.y, m.BinX(), m.BinY())
	}
	return ""
}
