package main

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/store"
	"sicgrid/stages/train"
)

// How long a run takes is known from like ones: a training from those of the same network and batch, by their time a step; another stage
// from those of the same parameters.

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

// times are the measured times of what is in a store, in seconds: of a step of a training, of another stage's whole.
type times map[string][]float64

func readTimes(s *store.Store) (times, error) {
	known := times{}
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
		if parts.Stage != trainStage {
			known.add(parts.Stage+string(parts.Params), m.Seconds)
			return nil
		}
		var t train.Params
		if json.Unmarshal(parts.Params, &t) == nil && m.Stopped == "" {
			known.add(likeTraining(t), m.Seconds/float64(max(1, t.Optimiser.Steps-m.Resumed)))
		}
		return nil
	})
	return known, err
}

func (k times) add(like string, seconds float64) {
	if seconds > 0 {
		k[like] = append(k[like], seconds)
	}
}

// likeTraining is equal for trainings whose steps cost the same.
func likeTraining(t train.Params) string {
	text, _ := json.Marshal([]any{t.Network.Units, t.Network.Hidden, t.Network.Layers, t.Batch, t.Optimiser.Accumulate}) // plain numbers and words
	return "train" + string(text)
}

// median of the times of like results, and how many they are.
func (k times) median(like string) (seconds float64, n int) {
	all := slices.Sorted(slices.Values(k[like]))
	if len(all) == 0 {
		return 0, 0
	}
	return all[len(all)/2], len(all)
}

// training estimates a training.
func (k times) training(t train.Params) (time.Duration, int) {
	step, n := k.median(likeTraining(t))
	return time.Duration(step * float64(t.Optimiser.Steps) * float64(time.Second)), n
}

// of estimates what is left of a plan; like counts the trainings by which it does, 0 if there is one to make that is like none.
func (k times) of(plan []pipeline.NodeStatus, jobs int) (total time.Duration, like int) {
	counted := map[string]bool{}
	for _, n := range plan {
		if n.Current() {
			continue
		}
		t, isTraining := n.Node.Params.(train.Params)
		if !isTraining {
			params, _ := json.Marshal(n.Node.Params)
			seconds, _ := k.median(n.Node.Stage + canonical(params))
			total += time.Duration(seconds * float64(time.Second))
			continue
		}
		took, found := k.training(t)
		if found == 0 {
			return 0, 0
		}
		total += took
		if id := likeTraining(t); !counted[id] {
			counted[id] = true
			like += found
		}
	}
	return total / time.Duration(max(1, jobs)), like
}

// canonical is JSON in the form in which records keep it, as far as equal parameters give equal text.
func canonical(data []byte) string {
	var tree any
	if json.Unmarshal(data, &tree) != nil {
		return ""
	}
	text, _ := json.Marshal(tree)
	return string(text)
}

// runSeconds is how long a run took: the sum over its stages. That of a training which was taken up from a checkpoint is reckoned from the
// steps that it made then.
func runSeconds(n *pipeline.Node, a *store.Action, steps int64) float64 {
	m := madeBy(a)
	if n.Stage == trainStage && m.Resumed > 0 && steps > int64(m.Resumed) {
		return m.Seconds * float64(steps) / float64(steps-int64(m.Resumed))
	}
	return m.Seconds
}

func secondsText(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }
