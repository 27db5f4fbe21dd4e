package experiment

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"sicgrid/pkg/params"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/stages/exchange"
	"sicgrid/stages/train"
)

// ImportStage reads a network that was trained elsewhere. Its nodes are called as trainings are.
const ImportStage = "import"

// Weights are a network that somebody else has trained, in place of a training; without a file the
// network is trained.
type Weights struct {
	File     string `json:"file,omitempty" default:"../w.safetensors" doc:"with the weights, beside this profile"`
	SHA256   string `json:"sha256,omitempty" default:"'0000000000000000000000000000000000000000000000000000000000000000'" doc:"of that file"`
	From     string `json:"from,omitempty" default:"w.safetensors" doc:"whose they are, in one line"`
	Identity bool   `json:"identity,omitempty" default:"false" doc:"W(v) is I + MLP(v): the identity is added to the last bias"`

	path string // of the file, from where the program runs
}

// longestOrigin bounds Weights.From, which stands in titles.
const longestOrigin = 200

// check finds weights that cannot be asked for. That the file is there is the stage's matter: it
// may have gone when its network is in the store.
func (w Weights) check(doc *params.Document) error {
	given := w != Weights{}
	sum, err := hex.DecodeString(w.SHA256)
	switch {
	case !given:
		return nil
	case w.File == "":
		return doc.Errorf("weights", "found no file, must name one; sicgrid import writes this section")
	case err != nil || len(sum) != 32 || strings.ToLower(w.SHA256) != w.SHA256:
		return doc.Errorf("weights", "found the sha256 %q, must be 64 digits of 0-9a-f, those of %s; sicgrid import writes this section", w.SHA256, w.File)
	case len(w.From) > longestOrigin || printable.Line(w.From) != w.From || strings.TrimSpace(w.From) == "":
		return doc.Errorf("weights", "found a from of %d bytes, must be one line of at most %d", len(w.From), longestOrigin)
	}
	return nil
}

// imported is the training as it is where its weights are another's: nothing is trained, once.
func (t Training) imported() Training {
	if t.Weights.File != "" {
		t.Attempts, t.Pretraining = 1, Pretraining{}
		t.Network.RingWidth, t.Network.RingLong = 0, 0
	}
	return t
}

// importNode is a network that was trained elsewhere, in the place of a training of this name.
func importNode(name string, t Training) *pipeline.Node {
	n := t.Network
	p := exchange.Params{SHA256: t.Weights.SHA256, Identity: t.Weights.Identity, Units: n.Units, Hidden: n.Hidden, Layers: n.Layers, File: t.Weights.path, From: t.Weights.From}
	node := newNode(ImportStage, name, p, exchange.Run, train.Outputs, 0, nil)
	node.Name = TrainStage + "/" + name
	return node
}

// Foreign is where the network of a node was trained, if not here.
func Foreign(n *pipeline.Node) *exchange.Provenance {
	p, ok := n.Params.(exchange.Params)
	if !ok {
		return nil
	}
	from := p.Provenance()
	return &from
}

// ImportedProfile is the text of a profile over another, base, beside it, whose networks as are the
// ones of these weights; with only, there are no others.
func ImportedProfile(base string, p *Parameters, w exchange.Weights, weights Weights, as []string, only bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# A network that was trained elsewhere, seen as %s says; written by sicgrid import.\n", base)
	fmt.Fprintf(&b, "# What figures take from a training that they do not see, such as loss.sigma_x, is still that profile's.\n\nbase: %s\n", params.Quoted(base))
	fmt.Fprintf(&b, "\n# There is one network of these weights, whatever the seed.\nseed: %d\nseeds: [%d]\nresults: {seeds: [%d]}\n", p.Seed, p.Seed, p.Seed)
	b.WriteString("\nvariants:\n")
	for _, name := range as {
		fmt.Fprintf(&b, "  %s:\n    network: {units: %d, hidden: %d, layers: %d}\n    weights:\n      file: %s\n      sha256: %s\n      from: %s\n",
			name, w.Network.Units, w.Network.Hidden, w.Network.Layers, params.Quoted(weights.File), params.Quoted(weights.SHA256), params.Quoted(weights.From))
		if weights.Identity {
			b.WriteString("      identity: true\n")
		}
	}
	if !only {
		return b.String()
	}
	for _, v := range p.variants {
		if !slices.Contains(as, v.Name) {
			fmt.Fprintf(&b, "  %s: null\n", v.Name)
		}
	}
	for i, v := range p.ablated {
		if i == 0 {
			b.WriteString("\nablate:\n")
		}
		fmt.Fprintf(&b, "  %s: null\n", v.Name)
	}
	return b.String()
}

// PairVariants are the networks of the figures of both.
func PairVariants() []string { return slices.Clone(pairVariants) }

// VariantNames are the names of the variants, in the order of the file.
func (p *Parameters) VariantNames() []string {
	var names []string
	for _, v := range p.variants {
		names = append(names, v.Name)
	}
	return names
}
