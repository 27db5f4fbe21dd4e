package cite

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"sicgrid/stages/exchange"
)

func TestTheVersionIsThatOfTheCitationFile(t *testing.T) {
	data, err := os.ReadFile("../../CITATION.cff")
	if err != nil {
		t.Fatal(err)
	}
	var cff struct {
		Version   string `yaml:"version"`
		Released  string `yaml:"date-released"`
		Preferred struct {
			Title string `yaml:"title"`
			Year  int    `yaml:"year"`
		} `yaml:"preferred-citation"`
	}
	if err := yaml.Unmarshal(data, &cff); err != nil {
		t.Fatal(err)
	}
	if cff.Version != Version || cff.Released != Released {
		t.Errorf("CITATION.cff has version %s of %s, the program %s of %s", cff.Version, cff.Released, Version, Released)
	}
	if !strings.Contains(Result{Stages: []Stage{{}}}.BibTeX(), cff.Preferred.Title) || cff.Preferred.Year != 2023 {
		t.Errorf("BibTeX has another paper than %q", cff.Preferred.Title)
	}
}

func TestTheParagraphSaysWhereEverythingIsFrom(t *testing.T) {
	r := Result{
		Name: "figure-6", Profile: "laptop", Seed: 1, Set: []string{"loss.sigma_g=0.5"}, Digest: "abcdef0123456789abcdef", Command: "bin/sicgrid run figure-6",
		Stages: []Stage{
			{Name: "train/a", Stage: "train", Commit: "c1", Numerics: "amd64-avx2", Device: "cpu", Steps: 100, Pinned: true},
			{Name: "train/b", Stage: "train", Commit: "c1", Numerics: "vulkan", Device: "gpu", Steps: 50, Fetched: "s3://x"},
			{Name: "train/c", Stage: "import", Commit: "c2", Numerics: "amd64-avx2", Foreign: &exchange.Provenance{From: "A. Colleague", File: "w.npz", SHA256: "99"}},
			{Name: "figure-6", Stage: "figures", Commit: "c2", Numerics: "amd64-avx2", Started: "2027-03-01T00:00:00Z"},
		},
	}
	for _, want := range []string{"Figure 6 was made with sicgrid " + Version + " (commit c2), profile laptop, seed 1, with loss.sigma_g=0.5.", "rests on 3 stages", "2 trainings of 150 optimiser steps in all on cpu and gpu",
		"numerics amd64-avx2 and vulkan", "by the commits c1.", "A. Colleague (file w.npz, SHA-256 99)", "1 result came with the repository and was not", "1 result fetched from s3://x", "digest abcdef0123456789abcdef"} {
		if got := r.Paragraph(); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, want := range []string{"year    = {2027}", "Commit c2, figure-6, digest abcdef0123456789"} {
		if got := r.BibTeX(); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
