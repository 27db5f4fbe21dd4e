package pipeline

import (
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/store"
)

// A Measure is a number among a node's results that means something whatever their last bits are: a
// loss, a median score, how many modules there are.
type Measure struct {
	Name   string
	Value  float64
	Within float64 // how far a result of other numerics may be off; 0 = this is a verdict, and must be the same
}

// Measures reads the measures of a node off its outputs.
type Measures func(outputs map[string]arrow.Record) ([]Measure, error)

// Compared is a measure of a stored result and of the recomputed one; NaN where one of them does
// not have it.
type Compared struct {
	Name               string
	Stored, Recomputed float64
	Within             float64
}

// Agrees reports whether they are as near as measures of different numerics must be.
func (c Compared) Agrees() bool {
	switch {
	case math.IsNaN(c.Stored) || math.IsNaN(c.Recomputed):
		return math.IsNaN(c.Stored) && math.IsNaN(c.Recomputed)
	case c.Stored == c.Recomputed:
		return true // infinities too
	}
	return math.Abs(c.Stored-c.Recomputed) <= c.Within
}

func (c Compared) String() string {
	kind := fmt.Sprintf("within %.3g", c.Within)
	switch {
	case c.Within == 0 && c.Agrees():
		kind = "the same verdict"
	case c.Within == 0:
		kind = "another verdict"
	case !c.Agrees():
		kind = "not " + kind
	}
	return fmt.Sprintf("%s %.4g and %.4g (%s)", c.Name, c.Stored, c.Recomputed, kind)
}

// measure compares what the node's stored and recomputed outputs come to.
func (n *Node) measure(s *store.Store, stored *store.Action, recomputed map[string]arrow.Record) ([]Compared, error) {
	before := map[string]arrow.Record{}
	for _, o := range stored.Outputs {
		data, err := s.Get(o.Object)
		if err != nil {
			return nil, err
		}
		if before[o.Name], err = artifact.Read(data); err != nil {
			return nil, err
		}
		defer before[o.Name].Release()
	}
	was, err := n.Measures(before)
	if err != nil {
		return nil, fmt.Errorf("measures of the stored result: %w", err)
	}
	is, err := n.Measures(recomputed)
	if err != nil {
		return nil, fmt.Errorf("measures of the recomputed result: %w", err)
	}
	var list []Compared
	for _, m := range was {
		list = append(list, Compared{m.Name, m.Value, math.NaN(), m.Within})
	}
	for _, m := range is {
		i := slices.IndexFunc(list, func(c Compared) bool { return c.Name == m.Name })
		if i < 0 {
			list = append(list, Compared{m.Name, math.NaN(), m.Value, m.Within})
			continue
		}
		list[i].Recomputed = m.Value
	}
	return list, nil
}
