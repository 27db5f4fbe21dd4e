// Package saved looks at how far a training that was interrupted had come, without the training's
// code: whoever only asks need not be part of what decides a network's values.
package saved

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"sicgrid/stages/train/traintable"
)

// mostBytes is more than a checkpoint's list has.
const mostBytes = 1 << 20

// mostObject is more than an object of a checkpoint has.
const mostObject = 16 << 20

// list is what a checkpoint says of itself.
type list struct {
	Step    int
	Objects map[string][]string // the digests of each part's pieces, in order
}

// Step is the step of the checkpoint in a training's scratch folder, from which it would go on; 0
// where there is none. The list of the checkpoint is checked, the objects that it names are not:
// the training does that.
func Step(dir string) int { return max(0, read(dir).Step) }

// History are the losses that the checkpoint in a training's scratch folder has recorded; nil where
// there is none, or part of it is missing or damaged, as happens while the next one is written.
func History(dir string) (rows []traintable.Losses) {
	var text []byte
	for _, name := range read(dir).Objects["history"] {
		if b, err := hex.DecodeString(name); err != nil || len(b) != sha256.Size {
			return nil
		}
		piece := file(filepath.Join(dir, name), mostObject)
		if of := sha256.Sum256(piece); hex.EncodeToString(of[:]) != name {
			return nil
		}
		text = append(text, piece...)
	}
	if json.Unmarshal(text, &rows) != nil {
		return nil
	}
	return rows
}

// read is the list of a checkpoint; an empty one where there is none that is sound.
func read(dir string) (l list) {
	line, sum, _ := bytes.Cut(file(filepath.Join(dir, "checkpoint"), mostBytes), []byte("\n"))
	of := sha256.Sum256(line)
	if string(sum) != hex.EncodeToString(of[:])+"\n" || json.Unmarshal(line, &l) != nil {
		return list{}
	}
	return l
}

// file is what a regular file has, up to so many bytes; nil without one.
func file(path string, most int64) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil
	}
	return data
}
