package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/outfile"
	"sicgrid/pkg/usage"
	"sicgrid/stages/compare"
	"sicgrid/stages/experiment"
	"sicgrid/stages/layout"
	"sicgrid/stages/source"
	"sicgrid/stages/tablefile"
)

func newCompareCommand() *cobra.Command {
	var flags compareFlags
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Say in which parameters and numbers two sets of results differ, and set their figures side by side",
		Long: "Say in which parameters two sets of results differ, and in which numbers of their figures, beside what seeds differ\n" +
			"by, and set the figures side by side. A and B are each one of\n" +
			"  laptop, params/mine.yaml        a profile: what lies in artifacts/laptop\n" +
			"  seed=2, 'paper loss.sigma_g=0.5'  settings over --params, or over the profile before them\n" +
			"  artifacts/laptop/seed=2         a folder with the JSON files of figures, of whomever\n" +
			"  report/0, report/0/full         a point of a sweep, by its number or name, and one of its networks\n" +
			"  HEAD~3, HEAD~3:some/folder      a commit: what it has in artifacts/published, or in a folder\n" +
			"Nothing is computed. Numbers that other seeds of the same settings have as well, in folders beside, have a spread.",
		Example: "  sicgrid compare laptop seed=2\n" +
			"  sicgrid compare laptop smoke --json\n" +
			"  sicgrid compare artifacts/laptop seed=2 --html compared.html",
		Args: takes(2, 2, "two sets of results"),
		RunE: func(cmd *cobra.Command, args []string) error { return compareSides(cmd, flags, args) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.params, "params", experiment.DefaultProfile, "profile that settings are over, a `FILE` or the name of one in params/")
	f.StringVar(&flags.html, "html", "", "write a page to this `FILE`, which needs no other")
	f.BoolVar(&flags.json, "json", false, "print all of it as JSON")
	return cmd
}

// publishedDir holds the figures that the repository shows.
const publishedDir = "artifacts/published"

type compareFlags struct {
	params string
	html   string
	json   bool
}

func compareSides(cmd *cobra.Command, flags compareFlags, args []string) error {
	if flags.html != "" {
		if err := outfile.Check([]string{flags.html}, nil); err != nil {
			return err
		}
	}
	var sides [2]compare.Side
	for i, text := range args {
		var err error
		if sides[i], err = flags.side(text); err != nil {
			return err
		}
	}
	c := compare.Compare(sides[0], sides[1])
	if flags.html != "" {
		page, err := c.HTML()
		if err != nil {
			return err
		}
		sayReplaced(cmd, flags.html, tablefile.FirstLine(page))
		if err := outfile.Write(cmd.Context(), flags.html, page); err != nil {
			return err
		}
	}
	if flags.json {
		return jsontext.Write(cmd.OutOrStdout(), c)
	}
	if flags.html != "" {
		return nil
	}
	return c.Print(cmd.OutOrStdout(), verbosityOf(cmd) > 0)
}

// side finds what one of the two arguments means.
func (f *compareFlags) side(text string) (compare.Side, error) {
	if info, err := os.Stat(text); err == nil && info.IsDir() {
		return compare.Folder(text, text, foldersBeside(text))
	}
	if strings.Contains(text, "=") {
		return f.settings(text)
	}
	if name, rest, ok := strings.Cut(text, "/"); ok {
		if path, err := experiment.SweepPath(experiment.ProfilesDir, name); err == nil {
			return pointSide(text, path, rest)
		}
	}
	path, unknown := experiment.ProfilePath(text)
	if unknown == nil {
		_, unknown = os.Stat(path)
	}
	if unknown == nil {
		return profileSide(text, path, nil)
	}
	if s, found, err := commitSide(text); found {
		return s, err
	}
	return compare.Side{}, usage.Errorf("%q: must be a profile, settings such as seed=2, a folder of figures, a point of a sweep such as report/0, or a commit (as a profile: %v)", text, unknown)
}

// settings is the side of some settings over a profile.
func (f *compareFlags) settings(text string) (compare.Side, error) {
	profile, sets := f.params, strings.Fields(text)
	if !strings.Contains(sets[0], "=") {
		profile, sets = sets[0], sets[1:]
	}
	path, err := experiment.ProfilePath(profile)
	if err != nil {
		return compare.Side{}, err
	}
	return profileSide(text, path, sets)
}

// profileSide is what lies in the folder of a profile, with its parameters as they are now.
func profileSide(name, path string, sets []string) (compare.Side, error) {
	p, err := experiment.ReadParameters(path, sets)
	if err != nil {
		return compare.Side{}, err
	}
	data, err := json.Marshal(p.Profile)
	if err != nil {
		return compare.Side{}, err
	}
	own := compare.ParametersOf(data)
	dir := layout.Path(p.Name, "", sets)
	s, err := compare.Folder(name, dir, foldersBeside(dir))
	if errors.Is(err, fs.ErrNotExist) { // its parameters can be compared all the same
		said := experiment.ProfileFlags(path, sets)
		return compare.Side{Name: name, Where: dir, Parameters: own, Note: "nothing has been drawn of it; run: sicgrid run all" + said}, nil
	}
	if err != nil {
		return s, err
	}
	for key, value := range own {
		if drawn, ok := s.Parameters[key]; ok && drawn != value {
			s.Note = fmt.Sprintf("its figures were drawn with %s %s, which is %s in the profile now; sicgrid run all draws them anew", key, drawn, value)
		}
	}
	return s, nil
}

// foldersBeside are the folders in which the same profile's figures of other seeds may lie.
func foldersBeside(dir string) []string {
	profile := dir
	if parent := filepath.Dir(dir); filepath.Base(parent) != "artifacts" && filepath.Base(dir) != "artifacts" && filepath.Base(filepath.Dir(parent)) == "artifacts" {
		profile = parent
	}
	folders := []string{profile}
	entries, err := os.ReadDir(profile)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, filepath.Join(profile, e.Name()))
		}
	}
	slices.Sort(folders)
	return folders
}

// pointSide is a point of a sweep, in the table that the sweep has laid out, or in the one that the
// repository shows.
func pointSide(text, path, point string) (compare.Side, error) {
	_, f, err := experiment.ReadSweepFile(path)
	if err != nil {
		return compare.Side{}, err
	}
	point, variant, _ := strings.Cut(point, "/")
	name := experiment.SweepPrefix + experiment.SweepName(path) + ".csv"
	profile := strings.TrimSuffix(filepath.Base(f.BasePath(path)), filepath.Ext(f.BasePath(path)))
	for _, file := range []string{filepath.Join(layout.Path(profile, "", nil), name), filepath.Join(publishedDir, name)} {
		if _, err := os.Stat(file); err == nil {
			return compare.Point(text, file, point, variant)
		}
	}
	return compare.Side{}, fmt.Errorf("the sweep %s has no table yet; run: sicgrid sweep %s", experiment.SweepName(path), experiment.SweepName(path))
}

// commitSide is what a commit has of figures, if the text names one.
func commitSide(text string) (s compare.Side, found bool, err error) {
	root := source.Tree()
	commit, folder, named := strings.Cut(text, ":")
	if !named {
		folder = publishedDir
	}
	if root == "" {
		return s, false, nil
	}
	out, err := exec.Command("git", "-C", root, "rev-parse", "--verify", "--quiet", "--end-of-options", commit+"^{commit}").Output()
	if err != nil {
		return s, false, nil
	}
	s, err = compare.Commit(text, root, strings.TrimSpace(string(out)), filepath.ToSlash(folder))
	return s, true, err
}
