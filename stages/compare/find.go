package compare

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

	"sicgrid/pkg/usage"
	"sicgrid/stages/experiment"
	"sicgrid/stages/layout"
	"sicgrid/stages/source"
)

// Find finds what one of two texts means, of which either is a profile, settings over one (over
// the profile of a command line, if they name none), a folder of figures, a point of a sweep, or a
// commit.
func Find(text, profile string) (Side, error) {
	if info, err := os.Stat(text); err == nil && info.IsDir() {
		return readFolder(text, text, foldersBeside(text))
	}
	if strings.Contains(text, "=") {
		return settingsSide(text, profile)
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
	return Side{}, usage.Errorf("%q: must be a profile, settings such as seed=2, a folder of figures, a point of a sweep such as report/0, or a commit (as a profile: %v)", text, unknown)
}

// settingsSide is the side of some settings over a profile.
func settingsSide(text, profile string) (Side, error) {
	sets := strings.Fields(text)
	if !strings.Contains(sets[0], "=") {
		profile, sets = sets[0], sets[1:]
	}
	path, err := experiment.ProfilePath(profile)
	if err != nil {
		return Side{}, err
	}
	return profileSide(text, path, sets)
}

// profileSide is what lies in the folder of a profile, with its parameters as they are now.
func profileSide(name, path string, sets []string) (Side, error) {
	p, err := experiment.ReadParameters(path, sets)
	if err != nil {
		return Side{}, err
	}
	data, err := json.Marshal(p.Profile)
	if err != nil {
		return Side{}, err
	}
	own := parametersOf(data)
	dir := layout.Path(p.Name, "", sets)
	s, err := readFolder(name, dir, foldersBeside(dir))
	if errors.Is(err, fs.ErrNotExist) { // its parameters can be compared all the same
		said := experiment.ProfileFlags(path, sets)
		return Side{Name: name, Where: dir, Parameters: own, Note: "nothing has been drawn of it; run: sicgrid run all" + said}, nil
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
func pointSide(text, path, point string) (Side, error) {
	_, f, err := experiment.ReadSweepFile(path)
	if err != nil {
		return Side{}, err
	}
	point, variant, _ := strings.Cut(point, "/")
	name := experiment.SweepPrefix + experiment.SweepName(path) + ".csv"
	profile := strings.TrimSuffix(filepath.Base(f.BasePath(path)), filepath.Ext(f.BasePath(path)))
	for _, file := range []string{filepath.Join(layout.Path(profile, "", nil), name), filepath.Join(layout.Published, name)} {
		if _, err := os.Stat(file); err == nil {
			return readPoint(text, file, point, variant)
		}
	}
	return Side{}, fmt.Errorf("the sweep %s has no table yet; run: sicgrid sweep %s", experiment.SweepName(path), experiment.SweepName(path))
}

// commitSide is what a commit has of figures, if the text names one.
func commitSide(text string) (s Side, found bool, err error) {
	root := source.Tree()
	commit, folder, named := strings.Cut(text, ":")
	if !named {
		folder = layout.Published
	}
	if root == "" {
		return s, false, nil
	}
	out, err := exec.Command("git", "-C", root, "rev-parse", "--verify", "--quiet", "--end-of-options", commit+"^{commit}").Output()
	if err != nil {
		return s, false, nil
	}
	s, err = readCommit(text, root, strings.TrimSpace(string(out)), filepath.ToSlash(folder))
	return s, true, err
}
