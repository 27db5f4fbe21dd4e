package slurm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/store"
)

// record is what a stage process says of its node. It is replaced whole; Beat changes while the
// process lives.
type record struct {
	Node     string            `json:"node"`
	State    string            `json:"state"` // running, left (asked to stop), or one of pipeline's
	Job      string            `json:"job"`
	Host     string            `json:"host"`
	Beat     int               `json:"beat"`
	Done     int64             `json:"done,omitempty"`
	Total    int64             `json:"total,omitempty"`
	Note     string            `json:"note,omitempty"`
	InVain   int               `json:"in_vain,omitempty"` // processes in a row that were asked to stop before they had got further
	Reason   string            `json:"reason,omitempty"`
	Error    string            `json:"error,omitempty"`
	Seconds  float64           `json:"seconds,omitempty"`
	Key      string            `json:"key,omitempty"`
	Numerics string            `json:"numerics,omitempty"`
	Outputs  []pipeline.Output `json:"outputs,omitempty"`
	Defects  []string          `json:"defects,omitempty"`
}

const (
	running = "running"
	left    = "left"
)

// sign is another whenever the node's process has shown that it lives.
func (r *record) sign() string { return fmt.Sprint(r.Job, r.Host, r.Beat, r.State) }

// succeeded reports whether the node's result is in the store.
func (r *record) succeeded() bool {
	switch pipeline.State(r.State) {
	case pipeline.Ran, pipeline.Cached, pipeline.Pinned, pipeline.Fetched:
		return true
	}
	return false
}

func (r *record) failed() bool { return r.State == string(pipeline.Failed) }

// report is the record as the pipeline tells it.
func (r *record) report(n *pipeline.Node) pipeline.NodeReport {
	nr := pipeline.NodeReport{Node: n, State: pipeline.State(r.State), Reason: r.Reason, Time: time.Duration(r.Seconds * float64(time.Second)),
		Key: r.Key, Numerics: r.Numerics, Outputs: r.Outputs, Defects: r.Defects}
	if r.failed() {
		nr.Err = errors.New(r.Error)
	}
	return nr
}

// submitted is an array as the run's folder has it.
type submitted struct {
	Number int            `json:"number"`
	Stage  string         `json:"stage"`
	Nodes  map[int]string `json:"nodes"` // by task
	BeatMS int            `json:"beat_ms"`
	After  string         `json:"after,omitempty"` // the cancellation that came before it

	job string // "" while it is not known
}

// unanswered reports whether a job may still come of a submission whose answer nobody has read: an
// sbatch goes on without the submitter that started it, but not for longer than its patience.
func (s *submitted) unanswered() bool {
	return s.job == "" && time.Since(time.UnixMilli(int64(s.Number))) < patience
}

// node is the name of a task's node.
func (s *submitted) node(task int) (string, error) {
	if n := s.Nodes[task]; n != "" {
		return n, nil
	}
	return "", fmt.Errorf("array %d has no task %d", s.Number, task)
}

// taskOf is a task of an array, by the numbers of both in the run's folder.
type taskOf struct{ array, task int }

// folder is that of a run.
type folder string

func (f folder) path(elements ...string) string {
	return filepath.Join(append([]string{string(f)}, elements...)...)
}

func (f folder) recordPath(node string) string {
	return f.path("records", url.PathEscape(node)+".json")
}

func (f folder) arrayPath(number int, ending string) string {
	return f.path("arrays", fmt.Sprintf("%04d.%s", number, ending))
}

// logPath is where a task's output goes; task may be Slurm's own %a.
func (f folder) logPath(number int, task string) string {
	return f.path("logs", fmt.Sprintf("%04d.%s", number, task))
}

func (f folder) make() error {
	for _, sub := range []string{"arrays", "records", "logs"} {
		if err := os.MkdirAll(f.path(sub), 0o777); err != nil {
			return fmt.Errorf("the run's folder: %w", err)
		}
	}
	return nil
}

// clear forgets what former submissions came to; their logs are of no node any more.
func (f folder) clear() error {
	for _, sub := range []string{"arrays", "records", "logs"} {
		if err := os.RemoveAll(f.path(sub)); err != nil {
			return fmt.Errorf("the run's folder: %w", err)
		}
	}
	return f.make()
}

func (f folder) write(r *record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return store.WriteFileAtomic(f.recordPath(r.Node), append(data, '\n'), 0o644)
}

// record is that of a node, nil if there is none that can be read.
func (f folder) record(node string) *record {
	data, err := store.ReadRegular(f.recordPath(node), store.MostRecord)
	if err != nil {
		return nil
	}
	var r record
	if json.Unmarshal(data, &r) != nil || r.Node != node || !r.printable() {
		return nil
	}
	return &r
}

