package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sicgrid/pkg/outfile"
	"sicgrid/stages/experiment"
)

// Figures and tables are laid out in a folder: artifacts/<profile> of a profile as its file says it. What was
// made with --set has a folder of its own in there, named after the settings or by --name, so that the figures
// of one folder are always of the same parameters. A file in the folder says which, and what was laid out, by
// which the program knows its own files from those that somebody has altered or put there.

// contentsFile is the name of that file.
const contentsFile = "contents.json"

// contents is what it holds.
type contents struct {
	Profile string            `json:"profile"`
	Set     []string          `json:"set"`
	Files   map[string]string `json:"files"` // SHA-256 as laid out
}

// readContents reads the contents of a folder; one that says nothing, or nothing that can be read, holds no file of ours.
func readContents(folder string) (c contents, found bool) {
	path := filepath.Join(folder, contentsFile)
	if outfile.Existing(path) == nil {
		return c, false
	}
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &c) != nil {
		return contents{}, false
	}
	return c, true
}

// longestSettings is how many bytes of a folder's name the settings may have.
const longestSettings = 60

// settingsName is the name of the folder of what was made with these settings, in their order.
func settingsName(sets []string) string {
	text := strings.Join(sets, ",")
	name := strings.Map(func(r rune) rune {
		if experiment.PlainName("x" + string(r) + "x") {
			return r
		}
		return '_'
	}, text)
	name = strings.ToValidUTF8(name[:min(len(name), longestSettings)], "")
	if name != text || !experiment.PlainName(name) { // others may come to the same
		sum := sha256.Sum256([]byte(strings.Join(sets, "\x00")))
		name = "set-" + strings.Trim(name, "._+=,-") + "-" + hex.EncodeToString(sum[:3])
	}
	return name
}

// figuresFolder is where the files of a profile land that were made with the flags' settings.
func (f *graphFlags) figuresFolder(profile string) string {
	folder := filepath.Join("artifacts", profile)
	switch {
	case f.name != "":
		return filepath.Join(folder, f.name)
	case len(f.sets) > 0:
		return filepath.Join(folder, settingsName(f.sets))
	}
	return folder
}

// checkFolder finds a folder that holds what was made with other settings, or where none can be, before anything is made.
func (s *session) checkFolder() error {
	if !slices.ContainsFunc(s.graph.Nodes(), laysOut) {
		return nil
	}
	for at := s.folder; at != "."; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && !info.IsDir() {
			return fmt.Errorf("cannot lay out figures in %s: %s is no folder; move it away", s.folder, at)
		}
	}
	if c, found := readContents(s.folder); found && !slices.Equal(c.Set, s.parameters.Sets) {
		with := "no setting"
		if len(c.Set) > 0 {
			with = "--set " + strings.Join(c.Set, " --set ")
		}
		return usagef("%s holds what was made with %s; choose another --name", s.folder, with)
	}
	return nil
}

// laidOut is what became of the files of the figures.
type laidOut struct {
	written []string
	kept    []string // copies of files that somebody had altered, and that were written anew
}

// layOut writes the files that are missing or altered. What somebody else has put in the place of one is kept beside it.
func (s *session) layOut(ctx context.Context, files []figureFile) (done laidOut, err error) {
	if len(files) == 0 {
		return done, nil
	}
	if err := os.MkdirAll(s.folder, 0o777); err != nil {
		return done, fmt.Errorf("cannot lay out %s: %w", files[0].path, err)
	}
	before, _ := readContents(s.folder)
	now := contents{Profile: filepath.ToSlash(s.parameters.Path), Set: append([]string{}, s.parameters.Sets...), Files: map[string]string{}}
	for name, sum := range before.Files {
		now.Files[name] = sum
	}
	for _, f := range files {
		name := filepath.Base(f.path)
		if !f.current() {
			kept, err := keepAltered(ctx, f.path, before.Files[name])
			if err == nil {
				err = outfile.Write(ctx, f.path, f.data)
			}
			if err != nil {
				return done, fmt.Errorf("cannot lay out %s: %w", f.path, err)
			}
			done.written = append(done.written, f.path)
			if kept != "" {
				done.kept = append(done.kept, kept)
			}
		}
		now.Files[name] = sumOf(f.data)
	}
	return done, now.write(ctx, s.folder)
}

// write puts the contents into the folder, if they are not there already.
func (c *contents) write(ctx context.Context, folder string) error {
	var text bytes.Buffer
	if err := printJSON(&text, c); err != nil {
		return err
	}
	f := figureFile{filepath.Join(folder, contentsFile), text.Bytes()}
	if f.current() {
		return nil
	}
	return outfile.Write(ctx, f.path, f.data)
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// keepAltered copies a file beside itself that is not as it was laid out, as name.kept-1.svg, and returns the copy's path; "" if
// there is none or it is the program's own.
func keepAltered(ctx context.Context, path, sum string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", nil
	case err == nil && !info.Mode().IsRegular():
		return "", errors.New("it is no regular file; move it away")
	case err != nil || info.Size() == 0:
		return "", err
	}
	data, err := os.ReadFile(path)
	if err != nil || sumOf(data) == sum {
		return "", err
	}
	ext := filepath.Ext(path)
	for i := 1; ; i++ {
		kept := figureFile{fmt.Sprintf("%s.kept-%d%s", strings.TrimSuffix(path, ext), i, ext), data}
		if kept.current() {
			return kept.path, nil
		}
		if _, err := os.Lstat(kept.path); errors.Is(err, os.ErrNotExist) {
			return kept.path, outfile.Write(ctx, kept.path, data)
		}
	}
}

// settingsFolder is a folder of what was made with settings.
type settingsFolder struct {
	Path  string   `json:"path"`
	Set   []string `json:"set"`
	Files int      `json:"files"`
}

// settingsFolders are those of a profile, by name.
func settingsFolders(profile string) []settingsFolder {
	folder := filepath.Join("artifacts", profile)
	entries, _ := os.ReadDir(folder) // a folder that there is not has none
	list := []settingsFolder{}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if c, found := readContents(path); found && e.IsDir() {
			list = append(list, settingsFolder{path, append([]string{}, c.Set...), len(c.Files)})
		}
	}
	return list
}

func (f settingsFolder) String() string {
	with := "no settings"
	if len(f.Set) > 0 {
		with = "--set " + strings.Join(f.Set, " --set ")
	}
	return fmt.Sprintf("%-8s %s  %s, made with %s", "folder", f.Path, count(f.Files, "file"), with)
}
