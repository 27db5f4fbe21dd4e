package experiment

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sicgrid/stages/claims"
	"sicgrid/stages/figures/figure7"
)

// A sweep that starts networks another way than its profile says so.
func TestASweepSaysWhatItsNetworksStartFrom(t *testing.T) {
	p, err := ReadParameters("../../params/copies.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]string{
		"{}": "all loss terms, " + fromCopies,
		"{variants: {full: {pretraining: {separate: true, rotations_deg: [0, 0, 0]}}}}": "all loss terms, " + fromSeparate,
	} {
		path := filepath.Join(t.TempDir(), "sweep-start.yaml")
		text := "base: copies.yaml\nfigure: overview\nbox_m: 4\nvariants: [full]\nseeds: {finding: [11]}\nset: " + set + "\ndesigns: {one: {list: {it: {}}}}\n"
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := ReadSweep(path, p, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.titles["full"]; got != want {
			t.Errorf("the network of a sweep that sets %s is called %q, want %q", set, got, want)
		}
	}
}

func TestATitleSaysWhatTheParametersSay(t *testing.T) {
	for _, c := range []struct {
		profile string
		sets    []string
		network string
		want    string
	}{
		{"smoke", nil, "full", "all loss terms"},
		{"smoke", nil, "no-capacity", "without the capacity term"},
		{"smoke", nil, "no-isometry", "without the isometry term"},
		{"smoke", nil, "no-separation", "without separation"},
		{"smoke", nil, "no-invariance", "without invariance"},
		{"smoke", nil, "no-permutations", "independent walks"},
		{"smoke", nil, "pytorch-init", "PyTorch initialisation"},
		{"smoke", nil, "sigma-g-02", "σ_g = 0.2"},
		{"smoke", []string{"ablate.sigma-g-02.loss.sigma_g=0.35"}, "sigma-g-02", "σ_g = 0.35"},
		{"smoke", []string{"ablate.no-separation.loss.separation=0.5"}, "no-separation", "weight of separation = 0.5"},
		{"smoke", []string{"loss.sigma_g=0.2"}, "sigma-g-02", "all loss terms"},
		{"smoke", []string{"ablate.pytorch-init.network.init_scale=2"}, "pytorch-init", "PyTorch initialisation, scale of initialisation = 2"},
		{"smoke", []string{"ablate.sigma-g-01.network.init_scale=1"}, "sigma-g-01", "σ_g = 0.1, scale of initialisation = 1"},
		{"paper", nil, "identity-init", "identity initialisation"},
		{"laptop", nil, "sigma-g-01", "σ_g = 0.1"}, // of fewer attempts, which is bookkeeping
		{"laptop", nil, "no-capacity", "without the capacity term"},
		{"laptop", nil, "full", "all loss terms, from networks trained apart"},
		{"copies", nil, "full", "all loss terms, from copies of one lattice"},
		{"laptop", nil, "from-scratch", "all loss terms, from random initialisation"},
	} {
		p, err := ReadParameters("../../params/"+c.profile+".yaml", c.sets)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.titles()[c.network]; got != c.want {
			t.Errorf("%s %v: %s is called %q, want %q", c.profile, c.sets, c.network, got, c.want)
		}
		// What the figure is handed is what it says.
		if drawn := Wire(p, Device{}).Node("figure-7").Params.(figure7.Params); drawn.Titles.Of(c.network) != c.want {
			t.Errorf("figure 7 is handed %q, want %q", drawn.Titles.Of(c.network), c.want)
		}
	}
}

func TestClaimsFindTheirNetworksByHowTheyAreTrained(t *testing.T) {
	for _, profile := range []string{"smoke", "laptop", "paper"} {
		p, err := ReadParameters("../../params/"+profile+".yaml", []string{"ablate.sigma-g-02.loss.sigma_g=0.35"})
		if err != nil {
			t.Fatal(err)
		}
		judged := Wire(p, Device{}).Node("claims/" + ResultsName).Params.(claims.Params)
		differences := judged.Differences
		for variant, want := range map[string]string{"sigma-g-02": "loss.sigma_g=0.35", "sigma-g-01": "loss.sigma_g=0.1", "no-permutations": "batch.permute=false",
			"no-separation": "loss.separation=0", "no-invariance": "loss.invariance=0", "no-isometry": "loss.conformal_isometry=0"} {
			if !slices.Contains(differences[variant], want) {
				t.Errorf("%s: %s differs from what it is an ablation of in %v, want %s", profile, variant, differences[variant], want)
			}
		}
		if reference := judged.Reference; reference != map[bool]string{true: "from-scratch", false: "full"}[profile == "laptop"] || len(differences[reference]) > 0 {
			t.Errorf("%s: the ablations are of %s, which differs from itself in %v", profile, reference, differences[reference])
		}
	}
}
