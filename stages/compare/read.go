package compare

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/store"
)

// mostBytes bounds each file that is read, mostFiles their number in a folder.
const (
	mostBytes = 64 << 20
	mostFiles = 200
)

// figureRecord is what is read of the JSON file beside a figure.
type figureRecord struct {
	Figure     string          `json:"figure"`
	Seed       uint64          `json:"seed"`
	Set        []string        `json:"set"`
	Commit     string          `json:"commit"`
	Numbers    json.RawMessage `json:"numbers"`
	Parameters json.RawMessage `json:"parameters"`
}

// parse reads a record; nil where it is none.
func parse(data []byte) *figureRecord {
	var r figureRecord
	if json.Unmarshal(data, &r) != nil || r.Figure == "" || len(r.Numbers) == 0 {
		return nil
	}
	return &r
}

// files are the files of one folder, wherever that is.
type files struct {
	where string // for people
	names []string
	read  func(name string) ([]byte, error)
}

// readFolder is the side of the figures in a folder. seeds are other folders, in which the same may
// have been drawn for other seeds.
func readFolder(name, dir string, seeds []string) (Side, error) {
	f, err := onDisk(dir)
	if err != nil {
		return Side{}, err
	}
	s, records, err := f.side(name)
	if err != nil {
		return s, err
	}
	for _, other := range seeds[:min(len(seeds), mostFiles)] {
		if filepath.Clean(other) == filepath.Clean(dir) {
			continue
		}
		if f, err := onDisk(other); err == nil {
			s.addSeeds(f, records)
		}
	}
	return s, nil
}

func onDisk(dir string) (f files, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return f, err
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			f.names = append(f.names, e.Name())
		}
	}
	f.where = dir
	f.read = func(name string) ([]byte, error) { return store.ReadRegular(filepath.Join(dir, name), mostBytes) }
	return f, nil
}

// bounded reads no more than a file of ours can have.
func bounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err == nil && len(data) > mostBytes {
		err = fmt.Errorf("has more than %d MiB", mostBytes>>20)
	}
	return data, err
}

