package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/params"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
	"sicgrid/pkg/walk"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/table1"
	"sicgrid/stages/selection"
	"sicgrid/stages/train"
)

// pairVariants are what the figures of both networks show. A profile has the first; it may do without
// the second, and have more.
var pairVariants = []string{"full", "no-capacity"}

// trainingSections are what a variant may change.
var trainingSections = []string{"network", "batch", "loss", "optimiser", "history_every", "stop", "attempts", "keep", "pretraining", "weights"}

// Parameters are a profile as it was read, with every value checked.
type Parameters struct {
	Profile
	Path     string
	Name     string // the file's name without folder and ending: "laptop"
	Sets     []string
	variants []Variant
	ablated  []Variant // networks of figure 7 beyond the variants
	profiles []table1.Profile
	titles   func() sheet.Titles // of every variant and ablation; reckoned once, when asked for
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
	Attempts    int            `json:"attempts"`
	Keep        selection.Keep `json:"keep"`
	Pretraining Pretraining    `json:"pretraining,omitempty"`
	Weights     Weights        `json:"weights,omitempty"`
}

// ReadParameters reads a profile, puts the --set values in their places and
// checks every value, so that nothing runs on parameters that will fail later.
func ReadParameters(path string, sets []string) (*Parameters, error) {
	var bases params.Bases
	doc, err := bases.ReadProfile(path)
	if err != nil {
		return nil, err
	}
	p, err := checkParameters(path, doc, sets)
	if err != nil {
		return nil, err
	}
	p.profiles = profileTable(path, doc, &bases)
	return p, nil
}

func checkParameters(path string, doc *params.Document, sets []string) (*Parameters, error) {
	for _, s := range sets {
		if err := doc.Set(s); err != nil {
			return nil, err
		}
	}
	p := &Parameters{Path: path, Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), Sets: sets, doc: doc}
	if err := checkProfileName(p.Name, doc); err != nil {
		return nil, err
	}
	if err := doc.Decode(&p.Profile); err != nil {
		return nil, err
	}
	if err := p.readVariants(doc); err != nil {
		return nil, err
	}
	p.titles = sync.OnceValue(p.makeTitles)
	for _, check := range []func(*params.Document) error{p.checkSeeds, p.checkEvaluation, p.checkEmbedding, p.checkIdeal, p.checkFigures, p.checkResults} {
		if err := check(doc); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Parameters) readVariants(doc *params.Document) (err error) {
	if p.variants, err = readTrainings(p.Path, doc, "variants", p.Variants); err != nil {
		return err
	}
	if len(p.variants) == 0 {
		return doc.Errorf("variants", "found no variant, must name at least one")
	}
	p.ablated, err = readTrainings(p.Path, doc, "ablate", p.Ablate)
	for _, v := range p.ablated {
		if _, twice := p.Variants[v.Name]; twice {
			return doc.Errorf("ablate."+v.Name, "found a name that is among the variants, must be another")
		}
	}
	return err
}

// readTrainings reads the trainings of a section, each of which changes something of the profile,
// and puts them in full into decoded.
func readTrainings(path string, doc *params.Document, section string, decoded map[string]any) ([]Variant, error) {
	var out []Variant
	for _, name := range doc.Keys(section) {
		key := section + "." + name
		if !PlainName(name) || strings.Contains(name, ".") {
			return nil, doc.Errorf(section, "found the name %q, must be without points, of %s", name, mustBePlain)
		}
		v := Variant{Name: name}
		var err error
		if v.Training, err = readTraining(path, doc.Overlay(key, trainingSections)); err != nil {
			return nil, err
		}
		out = append(out, v)
		decoded[name] = v.Training
	}
	return out, nil
}

// readTraining reads a training of the profile at path.
func readTraining(path string, doc *params.Document) (t Training, err error) {
	if err := doc.Decode(&t); err != nil {
		return t, err
	}
	if err := t.Weights.check(doc); err != nil {
		return t, err
	}
	t = t.imported()
	t.Weights.path = params.Beside(path, t.Weights.File)
	if err := checkTraining(doc, t.Recipe); err != nil {
		return t, err
	}
	return t, t.Pretraining.check(doc, t)
}

