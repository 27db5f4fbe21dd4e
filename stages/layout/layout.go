// Package layout puts figures and tables into folders: artifacts/<profile> of a profile as its file
// says it, and in there one for what was made with other settings, so that the files of one folder
// are always of the same parameters. A file in the folder says which those are and what was laid
// out, by which the program knows its own files from those that somebody has altered or put there.
//
//   - A Source is a session's graph, store and folder; its Files are what must lie there.
//   - A Record is the JSON file beside a figure: its numbers, and where it is from.
package layout

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sicgrid/pkg/outfile"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
)

// Published holds the figures that the repository shows.
const Published = "artifacts/published"

// contentsFile is the file that says what a folder holds.
const contentsFile = "contents.json"

// File is one file as it must stand in its folder.
type File struct {
	Path string
	Data []byte
	Sum  string // SHA-256 of the data

	figure, of string // of which it is, and the digest of what that was made of; "" of others
}

// NewFile is a file of this data.
func NewFile(path string, data []byte) File { return File{Path: path, Data: data, Sum: sum(data)} }

// Current says whether it does.
func (f File) Current() bool {
	if info := outfile.Existing(f.Path); info == nil || info.Size() != int64(len(f.Data)) { // a pipe would not end
		return false
	}
	data, err := os.ReadFile(f.Path)
	return err == nil && bytes.Equal(data, f.Data)
}

// Folder is where the files of a profile land that are made with some settings.
type Folder struct {
	Path    string
	Profile string   // its file
	Set     []string // key=value
}

// contents is what is written of a folder.
type contents struct {
	Profile string             `json:"profile"`
	Set     []string           `json:"set"`
	Files   map[string]string  `json:"files"` // SHA-256 as laid out
	Figures map[string]laidOut `json:"figures,omitempty"`
}

// laidOut is what is written of a figure that was laid out.
type laidOut struct {
	Of    string   `json:"of"`    // digest of all that decides its files
	Files []string `json:"files"` // their names
}

// still says whether the files of a figure made of this lie in the folder as they were laid out.
func (c contents) still(folder, name, of string) bool {
	laid := c.Figures[name]
	return of != "" && laid.Of == of && len(laid.Files) > 0 && !slices.ContainsFunc(laid.Files, func(name string) bool {
		path := filepath.Join(folder, filepath.Base(name))
		if outfile.Existing(path) == nil {
			return true
		}
		sum, err := sumOf(path)
		return err != nil || sum != c.Files[name]
	})
}

