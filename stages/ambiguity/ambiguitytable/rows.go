// Package ambiguitytable has the row of what the ambiguity stage writes.
package ambiguitytable

// Row is the one row of "ambiguity"; without a hexagonal module there are no places, and the rest is
// NaN.
type Row struct {
	Cell   float64 `col:"cell_m" unit:"m" range:">= 0" doc:"period of the coarsest hexagonal module"`
	Places int32   `col:"beyond_places" range:">= 0" doc:"places that were decoded, all outside the module's cell around the start"`
	Right  float64 `col:"beyond_right" range:"[0, 1]" doc:"share of them that are told from the places at which the coarsest module has the same phase"`
	Chance float64 `col:"beyond_chance" range:"[0, 1]" doc:"share that the coarsest module alone would tell by guessing among its phase's places"`
	P      float64 `col:"beyond_p" range:"[0, 1]" doc:"how likely so many or more are right by guessing: one-sided binomial test"`
}

// Independent says whether hexagonal modules of which so many are at no coincidence of lattices, in a
// population whose waves have so many generators, are independent by their lattices: two at least,
// on a torus each.
func Independent(modules, generators int32) bool { return modules >= 2 && generators >= 4 }

// significant is the level of the test.
const significant = 0.001

// Beyond says whether places beyond the coarsest cell are told apart above chance.
func (r Row) Beyond() bool { return r.P < significant }
