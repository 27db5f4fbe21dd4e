package estimate

import (
	"context"
	"fmt"
	"strconv"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/stages/train"
)

// Remainder is what a run would have to do.
type Remainder struct {
	ToRun     int          `json:"to_run"`    // stages, with those that may turn out not to have to
	Trainings int          `json:"trainings"` // among them
	Seconds   float64      `json:"seconds"`   // about how long they take on as many jobs as there are cores; 0 = no estimate
	Resumes   []Resumption `json:"resumes"`
	text      string
}

// Resumption is a training that would go on from a checkpoint.
type Resumption struct {
	Name string `json:"name"`
	Step int    `json:"step"`
	Of   int    `json:"of"`
}

// Rest sums up what of a plan is not up to date, and how long it takes on at most so many jobs.
func (k *Times) Rest(ctx context.Context, plan []pipeline.NodeStatus, jobs int) (Remainder, error) {
	r := Remainder{Resumes: []Resumption{}}
	for _, n := range plan {
		if n.Current() {
			continue
		}
		r.ToRun++
		t, ok := n.Node.Params.(train.Params)
		if !ok {
			continue
		}
		r.Trainings++
		if step := k.Resumes(n); step > 0 {
			r.Resumes = append(r.Resumes, Resumption{n.Node.Name, step, t.Optimiser.Steps})
		}
	}
	if r.ToRun == 0 {
		return r, nil
	}
	e, err := k.Of(ctx, plan)
	if err != nil {
		return r, err
	}
	jobs = min(jobs, r.ToRun)
	r.Seconds, r.text = e.On(jobs).Seconds(), e.Text(jobs)
	return r, nil
}

// Words are a sum of so many stages and figure files in one line.
func (r Remainder) Words(stages, figures int) string {
	text := fmt.Sprintf("all %d stages are up to date", stages)
	if r.ToRun > 0 {
		text = fmt.Sprintf("%d of %s to run", r.ToRun, printable.Count(stages, "stage"))
		if r.Trainings > 0 {
			text += ", among them " + printable.Count(r.Trainings, "training")
		}
		text += ": " + r.text
	}
	for i, t := range r.Resumes {
		if i == 3 {
			text += fmt.Sprintf("; %d more resume", len(r.Resumes)-i)
			break
		}
		text += fmt.Sprintf("; %s resumes at step %s of %s", t.Name, grouped(t.Step), grouped(t.Of))
	}
	if figures > 0 {
		text += "; " + printable.Count(figures, "file") + " to restore"
	}
	return text
}

// grouped is a number with spaces between its thousands.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + " " + text[i:]
	}
	return text
}
