package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/publication"
	"sicgrid/pkg/store/remote"
)

// publishFlags are those of publish.
type publishFlags struct {
	graphFlags
	title    string
	licence  string
	citation string
	dryRun   bool
	json     bool
}

func newPublishCommand() *cobra.Command {
	var flags publishFlags
	cmd := &cobra.Command{
		Use:   "publish FOLDER|URL [TARGET...]",
		Short: "Make of figures, and all that they rest on, a folder for a data archive or an image in a registry",
		Long: "Publish figures and tables with every result behind them: a folder to be handed to a data archive, with checksums, a\n" +
			"README that says where all of it came from, a licence and how to cite it; or, where URL is oci://registry/name:tag, the\n" +
			"same files as an image in a registry of containers. They have to be up to date. The same results give the same files:\n" +
			"whoever computes them again gets the digest that is printed, which --dry-run says without sending anything.\n" +
			"Credentials of a registry are those of `docker login`. sicgrid fetch takes it from there.",
		Example: "  sicgrid publish grid-cells/ figure-4 figure-6\n" +
			"  sicgrid publish oci://ghcr.io/our-lab/grid-cells:v1 figure-6",
		Args: takes(1, -1, "a folder or the address of an image, and what to publish"),
		RunE: func(cmd *cobra.Command, args []string) error { return flags.publish(cmd, args[0], args[1:]) },
	}
	flags.add(cmd)
	flags.addName(cmd)
	set := cmd.Flags()
	set.StringVar(&flags.title, "title", "", "`TEXT` above the README; by default the targets and the profile")
	set.StringVar(&flags.licence, "licence", "LICENSE", "`FILE` with the licence")
	set.StringVar(&flags.citation, "citation", "CITATION.cff", "`FILE` that says how to cite it")
	set.BoolVar(&flags.dryRun, "dry-run", false, "print the digest and the size, and write nothing")
	set.BoolVar(&flags.json, "json", false, "print the answer as JSON")
	return cmd
}

// published is what publish answers.
type published struct {
	To      string `json:"to"`
	Digest  string `json:"digest"` // of the image's manifest
	Files   int    `json:"files"`
	Results int    `json:"results"`
	Bytes   int64  `json:"bytes"`
	Written bool   `json:"written"`
}

func (f *publishFlags) publish(cmd *cobra.Command, to string, targets []string) error {
	s, err := f.look(targets)
	if err != nil {
		return err
	}
	p, err := f.gather(s)
	if err != nil {
		return err
	}
	files, err := p.Files()
	if err != nil {
		return err
	}
	manifest, err := remote.Manifest(files, p.Annotations())
	inImage := strings.Contains(to, "://")
	if err != nil && (inImage || f.dryRun) {
		return err
	}
	done := published{To: to, Files: len(files), Results: len(p.Results), Written: !f.dryRun}
	if err == nil { // else there is too much for one image
		sum := sha256.Sum256(manifest)
		done.Digest = "sha256:" + hex.EncodeToString(sum[:])
	}
	for _, file := range files {
		done.Bytes += int64(len(file.Data)) + file.Bytes
	}
	err = nil
	switch {
	case f.dryRun:
	case inImage:
		show := progress.NewWork(cmd.ErrOrStderr(), verbosityOf(cmd) < 0)
		done.Digest, err = remote.Publish(cmd.Context(), to, s.options.Store, files, p.Annotations(), func(n, total int64) { show.UpdateBytes("sent", n, total) })
		show.Close()
	default:
		err = publication.WriteFolder(cmd.Context(), to, s.options.Store, files)
	}
	if err != nil {
		return err
	}
	return done.print(cmd, f.json)
}

func (d published) print(cmd *cobra.Command, asJSON bool) error {
	if asJSON {
		return printJSON(cmd.OutOrStdout(), d)
	}
	verb := "published"
	if !d.Written {
		verb = "would publish"
	}
	if verbosityOf(cmd) >= 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "%s %d results in %d files of %s in %s\ndigest %s\n", verb, d.Results, d.Files, megabytes(d.Bytes), d.To, d.Digest)
	}
	return nil
}

// gather is what there is to publish; all of it has to be up to date.
func (f *publishFlags) gather(s *session) (*publication.Publication, error) {
	nodes, err := pipeline.Status(s.graph, s.options)
	if err != nil {
		return nil, err
	}
	p := &publication.Publication{Title: f.title, Figures: map[string][]byte{}}
	results := map[string]result{}
	for _, n := range nodes {
		if !n.Current() {
			return nil, fmt.Errorf("%s is not up to date: `sicgrid run%s%s` makes it", n.Node.Name, targetsText(s.targets), s.said)
		}
		a, err := s.options.Store.Lookup(n.Key, n.Numerics, true)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; `sicgrid run%s%s` fetches or makes it", n.Node.Name, err, targetsText(s.targets), s.said)
		}
		results[n.Node.Name] = result{n.Key, n.Numerics, a}
		p.Results = append(p.Results, publication.Result{Name: n.Node.Name, Action: a})
	}
	laidOut, err := s.figureFiles(results)
	if err != nil {
		return nil, err
	}
	for _, file := range laidOut {
		p.Figures[filepath.Base(file.Path)] = file.Data
	}
	if p.Licence, err = f.given("licence", f.licence); err != nil {
		return nil, err
	}
	if p.Citation, err = f.given("citation", f.citation); err != nil {
		return nil, err
	}
	s.describe(p)
	return p, nil
}

// given reads a file that goes along as it is.
func (f *publishFlags) given(flag, path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("--%s %s: cannot be read; name the file that goes along", flag, path)
	}
	return data, nil
}

func targetsText(targets []string) string {
	if len(targets) == 0 {
		return " all"
	}
	return " " + strings.Join(targets, " ")
}

// describe says what the publication is, where it came from, and how to go on from it.
func (s *session) describe(p *publication.Publication) {
	profile := s.parameters.Name
	if p.Title == "" {
		p.Title = fmt.Sprintf("sicgrid:%s of the profile %s", targetsText(s.targets), profile)
	}
	p.Made = append(p.Made, fmt.Sprintf("made by sicgrid at commit %s", strings.Join(p.Commits(), ", ")),
		fmt.Sprintf("profile %s, seed %d", profile, s.parameters.Seed))
	for _, set := range s.parameters.Sets {
		p.Made = append(p.Made, "with --set "+set)
	}
	p.Use = "## Going on from it\n\nIn a checkout of sicgrid at the commit above, with this folder's path in place of FOLDER:\n\n" +
		"    sicgrid pull file://FOLDER/results\n" +
		fmt.Sprintf("    sicgrid run%s --params %s%s\n", targetsText(s.targets), profile, setFlags(s.parameters.Sets)) +
		"\nThat checks every result, and lays the figures out without computing anything.\n" +
		fmt.Sprintf("`sicgrid verify%s --rerun` computes them again.\n", targetsText(s.targets))
}
