package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
	"sicgrid/stages/train"
)

// How long a run takes is known from earlier ones in the store: a training from those of the same
// network, batch and numerics, by their time a step; another stage from those of the same
// parameters. A training that is like none is known by its first steps, which are made and timed.

// made is what a record's provenance says that is asked here.
type made struct {
	Seconds float64 `json:"wall_seconds"`
	Stopped string  `json:"stopped"`           // why a training ended early
	Resumed int     `json:"resumed_from_step"` // of a training that was taken up
}

func madeBy(a *store.Action) (m made) {
	_ = json.Unmarshal(a.Provenance, &m) // what it does not say is not known
	return m
}

// times are those of what is in a store, in seconds: of a step of a training, of another stage's
// whole.
type times struct {
	known   map[string][]float64
	first   map[string]float64 // of a step of trainings that are like none, 0 where it could not be timed
	backend compute.Backend
	timed   func(compute.Backend, compute.Spec) (time.Duration, error)
}

// readTimes reads the store's; trainings that are like none are timed on the backend.
func readTimes(s *store.Store, b compute.Backend) (*times, error) {
	k := &times{known: map[string][]float64{}, first: map[string]float64{}, backend: b, timed: timeSteps}
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
		m := madeBy(a)
		if parts.Stage != experiment.TrainStage {
			k.add(parts.Stage+string(parts.Params), m.Seconds)
			return nil
		}
		var t train.Params
		if json.Unmarshal(parts.Params, &t) == nil && m.Stopped == "" {
			k.add(likeTraining(t, a.Numerics), m.Seconds/float64(max(1, t.Optimiser.Steps-m.Resumed)))
		}
		return nil
	})
	return k, err
}

func (k *times) add(like string, seconds float64) {
	if seconds > 0 {
		k.known[like] = append(k.known[like], seconds)
	}
}

// likeTraining is equal for trainings whose steps cost the same.
func likeTraining(t train.Params, numerics string) string {
	text, _ := json.Marshal([]any{t.Network.Units, t.Network.Hidden, t.Network.Layers, t.Batch, t.Optimiser.Accumulate, numerics}) // plain numbers and words
	return "train" + string(text)
}

// median of the times of like results, and how many they are.
func (k *times) median(like string) (seconds float64, n int) {
	if n = len(k.known[like]); n > 0 {
		seconds = gridcell.Median(k.known[like])
	}
	return seconds, n
}

// estimate is how long something takes, and how that is known.
type estimate struct {
	took    time.Duration
	like    int             // earlier trainings by which it is reckoned
	timed   int             // kinds of training of which the first steps were timed
	unknown int             // kinds of which they could not be, left out
	counted map[string]bool // kinds of training that are in the numbers above
}

// addTraining adds a training.
func (k *times) addTraining(e *estimate, t train.Params, seed uint64) {
	id := likeTraining(t, k.backend.Numerics)
	step, like := k.median(id)
	if like == 0 {
		step = k.firstSteps(id, t, seed)
	}
	e.took += time.Duration(step * float64(t.Optimiser.Steps) * float64(time.Second))
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
	case step > 0:
		e.timed++
	default:
		e.unknown++
	}
}

// firstSteps times each kind once; a training that fails at once does so again when its turn comes,
// and says why.
func (k *times) firstSteps(id string, t train.Params, seed uint64) float64 {
	if _, done := k.first[id]; !done {
		took, err := k.timed(k.backend, compute.Spec{Network: t.Network, Batch: t.Batch, Loss: t.Loss, Optimiser: t.Optimiser, Seed: seed})
		if err != nil {
			took = 0
		}
		k.first[id] = took.Seconds()
	}
	return k.first[id]
}

// of estimates what is left of a plan, one place doing it all.
func (k *times) of(ctx context.Context, plan []pipeline.NodeStatus) (estimate, error) {
	var e estimate
	for _, n := range plan {
		if n.Current() {
			continue
		}
		if t, ok := n.Node.Params.(train.Params); ok && n.Node.Stage == experiment.TrainStage {
			if err := ctx.Err(); err != nil {
				return e, err
			}
			k.addTraining(&e, t, n.Node.Seed)
			continue
		}
		params, _ := json.Marshal(n.Node.Params)
		seconds, _ := k.median(n.Node.Stage + canonical(params))
		e.took += time.Duration(seconds * float64(time.Second))
	}
	return e, nil
}

// on is the time that so many jobs take over it.
func (e estimate) on(jobs int) time.Duration { return e.took / time.Duration(max(1, jobs)) }

// text says how long something takes on so many jobs.
func (e estimate) text(jobs int) string {
	if e.like+e.timed == 0 && (e.unknown > 0 || e.took == 0) {
		return "no estimate"
	}
	var by []string
	if e.like > 0 {
		by = append(by, count(e.like, "like run")+" in the store")
	}
	if e.timed > 0 {
		by = append(by, "the first steps of "+count(e.timed, "kind")+" of training")
	}
	text := "about " + roughly(e.on(jobs)) + " on " + count(jobs, "job")
	if len(by) > 0 {
		text += ", by " + strings.Join(by, " and ")
	}
	if e.unknown > 0 {
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

// manyFrom is the number of trainings from which a run says beforehand what they come to.
const manyFrom = 12

// announceTrainings says of a run of many trainings how many there are, how many of them are done,
// and how long the rest of the run takes.
func (s *session) announceTrainings(ctx context.Context, w io.Writer) error {
	if len(s.trainings()) < manyFrom {
		return nil
	}
	plan, err := pipeline.Status(s.graph, s.options)
	if err != nil {
		return err
	}
	k, err := readTimes(s.options.Store, s.device.Backend)
	if err != nil {
		return err
	}
	e, err := k.of(ctx, plan)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, trainingsText(plan, e, s.options.Places()))
	return nil
}

func trainingsText(plan []pipeline.NodeStatus, e estimate, jobs int) string {
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
	return fmt.Sprintf("%d trainings: %d are there, %d to do: %s; what is done is kept if it is interrupted", all, cached, all-cached, e.text(min(jobs, all-cached)))
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

// runSeconds is how long a run took: the sum over its stages. That of a training which was taken up
// from a checkpoint is reckoned from the steps that it made then.
func runSeconds(n *pipeline.Node, a *store.Action, steps int64) float64 {
	m := madeBy(a)
	if t, ok := n.Params.(train.Params); ok && m.Stopped == "" { // a part has steps of its own
		steps = int64(t.Optimiser.Steps)
	}
	if n.Stage == experiment.TrainStage && m.Resumed > 0 && steps > int64(m.Resumed) {
		return m.Seconds * float64(steps) / float64(steps-int64(m.Resumed))
	}
	return m.Seconds
}

const (
	timedFor   = 300 * time.Millisecond // of each kind of training
	timedSteps = 200                    // at most
)

// timeSteps returns the time of a step on one core, the first steps of a training. They are dearer
// than later ones, when fewer units are active.
func timeSteps(b compute.Backend, spec compute.Spec) (time.Duration, error) {
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
	for most := min(timedSteps, spec.Optimiser.Steps-1); steps < max(most, 1) && time.Since(begun) < timedFor; steps++ {
		if _, err := trainer.Train(1, nil); err != nil {
			return 0, err
		}
	}
	return time.Since(begun) / time.Duration(steps), nil
}
