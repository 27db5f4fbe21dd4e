// Package report makes one page of a profile that shows everything which its pipeline made: one
// HTML file that opens from a folder and asks the network for nothing.
//
// A source is where the page comes from: a profile, its graph of stages, and the store. A result is
// what a node of the graph made; it is current, stale (made of other code, parameters or inputs
// than there are now, and shown as such), published (drawn for the repository, where the store has
// nothing), refused (it is not what its stage makes) or missing. Every result says why it is what
// it is.
//
// The page begins with answers, the questions that a reader has in their order, each with a verdict
// and its evidence. Then come figures, each with its caption and its chain of stages; the claims of
// the paper; networks, whose units, states and trainings can be looked at one by one; and the
// stages.
//
// Whatever the page shows may have been written by somebody else: names, parameters, records, pulled
// results. So all text passes through html/template, drawings are images in which nothing runs, and
// the page's own policy lets no script run but the one whose digest it states. The same store gives
// the same bytes.
package report
