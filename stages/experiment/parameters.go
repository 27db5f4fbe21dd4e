package experiment

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/params"
	"sicgrid/pkg/sic"
	"sicgrid/stages/best"
	"sicgrid/stages/figures/table1"
	"sicgrid/stages/train"
)

// requiredVariants are drawn by the figures; a profile may have more.
var requiredVariants = []string{"full", "no-capacity"}

// trainingSections are what a variant may change.
var trainingSections = []string{"network", "batch", "loss", "optimiser", "history_every", "stop", "attempts", "keep", "parts"}

// Parameters are a profile as it was read, with every value checked.
type Parameters struct {
	Profile
	Path     string
	Name     string // the file's name without folder and ending: "laptop"
	Sets     []string
	variants []Variant
	ablated  []Variant // networks of figure 7 beyond the variants
	profiles []table1.Profile
	doc      *params.Document
}

// Variant is one way of training.
type Variant struct {
	Name     string
	Training Training
}

// Training is how a network is trained, and how often before the best is kept.
type Training struct {
	train.Recipe
	Attempts int       `json:"attempts"`
	Keep     best.Keep `json:"keep"`
	Parts    Parts     `json:"parts,omitempty"`
}

// ReadParameters reads a profile, puts the --set values in their places and
// checks every value, so that nothing runs on parameters that will fail later.
func ReadParameters(path string, sets []string) (*Parameters, error) {
	doc, err := params.Read(path)
	if err != nil {
		return nil, err
	}
	p, err := checkParameters(path, doc, sets)
	if err != nil {
		return nil, err
	}
	p.profiles = profileTable(path, doc)
	return p, nil
}

func checkParameters(path string, doc *params.Document, sets []string) (*Parameters, error) {
	for _, s := range sets {
		if err := doc.Set(s); err != nil {
			return nil, err
		}
	}
	p := &Parameters{Path: path, Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), Sets: sets, doc: doc}
	if err := doc.Decode(&p.Profile, allowed); err != nil {
		return nil, err
	}
	if err := p.readVariants(doc); err != nil {
		return nil, err
	}
	for _, check := range []func(*params.Document) error{p.checkSeeds, p.checkEvaluation, p.checkEmbedding, p.checkIdeal, p.checkFigures, p.checkResults} {
		if err := check(doc); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Parameters) readVariants(doc *params.Document) (err error) {
	if p.variants, err = readTrainings(doc, "variants", p.Variants); err != nil {
		return err
	}
	if len(p.variants) == 0 {
		return doc.Errorf("variants", "found no variant, must name at least one")
	}
	p.ablated, err = readTrainings(doc, "ablate", p.Ablate)
	for _, v := range p.ablated {
		if _, twice := p.Variants[v.Name]; twice {
			return doc.Errorf("ablate."+v.Name, "found a name that is among the variants, must be another")
		}
	}
	return err
}

// readTrainings reads the trainings of a section, each of which changes something of the profile, and puts them in full into decoded.
func readTrainings(doc *params.Document, section string, decoded map[string]any) ([]Variant, error) {
	var out []Variant
	for _, name := range doc.Keys(section) {
		key := section + "." + name
		if name == "" || strings.ContainsAny(name, "/. ") {
			return nil, doc.Errorf(key, "found the name %q, must have no slash, point or space", name)
		}
		v := Variant{Name: name}
		var err error
		if v.Training, err = readTraining(doc.Overlay(key, trainingSections)); err != nil {
			return nil, err
		}
		out = append(out, v)
		decoded[name] = v.Training
	}
	return out, nil
}

func readTraining(doc *params.Document) (t Training, err error) {
	if err := doc.Decode(&t, allowed); err != nil {
		return t, err
	}
	if err := checkTraining(doc, t.Recipe); err != nil {
		return t, err
	}
	return t, t.Parts.check(doc, t)
}

