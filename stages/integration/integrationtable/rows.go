// Package integrationtable has the rows of what the integration stage writes.
package integrationtable

// Lag is a row of "lags": states at the same place, so many steps apart on one walk.
type Lag struct {
	Lag   int32   `col:"lag" unit:"steps" doc:"steps between the states"`
	Same  float64 `col:"same_place" doc:"median distance of the states; NaN without a pair"`
	Pairs int64   `col:"pairs" doc:"number of pairs"`
}

// Error is a row of "errors": decoding by the nearest stored state.
type Error struct {
	Step   int32   `col:"step" doc:"steps walked"`
	Median float64 `col:"median" unit:"m" doc:"median decoding error"`
	High   float64 `col:"q90" unit:"m" doc:"90th percentile of the decoding error"`
	Chance float64 `col:"chance" unit:"m" doc:"median distance of the true place from a stored one drawn at random"`
}

// Return is a row of "returns".
type Return struct {
	Steps  int32   `col:"steps" doc:"steps between the two states that are compared"`
	Loop   float64 `col:"loop" doc:"median distance of the states before and after a closed loop of so many steps"`
	AtRest float64 `col:"at_rest" doc:"likewise for so many steps of zero velocity"`
}

// Range is a row of "ranges".
type Range struct {
	Radius float64 `col:"radius" unit:"m" doc:"largest distance of a place from the start"`
	Median float64 `col:"median" unit:"m" doc:"median decoding error among places within the radius"`
}

// Summary is the one row of "summary".
type Summary struct {
	Range    float64 `col:"decoding_range" unit:"m" doc:"largest radius up to which the median error is at most 2 sigma_x"`
	Apart    float64 `col:"commutator" doc:"median distance of the states after two steps in either order"`
	Moved    float64 `col:"two_steps" doc:"median distance of the states before and after the two steps"`
	Variance float64 `col:"isometry_variance" unit:"1/m2" doc:"variance of eq. 7 on walks as in training"`
	Relative float64 `col:"isometry_relative" doc:"that variance over the squared mean"`
}
