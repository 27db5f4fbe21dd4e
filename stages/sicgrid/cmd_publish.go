package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/publication"
	"sicgrid/pkg/store/remote"
	"sicgrid/pkg/usage"
	"sicgrid/stages/publish"
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
	s, err := f.Look(targets)
	if err != nil {
		return err
	}
	p := &publication.Publication{Title: f.title}
	if p.Licence, err = given("licence", f.licence); err != nil {
		return err
	}
	if p.Citation, err = given("citation", f.citation); err != nil {
		return err
	}
	if err := publish.Gather(p, s); err != nil {
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
		done.Digest, err = remote.Publish(cmd.Context(), to, s.Options.Store, files, p.Annotations(), func(n, total int64) { show.UpdateBytes("sent", n, total) })
		show.Close()
	default:
		err = publication.WriteFolder(cmd.Context(), to, s.Options.Store, files)
	}
	if err != nil {
		return err
	}
	return done.print(cmd, f.json)
}

func (d published) print(cmd *cobra.Command, asJSON bool) error {
	if asJSON {
		return jsontext.Write(cmd.OutOrStdout(), d)
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

// given reads a file that goes along as it is.
func given(flag, path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usage.Errorf("--%s %s: cannot be read; name the file that goes along", flag, path)
	}
	return data, nil
}
