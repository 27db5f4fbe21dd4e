// Package saved looks at a training that is under way, or was interrupted, by its checkpoint and
// without the training's code: whoever only asks need not be part of what decides a network's
// values. A training knows nothing of being looked at.
package saved

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sicgrid/pkg/store"
	"sicgrid/stages/train/traintable"
)

// mostBytes is more than a checkpoint's list has, mostOfAPart more than a part of the checkpoint of
// a network of 1<<26 parameters.
const (
	mostBytes   = 1 << 20
	mostOfAPart = 4 << 26
)

// Checkpoint is what the list of a checkpoint says.
type Checkpoint struct {
	Step int       // from which the training would go on
	At   time.Time // when it was saved

	dir        string
	parameters int
	objects    map[string][]string // digests of each part's pieces, in their order
}

// ErrReplaced is the error of a part of a checkpoint that a later one has replaced meanwhile.
var ErrReplaced = errors.New("the checkpoint is not whole, or has been replaced")

// Look reads the list of the checkpoint in a training's scratch folder; nil where there is none.
// The list is checked, the objects that it names are when they are read.
func Look(dir string) *Checkpoint {
	path := filepath.Join(dir, "checkpoint")
	data, err := store.ReadRegular(path, mostBytes)
	if err != nil {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	line, sum, _ := bytes.Cut(data, []byte("\n"))
	var list struct {
		Step, Parameters int
		Objects          map[string][]string
	}
	of := sha256.Sum256(line)
	if string(sum) != hex.EncodeToString(of[:])+"\n" || json.Unmarshal(line, &list) != nil {
		return nil
	}
	return &Checkpoint{Step: max(0, list.Step), At: info.ModTime(), dir: dir, parameters: list.Parameters, objects: list.Objects}
}

// Step is the step of the checkpoint in a training's scratch folder, from which it would go on; 0
// where there is none.
func Step(dir string) int {
	if c := Look(dir); c != nil {
		return c.Step
	}
	return 0
}

// History is that of the losses so far: whole rows, up to the last before the checkpoint.
func (c *Checkpoint) History() (rows []traintable.Losses, err error) {
	data, err := c.part("history")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, fmt.Errorf("history of the checkpoint: %w", err)
	}
	return rows, nil
}

// Weights are the network's parameters, in the order of sic.NewLayout.
func (c *Checkpoint) Weights() ([]float32, error) {
	data, err := c.part("weights")
	if err != nil {
		return nil, err
	}
	if len(data) != 4*c.parameters {
		return nil, ErrReplaced
	}
	params := make([]float32, c.parameters)
	_, err = binary.Decode(data, binary.LittleEndian, params)
	return params, err
}

// part puts the pieces of a part together. Each is called by its digest.
func (c *Checkpoint) part(name string) ([]byte, error) {
	var data []byte
	for _, object := range c.objects[name] {
		if b, err := hex.DecodeString(object); err != nil || len(b) != sha256.Size {
			return nil, ErrReplaced
		}
		piece, err := store.ReadRegular(filepath.Join(c.dir, object), int64(mostOfAPart-len(data)))
		if err != nil {
			return nil, ErrReplaced
		}
		if sum := sha256.Sum256(piece); hex.EncodeToString(sum[:]) != object {
			return nil, ErrReplaced
		}
		data = append(data, piece...)
	}
	return data, nil
}
