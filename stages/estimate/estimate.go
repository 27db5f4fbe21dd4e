// Package estimate says how long a run takes.
//
// Times are those of earlier runs in a store. Of a plan, an Estimate is how long what is left of it
// takes and how that is known, and a Remainder is what a run would have to do, in numbers and words.
package estimate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
	"sicgrid/stages/train"
)

// How long a run takes is known from earlier ones in the store: a training from those of the same
// network, batch and numerics, by their time a step; another stage from those of the same
// parameters, or else from all of that stage. A training that is like none is known by its first
// steps, which are made and timed.

// Made is what a record's provenance says that is asked here.
type Made struct {
	Seconds float64 `json:"wall_seconds"`
	Stopped string  `json:"stopped"`           // why a training ended early
	Resumed int     `json:"resumed_from_step"` // of a training that was taken up
}

// MadeBy reads a record's provenance; what it does not say is zero.
func MadeBy(a *store.Action) (m Made) {
	_ = json.Unmarshal(a.Provenance, &m) // what it does not say is not known
	return m
}

// Times are those of what is in a store, in seconds: of a step of a training, of another stage's
// whole.
type Times struct {
	known   map[string][]float64
	first   map[string]float64 // of a step of trainings that are like none, 0 where it could not be timed
	slow    map[string]bool    // of which it is more than that
	backend compute.Backend
	Timed   func(compute.Backend, compute.Spec) (time.Duration, error)
	Resumes func(pipeline.NodeStatus) int // the step from which a training goes on
}

// Read reads the store's; trainings that are like none are timed on the backend.
func Read(s *store.Store, b compute.Backend) (*Times, error) {
	k := &Times{known: map[string][]float64{}, first: map[string]float64{}, slow: map[string]bool{}, backend: b,
		Timed:   func(b compute.Backend, spec compute.Spec) (time.Duration, error) { return Steps(b, spec, timedFor) },
		Resumes: func(pipeline.NodeStatus) int { return 0 }}
	err := s.Walk(nil, func(a *store.Action, _ string, err error) error {
		if err != nil {
			return nil // damaged records are for verify to name
		}
		var parts struct {
			Stage  string          `json:"stage"`
			Params json.RawMessage `json:"params"`
		}
		if json.Unmarshal(a.Parts, &parts) != nil {
			return nil
		}
		m := MadeBy(a)
		if parts.Stage != experiment.TrainStage {
			k.add(parts.Stage+string(parts.Params), m.Seconds)
			k.add(parts.Stage, m.Seconds)
			return nil
		}
		var t train.Params
		if json.Unmarshal(parts.Params, &t) == nil && m.Stopped == "" {
			k.add(Like(t, a.Numerics), m.Seconds/float64(max(1, t.Optimiser.Steps-m.Resumed)))
		}
		return nil
	})
	return k, err
}

func (k *Times) add(like string, seconds float64) {
	if seconds > 0 {
		k.known[like] = append(k.known[like], seconds)
	}
}

// Like is equal for trainings whose steps cost the same.
func Like(t train.Params, numerics string) string {
	text, _ := json.Marshal([]any{t.Network.Units, t.Network.Hidden, t.Network.Layers, t.Batch, t.Optimiser.Accumulate, numerics}) // plain numbers and words
	return "train" + string(text)
}

// Median of the times of like results, and how many they are.
func (k *Times) Median(like string) (seconds float64, n int) {
	if n = len(k.known[like]); n > 0 {
		seconds = gridcell.Median(k.known[like])
	}
	return seconds, n
}

// Estimate is how long something takes, and how that is known.
type Estimate struct {
	took    time.Duration
	like    int             // earlier trainings by which it is reckoned
	timed   int             // kinds of training of which the first steps were timed
	unknown int             // kinds of which they could not be, or took so long that no more is known; those are reckoned as that long
	untimed bool            // there are other stages of which nothing is known, left out: they are short
	counted map[string]bool // kinds of training that are in the numbers above
}

// addTraining adds a training of so many steps.
func (k *Times) addTraining(e *Estimate, t train.Params, steps int, seed uint64) {
	id := Like(t, k.backend.Numerics)
	step, like := k.Median(id)
	if like == 0 {
		step = k.firstSteps(id, t, seed)
	}
	e.took += time.Duration(step * float64(max(0, steps)) * float64(time.Second))
	if e.counted[id] {
		return
	}
	if e.counted == nil {
		e.counted = map[string]bool{}
	}
	e.counted[id] = true
	switch {
	case like > 0:
		e.like += like
	case step > 0 && !k.slow[id]:
		e.timed++
	default:
		e.unknown++
	}
}

// firstSteps times each kind once; a training that fails at once does so again when its turn comes,
// and says why.
func (k *Times) firstSteps(id string, t train.Params, seed uint64) float64 {
	if _, done := k.first[id]; !done {
		took, err := k.Timed(k.backend, compute.Spec{Network: t.Network, Batch: t.Batch, Loss: t.Loss, Optimiser: t.Optimiser, Seed: seed})
		if k.slow[id] = errors.Is(err, errSlow); err != nil && !k.slow[id] {
			took = 0
		}
		k.first[id] = took.Seconds()
	}
	return k.first[id]
}

// errSlow is the error of a step that took longer than anybody would wait; its time is then that.
var errSlow = errors.New("a step takes longer")

// AtMost is the time of a step, or of the wait for it, if that ends before; what is under way then
// goes on beside what comes.
func AtMost(wait time.Duration, timed func() (time.Duration, error)) (time.Duration, error) {
	type answer struct {
		took time.Duration
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		took, err := timed()
		done <- answer{took, err}
	}()
	select {
	case a := <-done:
		return a.took, a.err
	case <-time.After(wait):
		return wait, errSlow
	}
}

