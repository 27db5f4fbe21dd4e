// Package jobs is what a run hands over to the jobs of a cluster: a folder in the store, in which
// lie the profile, the sweeps, the flags and the program as they were submitted, so that whatever is
// edited or built later, the jobs do what was asked for.
package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
	"sicgrid/stages/session"
	"sicgrid/stages/source"
)

// Folder is where the store keeps the runs of a cluster, for all nodes to see.
const Folder = "jobs"

// Stages are the names of the stages of a session's DAG.
func Stages(s *session.Session) (names []string) {
	for _, n := range s.DAG.Nodes {
		if !slices.Contains(names, n.Stage) {
			names = append(names, n.Stage)
		}
	}
	slices.Sort(names)
	return names
}

// Dir is the folder of a run: the same for whoever wants the same results by the same code.
func Dir(s *session.Session) (string, error) {
	sum := sha256.New()
	for _, n := range s.Graph.Nodes() {
		parameters, err := json.Marshal(n.Params)
		if err != nil {
			return "", fmt.Errorf("%s: %w", n.Name, err)
		}
		code := n.Code
		if code == "" {
			code = n.Stage
		}
		fmt.Fprintln(sum, n.Name, n.Seed, s.Options.Code[code].Digest, string(parameters))
	}
	targets := s.Targets
	if len(targets) == 0 {
		targets = []string{"all"}
	}
	called := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			return c
		}
		return '-'
	}, s.Parameters.Name+"-"+strings.Join(targets, "-"))
	const most = 48 // of a name that people read
	dir, err := filepath.Abs(s.Options.Store.Dir())
	return filepath.Join(dir, Folder, called[:min(len(called), most)]+"-"+hex.EncodeToString(sum.Sum(nil)[:4])), err
}

// Submission is what a job needs to know of the run that it belongs to. The profile and the sweeps
// beside it are copied, as is the program.
type Submission struct {
	Profile         string        `json:"profile"` // the copy's path
	Sets            []string      `json:"sets"`
	Sweep           string        `json:"sweep"` // the copy's path; "" is none
	Store           string        `json:"store"`
	Pins            string        `json:"pins"`
	Exact           bool          `json:"exact"`
	Unpinned        bool          `json:"unpinned"`
	Adopt           bool          `json:"adopt"`
	Device          string        `json:"device"`
	Precision       string        `json:"precision"`
	Remote          string        `json:"remote"`
	Force           []string      `json:"force"`
	CheckpointEvery time.Duration `json:"checkpoint_every"`
	Commit          string        `json:"commit"`
}

// submissionFile is the file of a submission in the folder of its run.
const submissionFile = "run.json"

// Read reads the submission of the run in a folder.
func Read(dir string) (z Submission, err error) {
	data, err := os.ReadFile(filepath.Join(dir, submissionFile))
	if err == nil {
		err = json.Unmarshal(data, &z)
	}
	if err != nil {
		return z, fmt.Errorf("the run's folder: %w", err)
	}
	return z, nil
}

// Request is what a job asks for.
func (z *Submission) Request() session.Request {
	return session.Request{
		Params: z.Profile, Sets: z.Sets, Store: z.Store, Exact: z.Exact, Unpinned: z.Unpinned, Adopt: z.Adopt,
		Sweep: z.Sweep, Many: true, Submitted: &session.Submitted{Pins: z.Pins, Commit: z.Commit},
	}
}

// LayOut puts a request and the flags that a submission has beside it into the folder of the run,
// and returns the command of the run's jobs.
func (z Submission) LayOut(dir string, r session.Request) (command []string, err error) {
	if z.Store, err = filepath.Abs(r.Store); err != nil {
		return nil, err
	}
	if z.Pins, err = filepath.Abs(session.PinsDir); err != nil {
		return nil, err
	}
	z.Profile, z.Sets = filepath.Join(dir, experiment.ProfilesDir, filepath.Base(r.Params)), r.Sets
	z.Exact, z.Unpinned, z.Adopt, z.Commit = r.Exact, r.Unpinned, r.Adopt, source.Commit()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(r.Params), "*.yaml"))
	if err != nil {
		return nil, err
	}
	if r.Sweep != "" {
		z.Sweep = filepath.Join(dir, experiment.ProfilesDir, filepath.Base(r.Sweep))
		files = append(files, r.Sweep)
	}
	if err := copyInto(filepath.Dir(z.Profile), files); err != nil {
		return nil, err
	}
	if _, err := experiment.ReadParameters(z.Profile, z.Sets); err != nil {
		return nil, fmt.Errorf("the copy for the jobs: %w; everything that a profile is based on must lie in its folder", err)
	}
	data, err := json.MarshalIndent(z, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := store.WriteFileAtomic(filepath.Join(dir, submissionFile), append(data, '\n'), 0o644); err != nil {
		return nil, err
	}
	program, err := copyProgram(filepath.Dir(dir))
	return []string{program, "stage", dir}, err
}

// copyInto copies files into a folder.
func copyInto(dir string, files []string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := store.WriteFileAtomic(filepath.Join(dir, filepath.Base(file)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// copyProgram puts this program where the nodes see it, once for each build.
func copyProgram(to string) (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	name := filepath.Join(to, "programs", hex.EncodeToString(sum.Sum(nil)))
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return "", err
	}
	err = store.PublishFile(name, 0o755, false, func(w io.Writer) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(w, f)
		return err
	})
	if errors.Is(err, store.ErrExists) {
		err = nil
	}
	return name, err
}
