package exchange

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/ndarray"
	"sicgrid/pkg/safetensors"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/statedict"
	"sicgrid/stages/train/traintable"
)

// Formats are the endings of the files that weights can be written to.
var Formats = []string{"npz", "safetensors"}

// metadataKey is what the metadata are called in either format: in a .npz file they are a text, which
// is JSON.
const metadataKey = "__metadata__"

// Encode returns an output "weights" as a file of this format, with PyTorch's names and shapes, and
// said beside what is said of the network itself.
func Encode(rec arrow.Record, format string, said map[string]string) ([]byte, error) {
	n, tensors, err := read(rec)
	if err != nil {
		return nil, err
	}
	metadata := statedict.Metadata(n)
	maps.Copy(metadata, said)
	if format == "safetensors" {
		return safetensors.Encode(tensors, metadata)
	}
	var members []ndarray.Member
	for _, t := range tensors {
		members = append(members, ndarray.Member{Key: t.Name, Npy: ndarray.Npy(t.Shape, t.Values)})
	}
	text, err := json.Marshal(metadata)
	if err != nil {
		return nil, err
	}
	return ndarray.Npz(append(members, ndarray.Member{Key: metadataKey, Npy: ndarray.NpyText(string(text))}))
}

// read returns the network of an output "weights", under PyTorch's names.
func read(rec arrow.Record) (n sic.Network, tensors []safetensors.Values, err error) {
	meta := artifact.Meta(rec)
	for key, size := range map[string]*int{"units": &n.Units, "hidden": &n.Hidden, "layers": &n.Layers} {
		if *size, err = strconv.Atoi(meta[key]); err != nil {
			return n, nil, fmt.Errorf("only the weights of a network can be written so, such as train/full:weights")
		}
	}
	if gain := meta["gain_max"]; gain != "" {
		return n, nil, fmt.Errorf("the units of this network have gains on the velocity (network.gain_max %s), which no program that reads PyTorch's names would know of; write it as parquet, csv or json", gain)
	}
	rows, err := artifact.Rows[traintable.Tensor](rec)
	if err != nil {
		return n, nil, fmt.Errorf("only the weights of a network can be written so, such as train/full:weights: %w", err)
	}
	named, layout := statedict.Tensors(n), sic.NewLayout(n)
	if len(rows) != len(named) {
		return n, nil, fmt.Errorf("only the weights of a network can be written so, such as train/full:weights; found %d rows, not %d tensors", len(rows), len(named))
	}
	for i, row := range rows {
		if len(row.Values) != layout.Tensors[i].Size {
			return n, nil, fmt.Errorf("%s has %d values, must have %d", row.Name, len(row.Values), layout.Tensors[i].Size)
		}
		tensors = append(tensors, safetensors.Values{Name: named[i].Name, Shape: named[i].Shape, Values: row.Values})
	}
	return n, tensors, nil
}