// printable reports whether the record's texts may be shown: it comes from a folder that others
// write.
func (r *record) printable() bool {
	for _, text := range append([]string{r.State, r.Job, r.Host, r.Note, r.Reason, r.Error, r.Key, r.Numerics}, r.Defects...) {
		if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) {
			return false
		}
	}
	return true
}

// newArray writes an array's record under the next free number.
func (f folder) newArray(s *submitted) error {
	for {
		data, err := json.Marshal(s)
		if err != nil {
			return err
		}
		err = store.PublishFile(f.arrayPath(s.Number, "json"), 0o644, false, func(w io.Writer) error {
			_, err := w.Write(append(data, '\n'))
			return err
		})
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		s.Number++
	}
}

func (f folder) setJob(s *submitted, job string) error {
	s.job = job
	return store.WriteFileAtomic(f.arrayPath(s.Number, "job"), []byte(job+"\n"), 0o644)
}

func (f folder) array(number int) (*submitted, error) {
	data, err := store.ReadRegular(f.arrayPath(number, "json"), store.MostRecord)
	if err != nil {
		return nil, err
	}
	s := &submitted{}
	if err := json.Unmarshal(data, s); err != nil || s.Number != number {
		return nil, fmt.Errorf("%s is not the record of an array", f.arrayPath(number, "json"))
	}
	if data, err := store.ReadRegular(f.arrayPath(number, "job"), store.MostRecord); err == nil {
		if job := strings.TrimSpace(string(data)); isNumber(job) {
			s.job = job
		}
	}
	return s, nil
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// arrays lists what has been submitted, in order.
func (f folder) arrays() ([]*submitted, error) {
	entries, err := os.ReadDir(f.path("arrays"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the run's folder: %w", err)
	}
	var all []*submitted
	for _, e := range entries {
		name, isRecord := strings.CutSuffix(e.Name(), ".json")
		number, err := strconv.Atoi(name)
		if !isRecord || err != nil {
			continue
		}
		s, err := f.array(number)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// atWork adds the tasks whose processes say that they run to seen. It returns their signs of life.
func (f folder) atWork(arrays []*submitted, seen map[taskOf]bool) (signs string) {
	last := map[string]taskOf{} // that was submitted of a node
	for _, a := range arrays {
		for task, node := range a.Nodes {
			last[node] = taskOf{a.Number, task}
		}
	}
	for _, node := range slices.Sorted(maps.Keys(last)) {
		if r := f.record(node); r != nil && r.State == running {
			seen[last[node]] = true
			signs += node + " " + r.sign() + "\n"
		}
	}
	return signs
}

// leftOpen reports whether there is an array of which no job is known, by the names of the files
// alone.
func (f folder) leftOpen() bool {
	entries, _ := os.ReadDir(f.path("arrays")) // none of a run that was never submitted
	answered := map[string]bool{}
	for _, e := range entries {
		if number, ok := strings.CutSuffix(e.Name(), ".job"); ok {
			answered[number] = true
		}
	}
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		number, ok := strings.CutSuffix(e.Name(), ".json")
		return ok && !answered[number]
	})
}

// cancellation is the mark of the last one, "" if there was none.
func (f folder) cancellation() string {
	data, _ := store.ReadRegular(f.path("cancelled"), store.MostRecord)
	return strings.TrimSpace(string(data))
}

// cancel has everything that was submitted so far stop by itself, whenever it sees the new mark.
func (f folder) cancel() (mark string, err error) {
	mark = strconv.FormatInt(time.Now().UnixNano(), 36)
	err = store.WriteFileAtomic(f.path("cancelled"), []byte(mark+"\n"), 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // no such run was ever submitted, or its folder was removed
	}
	return mark, err
}

// Log is what the processes of one node have printed, the last one last.
type Log struct {
	Node  string
	Paths []string
}

// Logs lists the logs of a run's folder by node, in the order in which the nodes were submitted.
func Logs(dir string) ([]Log, error) {
	arrays, err := folder(dir).arrays()
	if err != nil {
		return nil, err
	}
	var logs []Log
	at := map[string]int{}
	for _, a := range arrays {
		for _, task := range slices.Sorted(maps.Keys(a.Nodes)) {
			node, path := a.Nodes[task], folder(dir).logPath(a.Number, strconv.Itoa(task))
			if _, err := os.Stat(path); err != nil {
				continue
			}
			i, known := at[node]
			if !known {
				i = len(logs)
				at[node] = i
				logs = append(logs, Log{Node: node})
			}
			logs[i].Paths = append(logs[i].Paths, path)
		}
	}
	return logs, nil
}
