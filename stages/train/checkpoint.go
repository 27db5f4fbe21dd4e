package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/store"
)

// A checkpoint is one file: a line of JSON, then the parameters and AdamW's two
// moments as little-endian float32, then the SHA-256 of all that. It is written
// whole or not at all, and one that does not check is as good as none.

const checkpointFile = "checkpoint"

// header is the first line of a checkpoint.
type header struct {
	Step       int
	Parameters int
	Plateau    sic.Plateau
	History    []Losses
	Sum        Losses
	Legs       []leg
}

// save writes a checkpoint and returns its path. A checkpoint that cannot be
// written costs time on a resume, never a result, so training goes on.
func (r *run) save() string {
	state := r.trainer.State()
	path := filepath.Join(r.dir, checkpointFile)
	if state.Step != r.step {
		return fmt.Sprintf("%s (not written: the state of step %d could not be read)", path, r.step)
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(header{state.Step, len(state.Params), state.Plateau, r.history, r.sum, r.legs}); err != nil {
		return fmt.Sprintf("%s (not written: %v)", path, err)
	}
	for _, v := range [][]float32{state.Params, state.Moments.First, state.Moments.Second} {
		binary.Write(&b, binary.LittleEndian, v) // a bytes.Buffer takes everything
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	if err := store.WriteFileAtomic(path, b.Bytes(), 0o644); err != nil {
		return fmt.Sprintf("%s (not written: %v)", path, err)
	}
	r.saved = state.Step
	return path
}

// resume goes on from the checkpoint of this run, if there is a whole one, else
// from the furthest of those in the folders elsewhere, which another device made.
func (r *run) resume(elsewhere ...string) error {
	found, err := r.read(r.dir)
	if err != nil {
		return err
	}
	if found != nil {
		r.restore(found)
		return nil
	}
	for _, dir := range elsewhere {
		other, err := r.read(dir)
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

// checkpoint is what a checkpoint file holds.
type checkpoint struct {
	header
	state compute.State
}

// read returns the whole checkpoint of a folder, or nil.
func (r *run) read(dir string) (*checkpoint, error) {
	data, err := os.ReadFile(filepath.Join(dir, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w; remove it to start over", err)
	}
	h, state, err := parseCheckpoint(data)
	if err != nil {
		return nil, nil // as good as none
	}
	return &checkpoint{h, state}, nil
}

// restore puts the run into a checkpoint's state, if that is of this network.
func (r *run) restore(c *checkpoint) bool {
	if r.trainer.Restore(c.state) != nil {
		return false
	}
	r.step, r.saved, r.history, r.sum = c.Step, c.Step, c.History, c.Sum
	if len(c.Legs) > 0 {
		r.legs = c.Legs
	}
	return true
}

func parseCheckpoint(data []byte) (h header, s compute.State, err error) {
	defect := errors.New("not a whole checkpoint")
	if len(data) < sha256.Size {
		return h, s, defect
	}
	body, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if sha256.Sum256(body) != [sha256.Size]byte(sum) {
		return h, s, defect
	}
	line, vectors, _ := bytes.Cut(body, []byte("\n"))
	if json.Unmarshal(line, &h) != nil || len(vectors) != 3*4*h.Parameters {
		return h, s, defect
	}
	s = compute.State{Step: h.Step, Plateau: h.Plateau}
	for i, v := range []*[]float32{&s.Params, &s.Moments.First, &s.Moments.Second} {
		*v = make([]float32, h.Parameters)
		if _, err := binary.Decode(vectors[4*i*h.Parameters:], binary.LittleEndian, *v); err != nil {
			return h, s, defect
		}
	}
	return h, s, nil
}
