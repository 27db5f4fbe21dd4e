package experiment

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"sicgrid/pkg/printable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/sweepdata"
	"sicgrid/stages/train"
)

// A network's title says in what its training differs from the profile's own: the sections that
// variants and ablations overlay.

// words are what a value is called in a title.
var words = []struct{ key, value, words string }{
	{"loss.capacity", "0", "without the capacity term"},
	{"loss.conformal_isometry", "0", "without the isometry term"},
	{"loss.separation", "0", "without separation"},
	{"loss.invariance", "0", "without invariance"},
	{"batch.permute", "false", "independent walks"},
	{"batch.permute", "true", "permuted walks"},
	{"network.init", "pytorch", "PyTorch initialisation"},
	{"network.init", "identity", "identity initialisation"},
}

// untold are keys of bookkeeping: how many trainings there are, when one ends, what is kept. Those
// that end in "." are sections.
var untold = []string{"attempts", "history_every", "keep.", "stop.", "pretraining."}

// implied are keys, or keys of a value, that say nothing more beside a change to this value.
var implied = map[string][]string{
	"loss.capacity=0":           {"loss.capacity_start", "loss.capacity_warmup"},
	"loss.conformal_isometry=0": {"loss.isometry_warmup", "loss.isometry_radius"},
	"network.init=pytorch":      {"network.init_scale=1"},
	"network.init=identity":     {"network.init_scale=0.1"},
}

// What a network starts from that does not start from random initialisation.
const (
	fromCopies   = "from copies of one lattice"
	fromSeparate = "from networks trained apart"
)

// own is the training that the profile's own values say.
func (p *Parameters) own() Training {
	return Training{Recipe: train.Recipe{Network: p.Network, Batch: p.Batch, Loss: p.Loss, Optimiser: p.Optimiser, HistoryEvery: p.HistoryEvery, Stop: p.Stop},
		Attempts: p.Attempts, Keep: p.Keep, Pretraining: p.Pretraining}
}

// Titles say what the networks of every variant and ablation were trained with.
func (p *Parameters) Titles() sheet.Titles { return p.titles() }

// makeTitles makes those of every variant and ablation.
func (p *Parameters) makeTitles() sheet.Titles {
	own := p.own()
	joined := slices.ContainsFunc(p.variants, func(v Variant) bool { return len(v.Training.Pretraining.Lengths) > 0 })
	titles := sheet.Titles{}
	for _, v := range slices.Concat(p.variants, p.ablated) {
		told := differences(own, v.Training)
		switch {
		case v.Training.Weights.File != "":
			told = []string{"trained elsewhere: " + printable.Short(v.Training.Weights.From, 40)}
		case len(v.Training.Pretraining.Lengths) > 0: // another way of training, whose numbers are its own
			start := fromCopies
			if v.Training.Pretraining.Separate {
				start = fromSeparate
			}
			told = append(slices.DeleteFunc(told, func(s string) bool { return !strings.HasPrefix(s, "without") }), start)
			if len(told) == 1 {
				told = slices.Insert(told, 0, "all loss terms")
			}
		case len(told) == 0 && joined:
			told = []string{"all loss terms", "from random initialisation"}
		case len(told) == 0:
			told = []string{"all loss terms"}
		}
		titles[v.Name] = strings.Join(told, ", ")
	}
	return titles
}

// differences says in words, or as "key = value", in what a training differs from another.
func differences(from, t Training) []string {
	before, after := valuesOf(from), valuesOf(t)
	var hidden []string
	for key, value := range after {
		if value != before[key] {
			hidden = append(hidden, implied[key+"="+value]...)
		}
	}
	var told []string
	for _, key := range slices.Sorted(maps.Keys(after)) {
		value := after[key]
		bookkeeping := slices.ContainsFunc(untold, func(u string) bool { return key == u || strings.HasSuffix(u, ".") && strings.HasPrefix(key, u) })
		if value == before[key] || bookkeeping || slices.Contains(hidden, key) || slices.Contains(hidden, key+"="+value) {
			continue
		}
		text := sweepdata.ParameterTitle(key) + " = " + sweepdata.ValueText(value)
		for _, w := range words {
			if w.key == key && w.value == value {
				text = w.words
			}
		}
		told = append(told, text)
	}
	return told
}

// fromReference says in what the training of every variant and ablation differs from that of the
// network that the ablations are of: "loss.sigma_g=0.2".
func (p *Parameters) fromReference() map[string][]string {
	before, out := valuesOf(p.Variant(p.reference())), map[string][]string{}
	for _, v := range slices.Concat(p.variants, p.ablated) {
		values := valuesOf(v.Training.Recipe)
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if values[key] != before[key] {
				out[v.Name] = append(out[v.Name], key+"="+values[key])
			}
		}
	}
	return out
}

// valuesOf are a training's values as text, by their keys: "loss.sigma_g".
func valuesOf(t any) map[string]string {
	data, err := json.Marshal(t)
	var root map[string]any
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		err = d.Decode(&root)
	}
	if err != nil {
		panic(err) // plain numbers and words, which have been read from a document
	}
	values := map[string]string{}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		if section, ok := v.(map[string]any); ok {
			for key, item := range section {
				walk(prefix+"."+key, item)
			}
			return
		}
		text, _ := json.Marshal(v)
		values[strings.TrimPrefix(prefix, ".")] = strings.Trim(string(text), `"`)
	}
	walk("", root)
	return values
}
