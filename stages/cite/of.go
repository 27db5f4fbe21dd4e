package cite

import (
	"encoding/json"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/usage"
	"sicgrid/stages/exchange"
	"sicgrid/stages/experiment"
	"sicgrid/stages/session"
	"sicgrid/stages/train"
)

// Of is what is cited of a session's one target, which is up to date, and all that it rests on.
func Of(s *session.Session) (Result, error) {
	name := s.Targets[0]
	if s.Graph.Node(name) == nil {
		return Result{}, usage.Errorf("%q names several results, must be one, such as %s", name, s.Graph.Targets()[0].Name)
	}
	r := Result{Name: name, Profile: s.Parameters.Name, Seed: s.Parameters.Seed, Set: append([]string{}, s.Parameters.Sets...),
		Command: "go tool task build && bin/sicgrid run " + name + " --params " + usage.Quoted(s.Parameters.Path) + usage.Repeated("--set", s.Parameters.Sets)}
	nodes, err := s.UpToDate()
	if err != nil {
		return r, err
	}
	for _, st := range nodes {
		stage, err := stageOf(s, st)
		if err != nil {
			return r, err
		}
		r.Stages = append(r.Stages, stage)
		if st.Action != nil {
			r.Digest = st.Action.Outputs[0].Logical
		}
	}
	return r, nil
}

// stageOf is what is cited of one stage.
func stageOf(s *session.Session, st pipeline.NodeStatus) (Stage, error) {
	c := Stage{Name: st.Node.Name, Stage: st.Node.Stage, Key: st.Key, Seed: st.Node.Seed, Numerics: st.Numerics, Pinned: st.State == pipeline.Pinned, Commit: "unknown"}
	if t, ok := st.Node.Params.(train.Params); ok && st.Node.Stage == experiment.TrainStage {
		c.Steps = t.Optimiser.Steps
	}
	action, err := s.Record(st)
	if err != nil {
		return c, err
	}
	var p struct {
		Commit  string               `json:"commit"`
		Device  string               `json:"device"`
		Started string               `json:"started"`
		Foreign *exchange.Provenance `json:"foreign"`
	}
	if json.Unmarshal(action.Provenance, &p) == nil && p.Commit != "" {
		c.Commit = p.Commit
	}
	c.Device, c.Started, c.Foreign, c.Fetched = p.Device, p.Started, p.Foreign, action.From()
	return c, nil
}