// sumOf is the SHA-256 of what a file holds.
func sumOf(path string) (string, error) {
	f, err := store.OpenRegular(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// read reads what a folder holds; one that says nothing, or nothing that can be read, holds no file
// of ours.
func read(folder string) (c contents, found bool) {
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

// Path is the folder of what is made of a profile with these settings: the profile's own without
// any; name, where it is not empty, calls it otherwise.
func Path(profile, name string, sets []string) string {
	folder := filepath.Join("artifacts", profile)
	if len(sets) > 0 {
		name = cmp.Or(name, settingsName(sets))
	}
	return filepath.Join(folder, name)
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

// ErrOtherSettings says that a folder holds what was made with other settings.
var ErrOtherSettings = errors.New("choose another --name")

// Check finds, before anything is made, a folder that holds what was made with other settings, and
// one that cannot be made.
func (f Folder) Check() error {
	for at := f.Path; at != filepath.Dir(at); at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && !info.IsDir() {
			return fmt.Errorf("cannot lay out figures in %s: %s is no folder; move it away", f.Path, at)
		}
	}
	if c, found := read(f.Path); found && !slices.Equal(c.Set, f.Set) {
		return fmt.Errorf("%s holds what was made with %s; %w", f.Path, settings(c.Set), ErrOtherSettings)
	}
	return nil
}

func settings(sets []string) string {
	if len(sets) == 0 {
		return "no setting"
	}
	return "--set " + strings.Join(sets, " --set ")
}

// Done is what became of the files that were laid out.
type Done struct {
	Written []string
	Kept    []string // copies of files that somebody had altered, and that were written anew
}

// LayOut writes the files of a folder that are missing or altered. What somebody else has put in
// the place of one is kept beside it.
func (f Folder) LayOut(ctx context.Context, files []File) (done Done, err error) {
	if len(files) == 0 {
		return done, nil
	}
	if err := os.MkdirAll(f.Path, 0o777); err != nil {
		return done, fmt.Errorf("cannot lay out %s: %w", files[0].Path, err)
	}
	before, _ := read(f.Path)
	now := contents{Profile: filepath.ToSlash(f.Profile), Set: append([]string{}, f.Set...), Files: map[string]string{}, Figures: map[string]laidOut{}}
	maps.Copy(now.Files, before.Files)
	maps.Copy(now.Figures, before.Figures)
	for _, file := range files {
		name := filepath.Base(file.Path)
		if !file.Current() {
			kept, err := keepAltered(ctx, file.Path, before.Files[name])
			if err == nil {
				err = outfile.Write(ctx, file.Path, file.Data)
			}
			if err != nil {
				return done, fmt.Errorf("cannot lay out %s: %w", file.Path, err)
			}
			done.Written = append(done.Written, file.Path)
			if kept != "" {
				done.Kept = append(done.Kept, kept)
			}
		}
		now.Files[name] = file.Sum
		if file.figure != "" {
			laid := now.Figures[file.figure]
			if laid.Of != file.of {
				laid = laidOut{Of: file.of}
			}
			if !slices.Contains(laid.Files, name) {
				laid.Files = append(laid.Files, name)
			}
			now.Figures[file.figure] = laid
		}
	}
	text, err := json.MarshalIndent(now, "", "  ")
	if err != nil {
		return done, err
	}
	if list := NewFile(filepath.Join(f.Path, contentsFile), append(text, '\n')); !list.Current() {
		err = outfile.Write(ctx, list.Path, list.Data)
	}
	return done, err
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// keepAltered copies a file beside itself that is not as it was laid out, as name.kept-1.svg, and
// returns the copy's path; "" if there is none or it is the program's own.
func keepAltered(ctx context.Context, path, laidOut string) (string, error) {
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
	if err != nil || sum(data) == laidOut {
		return "", err
	}
	ext := filepath.Ext(path)
	for i := 1; ; i++ {
		kept := NewFile(fmt.Sprintf("%s.kept-%d%s", strings.TrimSuffix(path, ext), i, ext), data)
		if kept.Current() {
			return kept.Path, nil
		}
		if _, err := os.Lstat(kept.Path); errors.Is(err, os.ErrNotExist) {
			return kept.Path, outfile.Write(ctx, kept.Path, data)
		}
	}
}

// Settings is a folder of what was made with settings.
type Settings struct {
	Path  string   `json:"path"`
	Set   []string `json:"set"`
	Files int      `json:"files"`
}

func (s Settings) String() string {
	return fmt.Sprintf("%s  %d files, made with %s", s.Path, s.Files, settings(s.Set))
}

// Within are those in a profile's folder, by name.
func Within(profile string) []Settings {
	folder := Path(profile, "", nil)
	entries, _ := os.ReadDir(folder) // a folder that there is not has none
	list := []Settings{}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if c, found := read(path); found && e.IsDir() {
			list = append(list, Settings{path, append([]string{}, c.Set...), len(c.Files)})
		}
	}
	return list
}

// Clean removes the files of a folder that are as they were laid out, then their list, and the
// folder if nothing else is in it. left are those on the list that somebody has altered.
func Clean(folder string) (removed int, left []string, err error) {
	c, found := read(folder)
	if !found {
		return 0, nil, nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		path := filepath.Join(folder, filepath.Base(name))
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return removed, left, err
		}
		if own, err := isOwn(path, info, c.Files[name]); err != nil || !own {
			left = append(left, path)
			continue
		}
		if err := os.Remove(path); err != nil {
			return removed, left, err
		}
		removed++
	}
	if err := os.Remove(filepath.Join(folder, contentsFile)); err != nil {
		return removed, left, err
	}
	_ = os.Remove(folder) // one with somebody's files in it stays
	return removed, left, nil
}

// isOwn says whether a file is as it was laid out.
func isOwn(path string, info fs.FileInfo, laidOut string) (bool, error) {
	if !info.Mode().IsRegular() {
		return false, nil
	}
	sum, err := sumOf(path)
	return err == nil && sum == laidOut, err
}
