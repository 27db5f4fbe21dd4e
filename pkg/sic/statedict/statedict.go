// Package statedict has a network's parameters by the names and shapes that PyTorch gives them in
// a state_dict: for
//
//	self.mlp = nn.Sequential(nn.Linear(2, H), nn.ReLU(), nn.Linear(H, H), nn.ReLU(), nn.Linear(H, N*N))
//	self.g0 = nn.Parameter(torch.rand(N))
//
// these are mlp.0.weight [H, 2], mlp.0.bias [H], mlp.2.weight [H, H], ..., mlp.4.bias [N*N] and g0
// [N]. Output i*N+j of the last layer is W_ij(v), and an identity that W(v) may be initialised as is
// part of the last bias: folded in.
package statedict

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/sic"
)

// MostParameters is how many a network that is taken from a file may have: 32 times those of the
// paper's size.
const MostParameters = 1 << 26

// initialState is what the a of g_0 = σ(a) is called.
const initialState = "g0"

// Tensor is a tensor by its name in a state_dict.
type Tensor struct {
	Name  string
	Shape []int
}

// Tensors are those of a network, in the order of sic.NewLayout.
func Tensors(n sic.Network) []Tensor {
	var list []Tensor
	for i, t := range sic.NewLayout(n).Tensors {
		name := initialState
		if layer := i / 2; layer < n.Layers { // between two linear layers stands one of ReLU
			name = fmt.Sprintf("mlp.%d.%s", 2*layer, []string{"weight", "bias"}[i%2])
		}
		list = append(list, Tensor{name, t.Shape})
	}
	return list
}

// layerTensor is the name of a linear layer's tensor: what comes before the layer's number, the
// number, and what the tensor is.
var layerTensor = regexp.MustCompile(`^(.*?)(\d+)\.(weight|bias)$`)

// linear is a linear layer as it was found.
type linear struct {
	number       int
	weight, bias *Tensor
}

// Recognise finds the network that tensors make up: linear layers that a common name and ascending
// numbers have, and one tensor more, the initial state, whatever its name. It returns their places
// in the list in the order of sic.NewLayout. Only the sizes of the network are set.
func Recognise(tensors []Tensor) (n sic.Network, order []int, err error) {
	layers, rest, err := sort(tensors)
	if err != nil {
		return n, nil, err
	}
	if len(layers) < 2 {
		return n, nil, fmt.Errorf("has %d linear layers, must have at least 2, as mlp.0.weight, mlp.0.bias, mlp.2.weight and so on (it has %s)", len(layers), names(tensors))
	}
	if len(rest) != 1 {
		return n, nil, fmt.Errorf("must have one tensor beside those of the linear layers, the initial state %s; has %d (%s)", initialState, len(rest), names(rest))
	}
	start := rest[0]
	n = sic.Network{Layers: len(layers), Units: size(start.Shape), InitialState: sic.InitialStateLearned}
	if shape := layers[0].weight.Shape; len(shape) == 2 {
		n.Hidden = shape[0]
	}
	if n.Units < 2 || n.Hidden < 1 || n.Units > 1<<13 || n.Hidden > 1<<20 || n.Layers > 1<<10 || parameters(n) > MostParameters {
		return n, nil, fmt.Errorf("has %d units, %d hidden units and %d layers, must have from 2 units and at most %d parameters", n.Units, n.Hidden, n.Layers, MostParameters)
	}
	want := Tensors(n)
	for i, l := range layers {
		for j, found := range []*Tensor{l.weight, l.bias} {
			if must := want[2*i+j].Shape; !slices.Equal(found.Shape, must) {
				return n, nil, fmt.Errorf("%s has the shape %v, must have %v: %s has %d units and %s %d hidden ones", found.Name, found.Shape, must, start.Name, n.Units, layers[0].weight.Name, n.Hidden)
			}
		}
		order = append(order, place(tensors, l.weight), place(tensors, l.bias))
	}
	if last := start.Shape; last[len(last)-1] != n.Units {
		return n, nil, fmt.Errorf("%s has the shape %v, must have [%d]", start.Name, start.Shape, n.Units)
	}
	return n, append(order, place(tensors, &start)), nil
}