// readCommit is the side of the figures in a folder of a commit of the repository at root.
func readCommit(name, root, commit, folder string) (Side, error) {
	f := files{where: commit + ":" + folder}
	git := func(args ...string) ([]byte, error) {
		cmd := exec.Command("git", append([]string{"-C", root}, args...)...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		data, err := bounded(out)
		if err != nil {
			_ = cmd.Process.Kill() // it may have much more to say
		}
		return data, errors.Join(err, cmd.Wait())
	}
	list, err := git("ls-tree", "-z", "--name-only", "--end-of-options", commit+":"+folder)
	if err != nil {
		return Side{}, fmt.Errorf("%s: has no folder %s", commit, folder)
	}
	f.names = strings.FieldsFunc(string(list), func(r rune) bool { return r == 0 })
	f.read = func(name string) ([]byte, error) {
		return git("cat-file", "blob", "--end-of-options", commit+":"+path.Join(folder, name))
	}
	s, _, err := f.side(name)
	return s, err
}

// side reads the figures of a folder.
func (f files) side(name string) (s Side, records map[string]*figureRecord, err error) {
	s = Side{Name: name, Where: f.where, Numbers: map[string]Samples{}, Figures: map[string]Figure{}}
	records = map[string]*figureRecord{}
	for _, file := range f.names {
		if path.Ext(file) != ".json" || file == "contents.json" || len(records) >= mostFiles {
			continue
		}
		data, err := f.read(file)
		if err != nil {
			return s, nil, fmt.Errorf("%s: %w", path.Join(f.where, file), err)
		}
		r := parse(data)
		if r == nil {
			continue
		}
		records[r.Figure] = r
		for field, samples := range fieldsOf(r.Numbers) {
			s.Numbers[r.Figure+": "+field] = samples
		}
		if !slices.Contains(s.Commits, r.Commit) {
			s.Commits = append(s.Commits, r.Commit)
		}
		if len(r.Parameters) > 0 {
			s.Parameters = parametersOf(r.Parameters)
		}
	}
	for _, file := range f.names {
		if stem, ok := strings.CutSuffix(file, ".png"); ok {
			s.Figures[stem] = f.figure(file)
		}
	}
	if len(records) == 0 {
		return s, nil, fmt.Errorf("%s: no JSON file of a figure is there: %w", f.where, fs.ErrNotExist)
	}
	return s, records, nil
}

// parametersOf are the values of a profile, as JSON, by their dotted keys.
func parametersOf(profile json.RawMessage) map[string]string {
	values := map[string]string{}
	for key, samples := range fieldsOf(profile) {
		values[key] = samples[0]
	}
	return values
}

func (f files) figure(name string) Figure {
	fig := Figure{Path: path.Join(filepath.ToSlash(f.where), name), PNG: func() ([]byte, error) { return f.read(name) }}
	if data, err := f.read(name); err == nil { // of one that cannot be read nothing is said
		sum := sha256.Sum256(data)
		fig.SHA256 = hex.EncodeToString(sum[:])
	}
	return fig
}

// addSeeds adds the numbers of the same figures, with the same settings, of another seed.
func (s *Side) addSeeds(f files, own map[string]*figureRecord) {
	for figure, r := range own {
		if !slices.Contains(f.names, figure+".json") {
			continue
		}
		data, err := f.read(figure + ".json")
		if err != nil {
			continue
		}
		other := parse(data)
		if other == nil || other.Figure != figure || other.Seed == r.Seed || !slices.Equal(withoutSeed(other.Set), withoutSeed(r.Set)) {
			continue
		}
		for field, samples := range fieldsOf(other.Numbers) {
			if name := figure + ": " + field; len(s.Numbers[name]) > 0 && len(samples) == 1 {
				s.Numbers[name] = append(s.Numbers[name], samples...)
			}
		}
	}
}

func withoutSeed(set []string) []string {
	return slices.DeleteFunc(slices.Clone(set), func(one string) bool { return strings.HasPrefix(one, "seed=") })
}

// untold are columns of a sweep's table that say which run it is, or how long it took.
var untold = []string{"run", "point", "designs", "seed", "seconds"}

// readPoint is the side of a point of a sweep, by its number or name, in the sweep's table of runs;
// variant chooses one of its networks, which can then be compared with another, "" takes all.
func readPoint(name, file, point, variant string) (Side, error) {
	s := Side{Name: name, Where: file, Numbers: map[string]Samples{}}
	data, err := store.ReadRegular(file, mostBytes)
	if err != nil {
		return s, err
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(rows) < 2 {
		return s, fmt.Errorf("%s: is no table of a sweep's runs", file)
	}
	column := map[string]int{}
	for i, c := range rows[0] {
		column[c] = i
	}
	for _, must := range []string{"point", "name", "variant", "seed"} {
		if _, ok := column[must]; !ok {
			return s, fmt.Errorf("%s: has no column %s, must be the table of a sweep's runs", file, must)
		}
	}
	for _, row := range rows[1:] {
		own := row[column["variant"]]
		if row[column["point"]] != point && row[column["name"]] != point || variant != "" && own != variant {
			continue
		}
		group := own
		if variant != "" {
			group = "run"
		}
		s.addRow(rows[0], row, group)
	}
	if len(s.Numbers) == 0 {
		return s, fmt.Errorf("%s: has no point %s; its points are %s", file, strings.Trim(point+"/"+variant, "/"), pointsOf(rows, column))
	}
	return s, nil
}

// addRow adds a run: each of its columns is a field, the values of a list one field each.
func (s *Side) addRow(header, row []string, group string) {
	for i, text := range row {
		if slices.Contains(untold, header[i]) {
			continue
		}
		parts := strings.Split(text, ";")
		for j, part := range parts {
			field := group + ": " + header[i]
			if len(parts) > 1 {
				field += "[" + strconv.Itoa(j) + "]"
			}
			s.Numbers[field] = append(s.Numbers[field], part)
		}
	}
}

func pointsOf(rows [][]string, column map[string]int) string {
	var names []string
	for _, row := range rows[1:] {
		name := row[column["point"]]
		if n := row[column["name"]]; n != "" {
			name += " (" + n + ")"
		}
		if !slices.Contains(names, name) && len(names) < 12 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
