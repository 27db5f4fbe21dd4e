package main

import "sicgrid/pkg/pipeline"

// executor is where the stages of the run are executed.
func (r *execution) executor() pipeline.Executor { return pipeline.Local{} }
