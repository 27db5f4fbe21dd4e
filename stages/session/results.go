package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/store"
	"sicgrid/pkg/usage"
	"sicgrid/stages/experiment"
	"sicgrid/stages/layout"
	"sicgrid/stages/train"
	"sicgrid/stages/train/saved"
	"sicgrid/stages/weights"
)

// RunCommand is the command that makes the session's targets, as a shell takes it.
func (s *Session) RunCommand() string {
	return "sicgrid run" + s.TargetWords() + s.Request.Flags()
}

// TargetWords are the targets behind a command, as a shell takes them: " figure-4 figure-6".
func (s *Session) TargetWords() string {
	if len(s.Targets) == 0 {
		return " all"
	}
	return usage.Words(s.Targets...)
}

// UpToDate are the states of everything that the targets need, inputs first, all of them up to date;
// else the error says what is not.
func (s *Session) UpToDate() ([]pipeline.NodeStatus, error) {
	nodes, err := pipeline.Status(s.Graph, s.Options)
	if err != nil {
		return nil, err
	}
	for _, st := range nodes {
		if st.Current() {
			continue
		}
		what, reason := st.Node.Name, st.Reason
		if len(s.Targets) == 1 && s.Targets[0] != what {
			what, reason = s.Targets[0], what+": "+reason
		}
		return nil, fmt.Errorf("%s is not up to date (%s); run: %s", what, reason, s.RunCommand())
	}
	return nodes, nil
}

// Figure is the record of the session's one target, a figure that is up to date, and the states of
// what it rests on.
func (s *Session) Figure() (r layout.Record, nodes []pipeline.NodeStatus, err error) {
	if n := s.Graph.Node(s.Targets[0]); n == nil || n.Stage != experiment.FigureStage {
		return r, nil, usage.Errorf("%q is no figure, must be one, such as figure-6", s.Targets[0])
	}
	if nodes, err = s.UpToDate(); err != nil {
		return r, nodes, err
	}
	results := map[string]layout.Result{}
	for _, st := range nodes {
		results[st.Node.Name] = layout.Result{Key: st.Key, Numerics: st.Numerics, Action: st.Action}
	}
	files, err := s.Layout().Files(results)
	if err != nil {
		return r, nodes, err
	}
	for _, file := range files {
		if strings.HasSuffix(file.Path, ".json") {
			err = json.Unmarshal(file.Data, &r)
			return r, nodes, err
		}
	}
	return r, nodes, fmt.Errorf("%s has no numbers", s.Targets[0])
}

// Stored returns the verified bytes of an output of a node that is up to date; of the history of a
// training that is under way, what there is of it. An output may be "" where there is one alone.
func (s *Session) Stored(nodes []pipeline.NodeStatus, name, output string) ([]byte, error) {
	n := s.Graph.Node(name)
	if n == nil {
		return nil, usage.Errorf("%q names several nodes, must be one, such as %s", name, s.Graph.Targets()[0].Name)
	}
	if output == "" && len(n.Outputs) == 1 {
		output = n.Outputs[0]
	}
	i := slices.Index(n.Outputs, output)
	if i < 0 {
		return nil, usage.Errorf("%s has no output %q, must be one of %s", name, output, strings.Join(n.Outputs, ", "))
	}
	for _, st := range nodes {
		if st.Node != n {
			continue
		}
		if !st.Current() {
			if data, err := s.historySoFar(st, output); data != nil || err != nil {
				return data, err
			}
			return nil, fmt.Errorf("%s is not up to date (%s); run: sicgrid run %s%s", name, st.Reason, name, s.Request.Flags())
		}
		action, err := s.Record(st)
		if err != nil {
			return nil, err
		}
		return s.Options.Store.Get(action.Outputs[i].Object)
	}
	return nil, fmt.Errorf("%s is not in the graph", name)
}

// Record is the record of a result that is up to date.
func (s *Session) Record(st pipeline.NodeStatus) (*store.Action, error) {
	if st.Action != nil {
		return st.Action, nil
	}
	action, err := s.Options.Store.Lookup(st.Key, st.Numerics, true)
	if action == nil { // a pinned result that no run has taken yet
		return nil, fmt.Errorf("%s is not in the store (%w); run: sicgrid run %s%s", st.Node.Name, err, st.Node.Name, s.Request.Flags())
	}
	return action, nil
}

// historySoFar is the history of a training that is under way, as of its last checkpoint; nil where
// there is none.
func (s *Session) historySoFar(st pipeline.NodeStatus, output string) ([]byte, error) {
	p, ok := st.Node.Params.(train.Params)
	if !ok || output != "history" || s.Resumes(st) == 0 {
		return nil, nil
	}
	for range 5 { // the training may replace its checkpoint meanwhile
		c := saved.Look(s.Options.ScratchPath(st))
		if c == nil {
			return nil, nil // it has ended just now
		}
		rows, err := c.History()
		if errors.Is(err, saved.ErrReplaced) {
			continue
		}
		if err != nil {
			return nil, err
		}
		meta := weights.Metadata(p.Network, c.Step)
		meta["unfinished"] = fmt.Sprintf("%d of %d steps", c.Step, p.Optimiser.Steps)
		rec, err := artifact.FromRows(rows, meta)
		if err != nil {
			return nil, err
		}
		defer rec.Release()
		var data bytes.Buffer
		err = artifact.Write(&data, rec)
		return data.Bytes(), err
	}
	return nil, nil
}
