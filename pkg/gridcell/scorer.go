package gridcell

// Scorer computes the Expanding score alone, of maps of one shape: what thousands of shuffled maps
// are compared by. Each goroutine needs its own.
type Scorer struct {
	correlator *correlator
	rings      *rings
}

// NewScorers returns n scorers of maps shaped like m.
func NewScorers(m Map, n int) []*Scorer {
	t := newRotor(2*m.NX-1, 2*m.NY-1, newMetric(m.BinX(), m.BinY()))
	all := make([]*Scorer, n)
	for i := range all {
		c := newCorrelator(m.NX, m.NY)
		c.reach = min(c.reach, int(maxLagShare*float64(m.NY))+2) // the lags of the largest ring, and those that they turn into
		all[i] = &Scorer{c, hexagonalRings(t)}
	}
	return all
}

// Expanding returns Scores.Expanding of a map, which must have the shape that the scorer is for.
func (s *Scorer) Expanding(m Map) float64 {
	a := s.correlator.autocorrelogram(m)
	s.rings.add(a.Values)
	score, _ := s.rings.expanding(centralRadius(a))
	return score
}
