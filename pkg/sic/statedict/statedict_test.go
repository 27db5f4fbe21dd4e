package statedict

import (
	"math"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/sic"
)

// paper is the network of PyTorch's nn.Sequential of three linear layers and an nn.Parameter g0.
var paper = []Tensor{
	{"mlp.0.weight", []int{128, 2}}, {"mlp.0.bias", []int{128}}, {"mlp.2.weight", []int{128, 128}}, {"mlp.2.bias", []int{128}},
	{"mlp.4.weight", []int{16384, 128}}, {"mlp.4.bias", []int{16384}}, {"g0", []int{128}},
}

func TestTensorsAreCalledAsPyTorchCallsThem(t *testing.T) {
	got := Tensors(sic.Network{Units: 128, Hidden: 128, Layers: 3})
	if !slices.EqualFunc(got, paper, func(a, b Tensor) bool { return a.Name == b.Name && slices.Equal(a.Shape, b.Shape) }) {
		t.Errorf("got %v", got)
	}
}

func renamed(tensors []Tensor, pairs ...string) []Tensor {
	out := slices.Clone(tensors)
	for i := range out {
		out[i].Name = strings.NewReplacer(pairs...).Replace(out[i].Name)
	}
	return out
}

func TestANetworkIsRecognisedWhateverItsNames(t *testing.T) {
	shuffled := slices.Clone(paper)
	slices.Reverse(shuffled)
	row := slices.Clone(paper)
	row[6].Shape = []int{1, 128}
	for name, tensors := range map[string][]Tensor{
		"as it is": paper, "in another order": shuffled, "of DataParallel": renamed(paper, "mlp", "module.mlp", "g0", "module.g0"),
		"called fc1, fc2, fc3":     renamed(paper, "mlp.0", "fc1", "mlp.2", "fc2", "mlp.4", "fc3"),
		"with ten layers' numbers": renamed(paper, "mlp.2", "mlp.9", "mlp.4", "mlp.10", "g0", "initial_state"),
		"its start a row":          row,
	} {
		n, order, err := Recognise(tensors)
		if err != nil || n.Units != 128 || n.Hidden != 128 || n.Layers != 3 || len(order) != 7 {
			t.Errorf("%s: %+v, %v, %v", name, n, order, err)
			continue
		}
		for i, want := range Tensors(n) {
			if got := tensors[order[i]]; got.Shape[len(got.Shape)-1] != want.Shape[len(want.Shape)-1] || i == 4 && !slices.Equal(got.Shape, want.Shape) {
				t.Errorf("%s: tensor %d is %v, want %v", name, i, got, want)
			}
		}
	}
}

func TestWhatIsNoSuchNetworkSaysWhy(t *testing.T) {
	without := func(i int) []Tensor { return slices.Delete(slices.Clone(paper), i, i+1) }
	with := func(more ...Tensor) []Tensor { return append(slices.Clone(paper), more...) }
	shaped := func(i int, shape ...int) []Tensor {
		out := slices.Clone(paper)
		out[i].Shape = shape
		return out
	}
	for name, c := range map[string]struct {
		tensors []Tensor
		want    string
	}{
		"nothing":                  {nil, "0 linear layers"},
		"a bias missing":           {without(1), "mlp.0.bias is missing"},
		"a weight missing":         {without(4), "mlp.4.weight is missing"},
		"no initial state":         {without(6), "the initial state g0; has 0"},
		"two of them":              {with(Tensor{"h0", []int{128}}), "has 2 (g0, h0)"},
		"a second MLP":             {with(Tensor{"decoder.0.weight", []int{2, 128}}), "must be called as the other layers are"},
		"a layer twice":            {with(Tensor{"mlp.00.bias", []int{128}}), "a second time"},
		"another input":            {shaped(0, 128, 3), "mlp.0.weight has the shape [128 3], must have [128 2]"},
		"transposed":               {shaped(4, 128, 16384), "must have [16384 128]"},
		"units unlike W":           {shaped(6, 100), "must have [10000 128]: g0 has 100 units"},
		"a start of no axes":       {shaped(6), "must have from 2 units"},
		"a start of two axes":      {shaped(6, 128, 1), "must have [128]"},
		"a start that is too long": {shaped(6, 1<<40), "at most"},
		"more than is read":        {shaped(0, 1<<19, 2), "at most"},
		"no layer that is 2-D":     {shaped(0, 128), "must have from 2 units"},
		"layers called otherwise":  {renamed(paper, "mlp.", "mlp.x"), ""},
	} {
		_, _, err := Recognise(c.tensors)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestTheIdentityIsFoldedIntoTheDiagonal(t *testing.T) {
	n := sic.Network{Units: 3, Hidden: 2, Layers: 2}
	params := make([]float32, sic.NewLayout(n).Size)
	AddIdentity(n, params)
	if got := sic.Of(params, sic.NewLayout(n).Bias(1)); !slices.Equal(got, []float32{1, 0, 0, 0, 1, 0, 0, 0, 1}) {
		t.Errorf("got %v", got)
	}
}

func TestAValueThatIsNoNumberIsNamed(t *testing.T) {
	n := sic.Network{Units: 3, Hidden: 2, Layers: 2}
	layout := sic.NewLayout(n)
	params := make([]float32, layout.Size)
	names := []string{"a", "b", "c", "d", "e"}
	if err := CheckFinite(n, params, names); err != nil {
		t.Error(err)
	}
	params[layout.Bias(1).Offset+2] = float32(math.NaN())
	if err := CheckFinite(n, params, names); err == nil || !strings.Contains(err.Error(), "d: value 3 of 9 is NaN") {
		t.Error(err)
	}
}