// Of estimates what is left of a plan, one place doing it all.
func (k *Times) Of(ctx context.Context, plan []pipeline.NodeStatus) (Estimate, error) {
	var e Estimate
	for _, n := range plan {
		if n.Current() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return e, err
		}
		if t, ok := n.Node.Params.(train.Params); ok && n.Node.Stage == experiment.TrainStage {
			k.addTraining(&e, t, t.Optimiser.Steps-k.Resumes(n), n.Node.Seed)
			continue
		}
		k.addStage(&e, n.Node)
	}
	return e, nil
}

// addStage adds a node that is no training.
func (k *Times) addStage(e *Estimate, n *pipeline.Node) {
	params, _ := json.Marshal(n.Params)
	seconds, like := k.Median(n.Stage + canonical(params))
	if like == 0 {
		seconds, like = k.Median(n.Stage)
	}
	e.untimed = e.untimed || like == 0
	e.took += time.Duration(seconds * float64(time.Second))
}

// On is the time that so many jobs take over it.
func (e Estimate) On(jobs int) time.Duration { return e.took / time.Duration(max(1, jobs)) }

// Times is the estimate of n such things, or the longest that there is.
func (e Estimate) Times(n int) Estimate {
	const most = 200 * 365 * 24 * time.Hour
	if e.took.Seconds()*float64(n) < most.Seconds() {
		e.took *= time.Duration(n)
	} else {
		e.took = most
	}
	return e
}

// Text says how long something takes on so many jobs.
func (e Estimate) Text(jobs int) string {
	if e.took == 0 {
		return "no estimate"
	}
	var by []string
	if e.like > 0 {
		by = append(by, printable.Count(e.like, "like run")+" in the store")
	}
	if e.timed > 0 {
		by = append(by, "the first steps of "+printable.Count(e.timed, "kind")+" of training")
	}
	text := "about " + roughly(e.On(jobs)) + " on " + printable.Count(jobs, "job")
	if len(by) > 0 {
		text += ", by " + strings.Join(by, " and ")
	}
	if e.unknown > 0 || e.untimed {
		text = "at least " + text
	}
	return text
}

// roughly writes a duration in its two largest units.
func roughly(d time.Duration) string {
	for _, u := range []struct {
		name, below string
		unit, sub   time.Duration
	}{{"years", "", 365 * 24 * time.Hour, 0}, {"days", "h", 24 * time.Hour, time.Hour}, {"h", "min", time.Hour, time.Minute}, {"min", "", time.Minute, 0}} {
		if d < 2*u.unit && !(u.sub > 0 && d >= u.unit && u.name == "h") {
			continue
		}
		n := d / u.unit
		if u.sub == 0 {
			return fmt.Sprintf("%d %s", n, u.name)
		}
		return fmt.Sprintf("%d %s %d %s", n, u.name, d%u.unit/u.sub, u.below)
	}
	return fmt.Sprintf("%d s", int((d+time.Second-1)/time.Second))
}

// Trainings says how many trainings a plan has, how many of them are there, and how long the rest of
// the plan takes on so many jobs.
func Trainings(plan []pipeline.NodeStatus, e Estimate, jobs int) string {
	all, cached := 0, 0
	for _, n := range plan {
		if n.Node.Stage == experiment.TrainStage {
			all++
			if n.Current() {
				cached++
			}
		}
	}
	if cached == all {
		return fmt.Sprintf("%d trainings, all of them there", all)
	}
	return fmt.Sprintf("%d trainings: %d are there, %d to do: %s; what is done is kept if it is interrupted", all, cached, all-cached, e.Text(min(jobs, all-cached)))
}

// canonical is JSON in the form in which records keep it, as far as equal parameters give equal
// text.
func canonical(data []byte) string {
	var tree any
	if json.Unmarshal(data, &tree) != nil {
		return ""
	}
	text, _ := json.Marshal(tree)
	return string(text)
}

// Seconds is how long a run took: the sum over its stages. That of a training which was taken up
// from a checkpoint is reckoned from the steps that it made then.
func Seconds(n *pipeline.Node, a *store.Action, steps int64) float64 {
	m := MadeBy(a)
	if t, ok := n.Params.(train.Params); ok && m.Stopped == "" { // a part has steps of its own
		steps = int64(t.Optimiser.Steps)
	}
	if n.Stage == experiment.TrainStage && m.Resumed > 0 && steps > int64(m.Resumed) {
		return m.Seconds * float64(steps) / float64(steps-int64(m.Resumed))
	}
	return m.Seconds
}

const (
	timedFor   = 300 * time.Millisecond // of each kind of training, before a run
	timedSteps = 200                    // at most
)

// Steps returns the time of a step on one core, of the first steps of a training, which are
// made for about so long. They are dearer than later ones, when fewer units are active.
func Steps(b compute.Backend, spec compute.Spec, patience time.Duration) (time.Duration, error) {
	trainer, err := b.New(spec)
	if err != nil {
		return 0, err
	}
	defer trainer.Close()
	trainer.SetThreads(1)
	if _, err := trainer.Train(1, nil); err != nil { // first touches of memory are not the step
		return 0, err
	}
	begun, steps := time.Now(), 0
	for most := min(timedSteps, spec.Optimiser.Steps-1); steps < max(most, 1) && time.Since(begun) < patience; steps++ {
		if _, err := trainer.Train(1, nil); err != nil {
			return 0, err
		}
	}
	return time.Since(begun) / time.Duration(steps), nil
}
