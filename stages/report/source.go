package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
)

// Source is what a page is made of.
type Source struct {
	Parameters *experiment.Parameters
	DAG        *experiment.DAG
	Graph      *pipeline.Graph // of the figures and everything that is to be shown
	Options    pipeline.Options
	Flags      string // that choose the profile and settings: " --params params/smoke.yaml"
	Commit     string // of the source tree now
	Published  string // folder of the figures that the repository shows of this profile; "" = none
	Live       bool   // the page asks the server that it came from what is new
}

// State says what a result is worth.
type State string

// States of a result.
const (
	Current   State = "current"
	Stale     State = "stale"     // of other code, parameters or inputs than there are now
	Published State = "published" // the repository's, not of this store
	Refused   State = "refused"   // not what its stage makes
	Missing   State = "missing"
	UnderWay  State = "under way" // of a training's history
)

// Result is what a node made.
type Result struct {
	Node     string
	Stage    string
	State    State
	Reason   string // in words: "params changed: loss.capacity 0.5 -> 0"
	Key      string // "" if missing
	Numerics string
	Outputs  []store.Output

	node   *pipeline.Node
	status pipeline.NodeStatus
	action *store.Action
}

// There says whether there is something to be shown.
func (r *Result) There() bool { return r.action != nil && r.State != Refused }

// origin is the provenance that a record states.
type origin struct {
	Commit  string  `json:"commit"`
	Started string  `json:"started"`
	Seconds float64 `json:"wall_seconds"`
	Device  string  `json:"device"`
	Driver  string  `json:"driver"`
	Go      string  `json:"go"`
	System  string  `json:"platform"`
}

// origin reads it field by field: of a record of others one may be anything, and the others count
// all the same.
func (r *Result) origin() (o origin) {
	var fields map[string]json.RawMessage
	if r.action == nil || json.Unmarshal(r.action.Provenance, &fields) != nil {
		return o
	}
	for name, into := range map[string]any{"commit": &o.Commit, "started": &o.Started, "wall_seconds": &o.Seconds, "device": &o.Device,
		"driver": &o.Driver, "go": &o.Go, "platform": &o.System} {
		_ = json.Unmarshal(fields[name], into) // stays empty: not known
	}
	return o
}

// Time is when the result was made; zero if its record does not say.
func (o origin) Time() time.Time {
	at, _ := time.Parse(time.RFC3339, o.Started)
	return at
}

// parameters are those of the stage, as JSON with indents.
func (r *Result) parameters() string {
	var parts struct {
		Params json.RawMessage `json:"params"`
	}
	if r.action == nil || json.Unmarshal(r.action.Parts, &parts) != nil {
		return ""
	}
	text, err := json.MarshalIndent(parts.Params, "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}

// results looks up what the nodes of a source made, and reads it.
type results struct {
	source Source
	byName map[string]*Result
	list   []*Result // in the order of the graph
}

// find looks every node up. What a node made last stands in for what it has not made yet.
func find(s Source) (*results, error) {
	status, err := pipeline.Status(s.Graph, s.Options)
	if err != nil {
		return nil, err
	}
	r := &results{source: s, byName: map[string]*Result{}}
	var behind []string
	for _, n := range status {
		one := &Result{Node: n.Node.Name, Stage: n.Node.Stage, State: Missing, Reason: n.Reason, Numerics: n.Numerics, node: n.Node, status: n}
		if n.Current() {
			// A pinned result may not be in the store yet.
			if action, _ := s.Options.Store.Lookup(n.Key, n.Numerics, true); action != nil {
				one.take(action, Current)
			}
		} else {
			behind = append(behind, n.Node.Name)
		}
		r.byName[one.Node], r.list = one, append(r.list, one)
	}
	if len(behind) == 0 {
		return r, nil
	}
	explained, err := pipeline.Why(s.Graph, s.Options, behind...)
	if err != nil {
		return nil, err
	}
	for _, e := range explained {
		one := r.byName[e.Node]
		if e.LastKey == "" || one == nil {
			continue
		}
		if action, _ := s.Options.Store.Lookup(e.LastKey, e.Numerics, false); action != nil && e.LastKey != e.Key {
			one.take(action, Stale)
			one.Reason = reasonOf(e)
		}
	}
	return r, nil
}

// reasonOf says where a change begins, if that is not the node itself.
func reasonOf(e pipeline.Explanation) string {
	for _, c := range e.Causes {
		if c.Node != e.Node {
			return fmt.Sprintf("%s: %s", c.Node, c.Reason)
		}
	}
	return e.Reason
}

func (r *Result) take(a *store.Action, s State) {
	r.action, r.State, r.Key, r.Numerics, r.Outputs = a, s, a.Key, a.Numerics, a.Outputs
}

// of is the result of a node; of one that the graph does not have, a missing one.
func (r *results) of(name string) *Result {
	if one := r.byName[name]; one != nil {
		return one
	}
	return &Result{Node: name, State: Missing, Reason: "this profile has no such stage"}
}

// rows reads an output of a result: nil if there is none. What is not as its stage makes it is
// refused, whoever has sent it.
func rows[T any](r *results, one *Result, output string) []T {
	list, _ := rowsAndMeta[T](r, one, output)
	return list
}

// rowsAndMeta is rows with the table's metadata.
func rowsAndMeta[T any](r *results, one *Result, output string) ([]T, map[string]string) {
	if !one.There() {
		return nil, nil
	}
	list, meta, err := read[T](r.source.Options.Store, one, output)
	if err != nil {
		one.State, one.Reason = Refused, printable.Line(output+": "+err.Error())
		return nil, nil
	}
	return list, meta
}

func read[T any](s *store.Store, one *Result, output string) ([]T, map[string]string, error) {
	i := slices.IndexFunc(one.Outputs, func(o store.Output) bool { return o.Name == output })
	if i < 0 {
		return nil, nil, errors.New("its record lists no such output")
	}
	data, err := s.Get(one.Outputs[i].Object)
	if err != nil {
		return nil, nil, err
	}
	rec, err := artifact.Read(data)
	if err != nil {
		return nil, nil, err
	}
	defer rec.Release()
	if one.node.Check != nil {
		if err := one.node.Check(output, rec); err != nil {
			return nil, nil, err
		}
	}
	list, err := artifact.Rows[T](rec)
	return list, artifact.Meta(rec), err
}

// single is the row of an output that has one, and whether it is there.
func single[T any](r *results, one *Result, output string) (row T, ok bool) {
	list := rows[T](r, one, output)
	if len(list) != 1 {
		return row, false
	}
	return list[0], true
}
