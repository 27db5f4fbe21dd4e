// Package selectiontable has the rows of what the stage select writes beside those of the training
// that it keeps.
package selectiontable

// Attempt is a row of "attempts".
type Attempt struct {
	Attempt     int32   `col:"attempt" doc:"number of the training, from 1"`
	Loss        float64 `col:"loss" doc:"total loss (eq. 8), mean over the last tenth of the steps; NaN if none was made"`
	Unexplained float64 `col:"distance_unexplained" doc:"share of the variance of states' distances that the distances of their places leave unexplained"`
	Stopped     string  `col:"stopped" doc:"why the training ended early; empty if it did not"`
	Kept        bool    `col:"kept" doc:"whether this is the training that is kept"`
}