// checkTraining finds values that are possible one by one but not together.
func checkTraining(doc *params.Document, t train.Recipe) error {
	if states := t.Batch.States(); t.Batch.Pairs > states {
		return doc.Errorf("batch.pairs", "found %d, must be at most %d, all states of a batch (0 takes all)", t.Batch.Pairs, states)
	}
	if n := t.Network; n.RingWidth > n.Units {
		return doc.Errorf("network.ring_width", "found %d, must be at most %d, the units on the ring (0 links all)", n.RingWidth, n.Units)
	} else if n.RingLong > 0 && n.RingWidth == 0 {
		return doc.Errorf("network.ring_long", "found %v beside a ring_width of 0, which links all units; must be 0 or stand beside a width", n.RingLong)
	} else if n.GainShuffle > 0 && n.GainMax == 1 {
		return doc.Errorf("network.gain_shuffle", "found %d beside a gain_max of 1, where all units have one gain; must be 0 or stand beside a greater one", n.GainShuffle)
	} else if n.GainShuffle > 0 && n.RingWidth == 0 {
		return doc.Errorf("network.gain_shuffle", "found %d beside a ring_width of 0: where all units read all, no order of them is another network; must be 0 or stand beside a width", n.GainShuffle)
	} else if n.GainMax > 1 && !t.Batch.Permute {
		return doc.Errorf("network.gain_max", "found %v beside batch.permute: false, which has too many velocities for it; must be 1", n.GainMax)
	}
	if l := t.Loss; l.IsometrySpeedBin > 0 && l.ShortSpeed() > loss.SpeedBins*l.IsometrySpeedBin*(1+1e-9) {
		return doc.Errorf("loss.isometry_speed_bin", "found %v, must be 0 or at least %.3g: speeds up to %v m a step fall into at most %d bins", l.IsometrySpeedBin, l.ShortSpeed()/loss.SpeedBins, l.ShortSpeed(), loss.SpeedBins)
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
	return cmp.Or(eachOnce(doc, "seeds", p.Seeds), eachOnce(doc, "results.seeds", p.Results.Seeds))
}

// eachOnce finds a seed that a list has twice.
func eachOnce(doc *params.Document, key string, seeds []uint64) error {
	for i, s := range seeds {
		if slices.Contains(seeds[:i], s) {
			return doc.Errorf(fmt.Sprintf("%s[%d]", key, i), "found %d twice, must be given once", s)
		}
	}
	return nil
}

func (p *Parameters) checkEvaluation(doc *params.Document) error {
	e := &p.Evaluation
	for i, box := range e.BoxesM {
		at := fmt.Sprintf("evaluation.boxes_m[%d]", i)
		if j := slices.Index(e.BoxesM, box); j < i {
			return doc.Errorf(at, "found %v m twice, must be given once", box)
		}
		if err := p.checkWalks(doc, at, box); err != nil {
			return err
		}
	}
	return checkMemory(doc, evaluationBytes, map[string]float64{
		"network.units": float64(p.Network.Units), "evaluation.bins": float64(e.Bins), "evaluation.samples_per_bin": e.SamplesPerBin,
		"evaluation.steps": float64(e.Steps), "evaluation.states": float64(e.States),
	})
}

// checkWalks finds what is wrong with the evaluation's motion in a box whose side is the value at a
// key.
func (p *Parameters) checkWalks(doc *params.Document, boxKey string, boxM float64) error {
	var wrong *walk.Impossible
	if !errors.As(p.Evaluation.Motion.Check(boxM), &wrong) {
		return nil
	}
	if wrong.Parameter != "box_m" {
		boxKey = "evaluation.motion." + wrong.Parameter
	}
	return doc.Errorf(boxKey, "%s", wrong.Reason)
}

func (p *Parameters) checkEmbedding(doc *params.Document) error {
	e := p.Embedding
	if e.Eigenvalues < e.Dimensions {
		return doc.Errorf("embedding.eigenvalues", "found %d, must be at least %d, the dimensions", e.Eigenvalues, e.Dimensions)
	}
	if e.MaxPoints <= e.Neighbours {
		return doc.Errorf("embedding.max_points", "found %d, must be more than %d, the neighbours of each point", e.MaxPoints, e.Neighbours)
	}
	if e.IsomapLandmarks <= e.Dimensions {
		return doc.Errorf("embedding.isomap_landmarks", "found %d, must be more than %d, the dimensions", e.IsomapLandmarks, e.Dimensions)
	}
	return nil
}

func (p *Parameters) checkIdeal(doc *params.Document) error {
	c := p.Ideal.Cells
	if c.SmoothM >= c.BoxM {
		return doc.Errorf("ideal.smooth_m", "found %v, must be less than %v m, the side of the box", c.SmoothM, c.BoxM)
	}
	for i, period := range c.PeriodsM {
		if period >= c.BoxM {
			return doc.Errorf(fmt.Sprintf("ideal.periods_m[%d]", i), "found %v, must be less than %v m, the side of the box", period, c.BoxM)
		}
	}
	return p.checkWalks(doc, "ideal.box_m", c.BoxM)
}

// checkResults finds a box of the results that there is not, and tests of path integration that
// cannot be made.
func (p *Parameters) checkResults(doc *params.Document) error {
	if !slices.Contains(p.Evaluation.BoxesM, p.Results.BoxM) {
		return doc.Errorf("results.box_m", "found %v, must be one of evaluation.boxes_m, %v", p.Results.BoxM, p.Evaluation.BoxesM)
	}
	if err := p.checkWalks(doc, "integration.box_m", p.Integration.BoxM); err != nil {
		return err
	}
	f := p.Figures.Figure5
	if sigma := p.distances(f.Variant).SigmaX; f.ReachM <= sigma {
		return doc.Errorf("figures.figure_5.reach_m", "found %v, must be more than %v m, sigma_x", f.ReachM, sigma)
	}
	return nil
}
