// Package weights writes a trained network as an artifact, and reads it.
package weights

import (
	"errors"
	"fmt"
	"strconv"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
	"sicgrid/stages/train/traintable"
)

// Metadata are a network's sizes, and what else decides how W(v) is made of its parameters, as they
// stand with its weights; and the step of training that the weights are of.
func Metadata(n sic.Network, step int) map[string]string {
	meta := map[string]string{"units": fmt.Sprint(n.Units), "hidden": fmt.Sprint(n.Hidden), "layers": fmt.Sprint(n.Layers), "step": fmt.Sprint(step)}
	if n.HasGains() {
		meta["gain_max"], meta["gain_shuffle"] = fmt.Sprint(n.GainMax), fmt.Sprint(n.GainShuffle)
	}
	return meta
}

// Emit writes parameters in the order of sic.NewLayout, one row a tensor, with Metadata.
func Emit(t *pipeline.Task, output string, n sic.Network, params []float32, meta map[string]string) error {
	var tensors []traintable.Tensor
	for _, x := range sic.NewLayout(n).Tensors {
		var shape []int64
		for _, s := range x.Shape {
			shape = append(shape, int64(s))
		}
		tensors = append(tensors, traintable.Tensor{Name: x.Name, Shape: shape, Values: sic.Of(params, x)})
	}
	return pipeline.Emit(t, output, tensors, meta)
}

// Read returns the network of the input "weights", whose sizes come with it, and its parameters in
// the order of sic.NewLayout.
func Read(t *pipeline.Task) (n sic.Network, params []float32, err error) { return From(t, "weights") }

// From is Read of an input of any role.
func From(t *pipeline.Task, role string) (n sic.Network, params []float32, err error) {
	tensors, meta, err := pipeline.Read[traintable.Tensor](t, role)
	if err != nil {
		return n, nil, err
	}
	for key, size := range map[string]*int{"units": &n.Units, "hidden": &n.Hidden, "layers": &n.Layers} {
		if *size, err = strconv.Atoi(meta[key]); err != nil {
			return n, nil, fmt.Errorf("weights: %s is %q, not a size", key, meta[key])
		}
	}
	if gain, has := meta["gain_max"]; has {
		var wrong [2]error
		n.GainMax, wrong[0] = strconv.ParseFloat(gain, 64)
		n.GainShuffle, wrong[1] = strconv.Atoi(meta["gain_shuffle"])
		if err := errors.Join(wrong[:]...); err != nil {
			return n, nil, fmt.Errorf("weights: gains up to %q, shuffle %q: %w", gain, meta["gain_shuffle"], err)
		}
	}
	layout := sic.NewLayout(n)
	if len(tensors) != len(layout.Tensors) {
		return n, nil, fmt.Errorf("weights: %d tensors, the network has %d", len(tensors), len(layout.Tensors))
	}
	params = make([]float32, layout.Size)
	for i, x := range layout.Tensors {
		if tensors[i].Name != x.Name || len(tensors[i].Values) != x.Size {
			return n, nil, fmt.Errorf("weights: row %d is %s with %d values, want %s with %d", i, tensors[i].Name, len(tensors[i].Values), x.Name, x.Size)
		}
		copy(sic.Of(params, x), tensors[i].Values)
	}
	return n, params, nil
}
