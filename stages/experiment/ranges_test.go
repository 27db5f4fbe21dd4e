package experiment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/params"
)

func TestEveryDeclarationIsWellFormed(t *testing.T) {
	if err := params.Declared(Profile{}); err != nil {
		t.Fatal(err)
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

// There is no second range: gridcell makes modules with whatever the profile may ask for.
func TestModulesAreMadeAtTheLimitsOfTheRanges(t *testing.T) {
	k := gridcell.IdealHexagonal(0.5, 12).WaveVectors()
	var maps []gridcell.Map
	for i := range 6 {
		maps = append(maps, gridcell.IdealGrid(k, float64(i)/6, float64(i*i)/7, 24, 2))
	}
	for _, set := range []string{
		"analysis.active_fraction=0", "analysis.active_fraction=1", "analysis.module_units=2", "analysis.module_score=-2", "analysis.module_score=2",
		"analysis.module_period_ratio=1.0000001", "analysis.module_orientation_deg=1e-9", "analysis.module_orientation_deg=30",
		"analysis.module_misfit=1e-9", "analysis.module_core_distance=1e-9",
	} {
		p, err := ReadParameters("../../params/smoke.yaml", []string{set})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gridcell.Analyze(context.Background(), maps, p.Analysis.Options()); err != nil {
			t.Errorf("%s is read and then refused: %v", set, err)
		}
	}
}

// A value outside of any parameter's range is an error at its key.
func TestNoParameterIsTakenOutsideItsRange(t *testing.T) {
	tried := 0
	for _, p := range params.List(Profile{}) {
		if p.Range == "" || strings.HasPrefix(p.Key, "pretraining") || slices.Contains([]string{"mapping", "bool"}, p.Type) {
			continue
		}
		value := "-1e9"
		if strings.HasPrefix(p.Type, "list") || strings.HasPrefix(p.Type, "[]") {
			value = "[-1e9]"
		}
		_, err := ReadParameters("../../params/smoke.yaml", []string{fmt.Sprintf("%s=%s", p.Key, value)})
		if err == nil || !strings.Contains(err.Error(), p.Key) {
			t.Errorf("%s=%s: %v", p.Key, value, err)
		}
		tried++
	}
	if tried < 60 {
		t.Errorf("only %d parameters have a range", tried)
	}
}
