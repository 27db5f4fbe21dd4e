// Package integration is the stage that tests the path integration of a trained network, without a
// readout: path invariance at every lag, decoding against steps, loops, standing still, the order
// of two steps, isometry, and the range that states tell apart. The definitions are those of
// package pathint.
package integration

import (
	"context"
	"fmt"
	"math"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pathint"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/walk"
	"sicgrid/stages/integration/integrationtable"
	"sicgrid/stages/weights"
)

// Params are the parameters of the test.
type Params struct {
	BoxM        float64     `json:"box_m"`  // side of the box of the walks, m
	Walks       int         `json:"walks"`  // smooth walks that are followed
	Steps       int         `json:"steps"`  // of each walk, and the longest lag
	Places      int         `json:"places"` // decoded at every radius
	ReachM      float64     `json:"reach_m"`
	SigmaX      float64     `json:"sigma_x"`      // m: two places nearer than this are the same
	VelocityMax float64     `json:"velocity_max"` // m: the largest component of a training step
	Motion      walk.Motion `json:"motion"`
}

const (
	lead       = 10   // steps before a loop, a stand or two steps in either order
	ring       = 0.25 // m, between two radii at which places are decoded
	directions = 180  // straight ways of the templates
	shortest   = 1e-3 // m, the length from which equation 7 looks at a step
	everyStep  = 60   // up to which loops of every length are walked: a training walk
	looped     = 64   // walks that are sent round loops
	// Walks as in training, on which equation 7 is measured.
	trainingWalks, trainingSteps = 200, 60
)

// marks are the steps at which decoding is measured, and loops and stands beyond a training walk.
var marks = []int{2, 4, 10, 20, 30, 60, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1500, 2000}

// Outputs of the stage.
var Outputs = []string{"lags", "errors", "returns", "ranges", "summary"}

// Run walks the network and measures.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	network, params, err := weights.Read(t)
	if err != nil {
		return err
	}
	model, err := cpu.NewRoller(network, params)
	if err != nil {
		return err
	}
	found, err := p.measure(ctx, model, t.Seed(), func(done, of int64, what string) { t.Progress(done, of, what) })
	if err != nil {
		return err
	}
	about := map[string]string{"walk_box_m": fmt.Sprint(p.BoxM), "sigma_x": fmt.Sprint(p.SigmaX), "walks": fmt.Sprint(p.Walks), "steps": fmt.Sprint(p.Steps)}
	if err := pipeline.Emit(t, "lags", found.lags, about); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "errors", found.errors, about); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "returns", found.returns, about); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "ranges", found.ranges, about); err != nil {
		return err
	}
	return pipeline.Emit(t, "summary", []integrationtable.Summary{found.summary}, about)
}

type measured struct {
	lags    []integrationtable.Lag
	errors  []integrationtable.Error
	returns []integrationtable.Return
	ranges  []integrationtable.Range
	summary integrationtable.Summary
}

// measure does all of it, a part after the other.
func (p Params) measure(ctx context.Context, m pathint.Model, seed uint64, progress func(done, of int64, what string)) (*measured, error) {
	walks := make([][]float32, p.Walks)
	for i := range walks {
		w, err := p.Motion.Draw(seed, p.BoxM, i, p.Steps)
		if err != nil {
			return nil, err
		}
		walks[i] = w.Velocity
	}
	out := &measured{}
	var track *pathint.Track
	var templates *pathint.Templates
	parts := []struct {
		what string
		do   func()
	}{
		{"walks", func() { track = pathint.Follow(m, walks) }},
		{"lags", func() {
			for _, r := range track.Revisits(p.SigmaX, p.Steps-1) {
				out.lags = append(out.lags, integrationtable.Lag{Lag: int32(r.Lag), Same: r.Median, Pairs: int64(r.Pairs)})
			}
		}},
		{"decoding", func() {
			templates = pathint.NewTemplates(m, directions, p.SigmaX, p.ReachM)
			half := p.BoxM/2 + p.SigmaX/2
			inside := templates.Where(func(x, y float64) bool { return math.Abs(x) <= half && math.Abs(y) <= half })
			for _, e := range track.Errors(inside, append([]int{1}, upTo(p.Steps)...), seed) {
				out.errors = append(out.errors, integrationtable.Error{Step: int32(e.Step), Median: e.Median, High: e.High, Chance: e.Chance})
			}
		}},
		{"loops", func() {
			most := everyLag(p.Steps)
			loops := pathint.Loops(m, walks[:min(looped, len(walks))], lead, most, seed)
			stationary := pathint.Stationary(m, walks, lead, most)
			for i, n := range most {
				out.returns = append(out.returns, integrationtable.Return{Steps: int32(n), Loop: loops[i].Median, AtRest: stationary[i].Median})
			}
		}},
		{"range", func() {
			var radii []float64
			for r := ring; r <= p.ReachM+1e-9; r += ring {
				radii = append(radii, r)
			}
			reaches := pathint.Reaches(m, templates, radii, p.Places, p.SigmaX, seed)
			for _, r := range reaches {
				out.ranges = append(out.ranges, integrationtable.Range{Radius: r.RadiusM, Median: r.Median})
			}
			out.summary.Range = pathint.DecodingRange(reaches, 2*p.SigmaX)
		}},
		{"isometry", func() {
			c := pathint.Commute(m, walks, lead, p.VelocityMax, seed)
			out.summary.Apart, out.summary.Moved = c.Apart, c.Moved
			iso := pathint.Follow(m, pathint.TrainingWalks(trainingWalks, trainingSteps, p.VelocityMax, seed)).Isometry(shortest, p.SigmaX)
			out.summary.Variance, out.summary.Relative = iso.Variance, iso.Relative()
		}},
	}
	for i, part := range parts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part.do()
		progress(int64(i+1), int64(len(parts)), part.what)
	}
	return out, nil
}

// upTo returns the marks up to so many steps.
func upTo(steps int) []int {
	n := 0
	for n < len(marks) && marks[n] <= steps {
		n++
	}
	return marks[:n:n]
}

// everyLag returns 1 to everyStep, and then the marks.
func everyLag(steps int) []int {
	var out []int
	for n := 1; n <= min(everyStep, steps); n++ {
		out = append(out, n)
	}
	for _, n := range upTo(steps) {
		if n > everyStep {
			out = append(out, n)
		}
	}
	return out
}