// checkTraining finds values that are possible one by one but not together.
func checkTraining(doc *params.Document, t train.Recipe) error {
	if states := t.Batch.States(); t.Batch.Pairs > states {
		return doc.Errorf("batch.pairs", "found %d, must be at most %d, all states of a batch (0 takes all)", t.Batch.Pairs, states)
	}
	if o := t.Optimiser; o.Schedule == sic.ScheduleCosine {
		if o.WarmupSteps >= o.Steps {
			return doc.Errorf("optimiser.warmup_steps", "found %d, must be less than %d, the steps of the optimiser", o.WarmupSteps, o.Steps)
		}
		if o.FinalRate > o.LearningRate {
			return doc.Errorf("optimiser.final_rate", "found %v, must be at most %v, the learning rate", o.FinalRate, o.LearningRate)
		}
	}
	trainingBytes := func(sizes map[string]float64) float64 {
		s := compute.Spec{Network: t.Network, Batch: t.Batch}
		s.Network.Units, s.Network.Hidden, s.Network.Layers = int(sizes["network.units"]), int(sizes["network.hidden"]), int(sizes["network.layers"])
		s.Batch.Trajectories, s.Batch.Length = int(sizes["batch.trajectories"]), int(sizes["batch.length"])
		return cpu.Bytes(s)
	}
	return checkMemory(doc, trainingBytes, map[string]float64{
		"network.units": float64(t.Network.Units), "network.hidden": float64(t.Network.Hidden), "network.layers": float64(t.Network.Layers),
		"batch.trajectories": float64(t.Batch.Trajectories), "batch.length": float64(t.Batch.Length),
	})
}

func (p *Parameters) checkSeeds(doc *params.Document) error {
	for _, list := range []struct {
		key   string
		seeds []uint64
	}{{"seeds", p.Seeds}, {"results.seeds", p.Results.Seeds}} {
		if n := len(list.seeds); n < 1 || n > 12 {
			return doc.Errorf(list.key, "found %d seeds, must be 1 to 12, as many as the figure has room for", n)
		}
		for i, s := range list.seeds {
			if j := slices.Index(list.seeds, s); j < i {
				return doc.Errorf(list.key, "found %d twice, must be given once", s)
			}
		}
	}
	return nil
}

// stepsAcross is the width of the smallest box in longest steps: in a smaller
// one the walls decide every step (walk.Motion.Check).
const stepsAcross = 4

func (p *Parameters) checkEvaluation(doc *params.Document) error {
	e, m := &p.Evaluation, &p.Evaluation.Motion
	if m.StepMaxM <= m.StepMinM {
		return doc.Errorf("evaluation.motion.step_max_m", "found %v, must be greater than %v, the shortest step", m.StepMaxM, m.StepMinM)
	}
	if m.StepMaxM > m.VelocityMaxM {
		return doc.Errorf("evaluation.motion.step_max_m", "found %v, must be at most %v, the bound on its components", m.StepMaxM, m.VelocityMaxM)
	}
	for i, box := range e.BoxesM {
		at := fmt.Sprintf("evaluation.boxes_m[%d]", i)
		if least := stepsAcross * m.StepMaxM; box < least {
			return doc.Errorf(at, "found %v m, must be at least %v m, %d of the longest steps", box, least, stepsAcross)
		}
		if box <= 2*m.WallM {
			return doc.Errorf(at, "found %v m, must be more than %v m, twice the reach of a wall", box, 2*m.WallM)
		}
		if j := slices.Index(e.BoxesM, box); j < i {
			return doc.Errorf(at, "found %v m twice, must be given once", box)
		}
		if err := m.Check(box); err != nil {
			return doc.Errorf("evaluation.motion", "%v", err)
		}
	}
	return checkMemory(doc, evaluationBytes, map[string]float64{
		"network.units": float64(p.Network.Units), "evaluation.bins": float64(e.Bins), "evaluation.samples_per_bin": e.SamplesPerBin,
		"evaluation.steps": float64(e.Steps), "evaluation.states": float64(e.States),
	})
}

func (p *Parameters) checkEmbedding(doc *params.Document) error {
	e := p.Embedding
	if e.Eigenvalues < e.Dimensions {
		return doc.Errorf("embedding.eigenvalues", "found %d, must be at least %d, the dimensions", e.Eigenvalues, e.Dimensions)
	}
	if e.MaxPoints <= e.Neighbours {
		return doc.Errorf("embedding.max_points", "found %d, must be more than %d, the neighbours of each point", e.MaxPoints, e.Neighbours)
	}
	if err := e.Check(); err != nil {
		return doc.Errorf("embedding", "%v", err)
	}
	return nil
}

func (p *Parameters) checkIdeal(doc *params.Document) error {
	if err := p.ideal().Check(); err != nil {
		return doc.Errorf("ideal", "%v", err)
	}
	return nil
}

// checkResults finds a box of the results that there is not, and tests of path integration that cannot be made.
func (p *Parameters) checkResults(doc *params.Document) error {
	if !slices.Contains(p.Evaluation.BoxesM, p.Results.BoxM) {
		return doc.Errorf("results.box_m", "found %v, must be one of evaluation.boxes_m, %v", p.Results.BoxM, p.Evaluation.BoxesM)
	}
	for _, v := range requiredVariants {
		if err := p.integration(v).Check(); err != nil {
			return doc.Errorf("integration", "%v", err)
		}
	}
	return nil
}
