// Package exchange takes networks of this architecture to other programs and back: their weights as
// files of PyTorch's names (.npz, .safetensors), and the stage import, which reads such a file as
// the result of a training that somebody else has made.
package exchange

import (
	"context"
	"fmt"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/train/traintable"
	"sicgrid/stages/weights"
)

// Params of the stage. The file is known by its digest; where it lies and where it is from decide
// nothing.
type Params struct {
	SHA256   string `json:"sha256"`
	Identity bool   `json:"identity"` // W(v) is I + MLP(v)
	Units    int    `json:"units"`    // that it must have, and so on
	Hidden   int    `json:"hidden"`
	Layers   int    `json:"layers"`
	File     string `json:"-"`
	From     string `json:"-"`
}

// Provenance is what the record of an imported network says of it.
type Provenance struct {
	From   string `json:"from"`   // whom or what
	File   string `json:"file"`   // as it was read
	SHA256 string `json:"sha256"` // of the file
	Format string `json:"format,omitempty"`
}

// Note is the name of the Provenance in a record.
const Note = "foreign"

// Provenance is what is known of the network before its file is read.
func (p Params) Provenance() Provenance {
	return Provenance{From: p.From, File: p.File, SHA256: p.SHA256}
}

// String says where the network is from, in one line.
func (p Provenance) String() string {
	return fmt.Sprintf("trained elsewhere: %s (SHA-256 %.12s)", p.From, p.SHA256)
}

// Run reads the file, which must be the one that was imported, and writes what a training would
// have written; of the losses on its way nothing is known.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	w, err := Read(p.File, p.Identity)
	if err != nil {
		return fmt.Errorf("%w; the file of SHA-256 %s is wanted", err, p.SHA256)
	}
	if w.SHA256 != p.SHA256 {
		return fmt.Errorf("%s: has the SHA-256 %s, must have %s: it is not the file that was imported; import it anew", p.File, w.SHA256, p.SHA256)
	}
	n := w.Network
	if n.Units != p.Units || n.Hidden != p.Hidden || n.Layers != p.Layers {
		return fmt.Errorf("%s: has %d units, %d hidden ones and %d layers, the profile says %d, %d and %d", p.File, n.Units, n.Hidden, n.Layers, p.Units, p.Hidden, p.Layers)
	}
	found := p.Provenance()
	found.Format = w.Format
	t.Note(Note, found)
	meta := weights.Metadata(n, 0)
	if err := weights.Emit(t, "weights", n, w.Params, meta); err != nil {
		return err
	}
	return pipeline.Emit(t, "history", []traintable.Losses{}, meta)
}
