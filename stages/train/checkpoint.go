package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/store"
	"sicgrid/stages/train/traintable"
)

// A checkpoint is a list and the objects that it names. An object is a file no
// larger than one that may be pinned, called by its SHA-256: a piece of the
// parameters, of one of AdamW's two moments (little-endian float32), or of the
// history (JSON). The list is one line of JSON and one with the SHA-256 of that. It
// is written after its objects, and replaces the list before it at once; a
// checkpoint of which anything is missing or does not check is as good as none.

const (
	checkpointFile = "checkpoint" // the list

	objectBytes = pipeline.MostPinned
)

// header is what the list says of the run.
type header struct {
	Step       int
	Parameters int
	Plateau    sic.Plateau
	Sum        traintable.Losses
	Legs       []leg
	Objects    map[string][]string // the digests of each part's pieces, in order
}

// parts of a checkpoint.
const (
	weightsPart = "weights"
	firstPart   = "first moments"
	secondPart  = "second moments"
	historyPart = "history"
)

var errPartial = errors.New("not a whole checkpoint")

// save writes a checkpoint and returns its path. A checkpoint that cannot be
// written costs time on a resume, never a result, so training goes on.
func (r *run) save() string {
	path := filepath.Join(r.dir, checkpointFile)
	state := r.trainer.State()
	if state.Step != r.step {
		return fmt.Sprintf("%s (not written: the state of step %d could not be read)", path, r.step)
	}
	if err := r.write(path, state); err != nil {
		return fmt.Sprintf("%s (not written: %v)", path, err)
	}
	r.saved = state.Step
	return path
}

func (r *run) write(path string, state compute.State) error {
	history, err := json.Marshal(r.history)
	if err != nil {
		return err
	}
	h := header{state.Step, len(state.Params), state.Plateau, r.sum, r.legs, map[string][]string{}}
	for part, data := range map[string][]byte{
		weightsPart: encode(state.Params), firstPart: encode(state.Moments.First), secondPart: encode(state.Moments.Second), historyPart: history,
	} {
		for piece := range slices.Chunk(data, objectBytes) {
			name := digest(piece)
			if err := store.WriteFileAtomic(filepath.Join(r.dir, name), piece, 0o644); err != nil {
				return err
			}
			h.Objects[part] = append(h.Objects[part], name)
		}
	}
	line, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := store.WriteFileAtomic(path, fmt.Appendf(line, "\n%s\n", digest(line)), 0o644); err != nil {
		return err
	}
	return r.sweep(h)
}

// sweep removes the objects of checkpoints before this one.
func (r *run) sweep(h header) error {
	files, err := os.ReadDir(r.dir)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, names := range h.Objects {
		for _, name := range names {
			wanted[name] = true
		}
	}
	for _, f := range files {
		if b, err := hex.DecodeString(f.Name()); err == nil && len(b) == sha256.Size && !wanted[f.Name()] {
			os.Remove(filepath.Join(r.dir, f.Name())) // what stays is tried again next time
		}
	}
	return nil
}

func encode(v []float32) []byte {
	b, _ := binary.Append(nil, binary.LittleEndian, v) // it fails for no slice of numbers
	return b
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// resume goes on from the checkpoint of this run, if there is a whole one, else
// from the furthest of those in the folders elsewhere, which another device made.
func (r *run) resume(elsewhere ...string) error {
	found, err := readCheckpoint(r.dir)
	if err != nil {
		return err
	}
	if found != nil {
		r.restore(found)
		return nil
	}
	for _, dir := range elsewhere {
		other, err := readCheckpoint(dir)
		if err != nil {
			return err
		}
		if other != nil && (found == nil || other.Step > found.Step) {
			found = other
		}
	}
	if found == nil {
		return nil
	}
	found.Legs = append(found.Legs, leg{r.legs[0].Numerics, found.Step})
	if r.restore(found) {
		r.save() // from now on it is this device's own
	}
	return nil
}

// checkpoint is what a list and its objects hold.
type checkpoint struct {
	header
	history []traintable.Losses
	state   compute.State
}

// readCheckpoint returns the whole checkpoint of a folder, or nil. Another run may
// replace it meanwhile, if the folder is another device's: then the new one counts.
func readCheckpoint(dir string) (*checkpoint, error) {
	var before []byte
	for {
		list, err := os.ReadFile(filepath.Join(dir, checkpointFile))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("checkpoint: %w; remove it to start over", err)
		}
		if bytes.Equal(list, before) {
			return nil, nil // as good as none
		}
		if c, err := parseCheckpoint(dir, list); err == nil {
			return c, nil
		}
		before = list
	}
}

// restore puts the run into a checkpoint's state, if that is of this network.
func (r *run) restore(c *checkpoint) bool {
	if r.trainer.Restore(c.state) != nil {
		return false
	}
	r.step, r.saved, r.history, r.sum = c.Step, c.Step, c.history, c.Sum
	if len(c.Legs) > 0 {
		r.legs = c.Legs
	}
	return true
}

func parseCheckpoint(dir string, list []byte) (*checkpoint, error) {
	c := &checkpoint{}
	line, sum, _ := bytes.Cut(list, []byte("\n"))
	if string(sum) != digest(line)+"\n" || json.Unmarshal(line, &c.header) != nil {
		return nil, errPartial
	}
	c.state = compute.State{Step: c.Step, Plateau: c.Plateau}
	for part, v := range map[string]*[]float32{weightsPart: &c.state.Params, firstPart: &c.state.Moments.First, secondPart: &c.state.Moments.Second} {
		data, err := c.part(dir, part)
		if err != nil || len(data) != 4*c.Parameters {
			return nil, errPartial
		}
		*v = make([]float32, c.Parameters)
		if _, err := binary.Decode(data, binary.LittleEndian, *v); err != nil {
			return nil, errPartial
		}
	}
	history, err := c.part(dir, historyPart)
	if err != nil || json.Unmarshal(history, &c.history) != nil {
		return nil, errPartial
	}
	return c, nil
}

// part puts the pieces of a part together.
func (h *header) part(dir, part string) ([]byte, error) {
	var data []byte
	for _, name := range h.Objects[part] {
		piece, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if digest(piece) != name {
			return nil, errPartial
		}
		data = append(data, piece...)
	}
	return data, nil
}