// sort finds the linear layers, in the order of their numbers, and what is left over.
func sort(tensors []Tensor) (layers []linear, rest []Tensor, err error) {
	prefix := ""
	byNumber := map[int]*linear{}
	for i := range tensors {
		t := &tensors[i]
		m := layerTensor.FindStringSubmatch(t.Name)
		if m == nil {
			rest = append(rest, *t)
			continue
		}
		number, err := strconv.Atoi(m[2])
		if err != nil || len(byNumber) > 0 && m[1] != prefix {
			return nil, nil, fmt.Errorf("%s: must be called as the other layers are, %s, with a number of its own", t.Name, prefix)
		}
		prefix = m[1]
		l := byNumber[number]
		if l == nil {
			l = &linear{number: number}
			byNumber[number] = l
		}
		of := &l.weight
		if m[3] == "bias" {
			of = &l.bias
		}
		if *of != nil { // mlp.0.weight and mlp.00.weight
			return nil, nil, fmt.Errorf("%s: is the %s of layer %d a second time", t.Name, m[3], number)
		}
		*of = t
	}
	for number, l := range byNumber {
		for kind, t := range map[string]*Tensor{"weight": l.weight, "bias": l.bias} {
			if t == nil {
				return nil, nil, fmt.Errorf("%s%d.%s is missing (it has %s)", prefix, number, kind, names(tensors))
			}
		}
		layers = append(layers, *l)
	}
	slices.SortFunc(layers, func(a, b linear) int { return cmp.Compare(a.number, b.number) })
	return layers, rest, nil
}

func place(tensors []Tensor, t *Tensor) int {
	return slices.IndexFunc(tensors, func(other Tensor) bool { return other.Name == t.Name })
}

// size is how many values a tensor has, at most 1<<31.
func size(shape []int) int {
	n := 1
	for _, s := range shape {
		if n *= s; n > 1<<31 {
			return 1 << 31
		}
	}
	if len(shape) == 0 {
		return 0
	}
	return n
}

// parameters is how many a network has, as a number that does not overflow.
func parameters(n sic.Network) float64 {
	units, hidden := float64(n.Units), float64(n.Hidden)
	return 3*hidden + float64(n.Layers-2)*hidden*(hidden+1) + units*units*(hidden+1) + units
}

// names lists at most a dozen tensors.
func names(tensors []Tensor) string {
	var list []string
	for _, t := range tensors {
		if len(list) == 12 {
			list = append(list, fmt.Sprintf("%d more", len(tensors)-len(list)))
			break
		}
		list = append(list, t.Name)
	}
	if list == nil {
		return "none"
	}
	return strings.Join(list, ", ")
}

// AddIdentity folds the identity into a network whose W(v) is I + MLP(v).
func AddIdentity(n sic.Network, params []float32) {
	bias := sic.Of(params, sic.NewLayout(n).Bias(n.Layers-1))
	for i := range n.Units {
		bias[i*n.Units+i]++
	}
}

// CheckFinite finds the first value that is no number; tensors are what the layout's are called.
func CheckFinite(n sic.Network, params []float32, tensors []string) error {
	for i, t := range sic.NewLayout(n).Tensors {
		for j, v := range sic.Of(params, t) {
			if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("%s: value %d of %d is %v, must be a finite number of 32 bits", tensors[i], j+1, t.Size, v)
			}
		}
	}
	return nil
}

// Metadata says of a network what its tensors do not.
func Metadata(n sic.Network) map[string]string {
	return map[string]string{
		"format":       "pt", // the names are PyTorch's
		"architecture": "g_0 = norm(relu(g0)); g_t = norm(relu(W(v_t) g_(t-1))); W(v) = mlp(v) as [units, units], row i of what unit i reads; norm(x) = x/|x|; v in metres a step",
		"identity":     fmt.Sprintf("folded into mlp.%d.bias: add none to W(v)", 2*(n.Layers-1)),
		"units":        fmt.Sprint(n.Units), "hidden": fmt.Sprint(n.Hidden), "layers": fmt.Sprint(n.Layers),
	}
}
