package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// boxSides is the value of --box: the sides of a box in metres. y is 0 where one number was given: then
// bins are square.
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
