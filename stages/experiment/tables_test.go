package experiment

import (
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"sicgrid/pkg/artifact"
	"sicgrid/stages/batch/batchtable"
	"sicgrid/stages/claims/claimstable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/ideal/idealtable"
	"sicgrid/stages/integration/integrationtable"
	"sicgrid/stages/outcome/outcometable"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/selection/selectiontable"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/sweep/sweeptable"
	"sicgrid/stages/train/traintable"
	"sicgrid/stages/trajectories/trajectoriestable"
)

// Whoever reads a table shares the types of its rows, and none of the code that made it: the
// packages of rows import nothing but each other, and the names of the loss's terms.
func TestRowTypesBringNoMathematics(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{join .Imports " "}}`, "sicgrid/stages/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		if !strings.HasSuffix(pkg, "table") {
			continue
		}
		found++
		for _, imported := range strings.Fields(imports) {
			if !strings.HasSuffix(imported, "table") && imported != "sicgrid/pkg/sic/loss" { // which names the terms
				t.Errorf("%s imports %s", pkg, imported)
			}
		}
	}
	if found < 13 {
		t.Errorf("%d packages of rows, want one a stage that makes tables", found)
	}
}

func columns[T any](t *testing.T) (string, []artifact.Column) {
	t.Helper()
	rec, err := artifact.FromRows([]T{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return reflect.TypeFor[T]().String(), artifact.Columns(rec.Schema())
}

func TestEveryColumnSaysWhatItMeans(t *testing.T) {
	for _, of := range []func(*testing.T) (string, []artifact.Column){
		columns[trajectoriestable.Walk], columns[traintable.Tensor], columns[traintable.Losses], columns[selectiontable.Attempt],
		columns[ratemapstable.Map], columns[ratemapstable.Occupancy], columns[ratemapstable.State],
		columns[spectratable.Unit], columns[spectratable.Autocorrelogram], columns[spectratable.Module], columns[spectratable.Spectrum], columns[spectratable.Summary],
		columns[distancestable.Density], columns[distancestable.Lag], columns[distancestable.Summary],
		columns[integrationtable.Lag], columns[integrationtable.Error], columns[integrationtable.Return], columns[integrationtable.Range], columns[integrationtable.Summary],
		columns[embedtable.Component], columns[embedtable.Point], columns[embedtable.Eigenvalue], columns[embedtable.Interval], columns[embedtable.Topology],
		columns[claimstable.Claim], columns[claimstable.Finding],
		columns[idealtable.Step], columns[idealtable.Place], columns[idealtable.Growth], columns[idealtable.Distance], columns[idealtable.Leg], columns[idealtable.Rate],
		columns[batchtable.State], columns[batchtable.Quantile], columns[batchtable.Summary],
		columns[outcometable.Row], columns[outcometable.Example], columns[sweeptable.Run], columns[sweeptable.Point], columns[sweeptable.Example],
	} {
		name, list := of(t)
		for _, c := range list {
			if c.Meaning == "" {
				t.Errorf("%s: column %s does not say what it means", name, c.Name)
			}
		}
	}
}
