package experiment

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/figure"
	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/params"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/table1"
)

func TestEveryDeclarationIsWellFormed(t *testing.T) {
	for _, declared := range []any{Profile{}, SweepFile{}} {
		if err := params.Declared(declared); err != nil {
			t.Error(err)
		}
	}
}

// No row of table 1 is empty because its parameter is called something else.
func TestTable1ShowsParameters(t *testing.T) {
	var known []string
	for _, p := range params.List(Profile{}) {
		known = append(known, p.Key)
	}
	for _, key := range table1.Keys() {
		if !slices.Contains(known, key) {
			t.Errorf("table 1 shows %s, which no profile has", key)
		}
	}
}

// What no module can be made with is refused when the profile is read, before anything is trained.
func TestImpossibleModulesAreRefusedBeforeAnythingRuns(t *testing.T) {
	for set, want := range map[string]string{
		"analysis.module_units=1":           "found 1, must be at least 2",
		"analysis.module_period_ratio=1":    "found 1, must be greater than 1",
		"analysis.module_orientation_deg=0": "found 0, must be greater than 0 and at most 30",
	} {
		_, err := ReadParameters("../../params/smoke.yaml", []string{set})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", set, err, want)
		}
	}
}

// No core gives units gains where every trajectory has velocities of its own, as in an ablation.
func TestGainsBesideIndependentVelocitiesAreRefused(t *testing.T) {
	const want = "network.gain_max=2: found 2 beside batch.permute: false, which has too many velocities for it; must be 1"
	_, err := ReadParameters("../../params/smoke.yaml", []string{"variants.full.network.gain_max=2", "variants.full.batch.permute=false"})
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
}

// around are values of a parameter at the ends of its declared range and on either side of them, as
// YAML.
func around(p params.Parameter) (values []string) {
	add := func(value string) {
		if strings.HasPrefix(p.Type, "list") { // some lists have at least two
			values = append(values, "["+value+"]", "["+value+", "+value+"]")
			return
		}
		values = append(values, value)
	}
	if _, words, isWord := strings.Cut(p.Range, "one of "); isWord {
		for word := range strings.SplitSeq(words+", no-such-word", ", ") {
			add(word)
		}
		return values
	}
	_, each, isList := strings.Cut(p.Range, "each ")
	if !isList {
		each = p.Range
	}
	for _, text := range regexp.MustCompile(`pi(/\d+)?|-?\d[\d.e+]*`).FindAllString(each, -1) {
		x, err := strconv.ParseFloat(text, 64)
		if over, ok := strings.CutPrefix(text, "pi/"); ok {
			x, err = strconv.ParseFloat(over, 64)
			x = math.Pi / x
		}
		if err != nil {
			panic(err)
		}
		below, above := math.Nextafter(x, math.Inf(-1)), math.Nextafter(x, math.Inf(1))
		if strings.Contains(p.Type, "whole") {
			below, above = x-1, x+1
		}
		for _, x := range []float64{below, x, above} {
			add(strconv.FormatFloat(x, 'g', -1, 64))
		}
	}
	return values
}

// There is no second range: what a profile may ask for, at the ends of every range, the libraries
// that do it accept.
func TestWhatIsInsideARangeIsRefusedNowhereElse(t *testing.T) {
	pretraining := "pretraining={lengths: [5, 10], rotations_deg: [0, 12], finetune_steps: 100, separate: false, attempts: 2, keep: {reach_m: 1, within: 1}, steps: 100, learning_rate: 1e-3, sigma_g: 0.4, conformal_isometry: 0.3, capacity: 0, length: 0}"
	k := gridcell.IdealHexagonal(0.5, 12).WaveVectors()
	var maps []gridcell.Map
	for i := range 6 {
		maps = append(maps, gridcell.IdealGrid(k, float64(i)/6, float64(i*i)/7, 24, 2))
	}
	done := func(p *Parameters, key string) error {
		section, rest, _ := strings.Cut(key, ".")
		switch {
		case slices.Contains([]string{"network", "batch", "loss", "optimiser"}, section):
			return compute.Spec{Network: p.Network, Batch: p.Batch, Loss: p.Loss, Optimiser: p.Optimiser}.Check()
		case section == "analysis":
			_, err := gridcell.Analyze(context.Background(), maps, p.Analysis.Options())
			return err
		case section == "embedding":
			return p.Embedding.Topology(1).Check()
		case strings.HasPrefix(rest, "motion"):
			_, err := p.Evaluation.Motion.Draw(1, 2, 0, 10)
			return err
		case strings.HasSuffix(key, "colours"):
			for _, c := range []sheet.Colours{p.Figures.RateColours, p.Figures.Figure1.CorrelationColours, p.Figures.Figure6.PowerColours} {
				if c.Map() == nil {
					return fmt.Errorf("no colour map %s", c)
				}
			}
		case key == "results.dpi":
			_, _, err := figure.Render(figure.Page{Title: "nothing", Height: 1, DPI: int(p.Results.DPI)}, func(*figure.Canvas) {})
			return err
		}
		return nil
	}
	for _, p := range params.List(Profile{}) {
		inside, outside := 0, 0
		for _, value := range around(p) {
			sets := []string{"batch.pairs=0", "optimiser.warmup_steps=0", "optimiser.final_rate=0", p.Key + "=" + value}
			if strings.HasPrefix(p.Key, "pretraining.") {
				sets[0] = pretraining
			}
			read, err := ReadParameters("../../params/smoke.yaml", sets)
			_, must, _ := strings.Cut(fmt.Sprint(err), ", must be ")
			switch {
			case err == nil:
				if err := done(read, p.Key); err != nil {
					t.Errorf("%s=%s is read, and then refused: %v", p.Key, value, err)
				}
				inside++
			case strings.HasSuffix(p.Range, must) && strings.Contains(err.Error(), p.Key):
				outside++
			default: // a value that is impossible together with others
				inside++
			}
		}
		if p.Range != "" && (inside == 0 || outside == 0) && !strings.HasSuffix(p.Range, "values") {
			t.Errorf("%s, %s: %d values are inside, %d outside", p.Key, p.Range, inside, outside)
		}
	}
}
