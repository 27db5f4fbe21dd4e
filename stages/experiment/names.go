package experiment

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"sicgrid/pkg/params"
	"sicgrid/pkg/usage"
)

// Names of profiles, sweeps and variants become folders, files and parts of commands, so they are
// checked before anything else is.

// longestName is how many bytes a name may have: endings are put behind it, and no file system
// takes more than 255.
const longestName = 100

const mustBePlain = "letters, digits and . _ + = , - alone, the first a letter or digit, at most 100 bytes"

// PlainName says whether a name is one that every file system and shell takes as it is.
func PlainName(name string) bool {
	for i, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && (i == 0 || !strings.ContainsRune("._+=,-", r)) {
			return false
		}
	}
	return name != "" && len(name) <= longestName && !strings.HasSuffix(name, ".")
}

// reservedNames are those of the folders and files in artifacts/ that are no profile's.
var reservedNames = []string{"store", "published", "pinned", "readme.md"}

// checkProfileName finds a profile whose figures would land on something else, or nowhere.
func checkProfileName(name string, doc *params.Document) error {
	lower := strings.ToLower(name) // some file systems know no difference
	switch {
	case !PlainName(name):
		return doc.Errorf("", "found the name %q of the profile, must be %s", name, mustBePlain)
	case slices.Contains(reservedNames, lower) || strings.HasPrefix(lower, "lock."):
		return doc.Errorf("", "found the name %q of the profile, must be another: artifacts/%s is no profile's", name, lower)
	}
	return nil
}

// checkSweepName finds a sweep whose files would land on something else, or nowhere.
func checkSweepName(name string, doc *params.Document) error {
	switch {
	case !PlainName(name):
		return doc.Errorf("", "found the name %q of the sweep, must be %s", name, mustBePlain)
	case strings.HasSuffix(name, PointsEnding):
		return doc.Errorf("", "found the name %q of the sweep, must not end in %s, as the table of points of another does", name, PointsEnding)
	}
	return nil
}

// PointsEnding is what the file of a sweep's points has behind its name.
const PointsEnding = "-points"

// ProfilesDir is where a profile is looked for that is given by its name alone.
const ProfilesDir = "params"

// DefaultProfile is the one that is meant where none is given.
const DefaultProfile = ProfilesDir + "/laptop.yaml"

// ProfileFlags are the flags that choose a profile and settings over it, as a shell takes them:
// " --params params/smoke.yaml --set seed=2". The default profile needs none.
func ProfileFlags(path string, sets []string) string {
	text := ""
	if path != DefaultProfile {
		text = usage.Words("--params", path)
	}
	return text + usage.Repeated("--set", sets)
}

// ProfilePath is the file of a profile by its name, which is that of a file in ProfilesDir, or by
// its path.
func ProfilePath(name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) || filepath.Ext(name) == ".yaml" || filepath.Ext(name) == ".yml" {
		return name, nil
	}
	path := filepath.Join(ProfilesDir, name+".yaml")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if _, err := os.Stat(name); err == nil { // a file without ending
		return name, nil
	}
	var names []string
	for _, file := range yamlFiles(ProfilesDir) {
		if !IsSweep(file) {
			names = append(names, strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
		}
	}
	if near := params.Nearest(name, names); len(near) > 0 {
		return "", unknownf("unknown profile %q, did you mean %s?", name, strings.Join(near, " or "))
	}
	if len(names) == 0 {
		return "", unknownf("unknown profile %q: there is no %s", name, path)
	}
	return "", unknownf("unknown profile %q, must be one of %s, or a file", name, strings.Join(names, ", "))
}

// yamlFiles are the files of a folder that end in .yaml, whatever the characters of its name.
func yamlFiles(dir string) []string {
	entries, _ := os.ReadDir(dir) // a folder that there is not has none
	var files []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".yaml" && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files
}
