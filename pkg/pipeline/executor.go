package pipeline

import "context"

// An Executor decides where the stages of a graph run. Whatever it does, the results are those of
// Run, for each stage is run by Run in the end: in this process, or in another one that makes a
// single node of the graph.
type Executor interface {
	// Run brings every node up to date and reports what became of it, as the function Run does. An
	// executor whose stages outlive it may return before they have ended, with an error that says
	// so.
	Run(ctx context.Context, g *Graph, opt Options) (Report, error)
}

// Local runs the stages in this process, opt.Jobs of them at once.
type Local struct{}

// Run is the function Run.
func (Local) Run(ctx context.Context, g *Graph, opt Options) (Report, error) { return Run(ctx, g, opt) }
