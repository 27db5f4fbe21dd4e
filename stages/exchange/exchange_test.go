package exchange

import (
	"archive/zip"
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/ndarray"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/statedict"
	"sicgrid/stages/train/traintable"
	"sicgrid/stages/weights"
)

var network = sic.Network{Units: 4, Hidden: 3, Layers: 3, Init: sic.InitIdentity, InitScale: 0.1}

// trained is an output "weights".
func trained(t *testing.T, params []float32) arrow.Record {
	t.Helper()
	var rows []traintable.Tensor
	for _, x := range sic.NewLayout(network).Tensors {
		rows = append(rows, traintable.Tensor{Name: x.Name, Shape: []int64{int64(x.Size)}, Values: sic.Of(params, x)})
	}
	rec, err := artifact.FromRows(rows, map[string]string{"units": "4", "hidden": "3", "layers": "3", "step": "9"})
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWeightsComeBackAsTheyWent(t *testing.T) {
	params := sic.InitialParameters(network, 7)
	rec := trained(t, params)
	for _, format := range Formats {
		data, err := Encode(rec, format, map[string]string{"result": "train/full:weights"})
		if err != nil {
			t.Fatal(err)
		}
		again, err := Encode(rec, format, map[string]string{"result": "train/full:weights"})
		if err != nil || !bytes.Equal(data, again) {
			t.Errorf("%s: other bytes of the same weights", format)
		}
		for _, said := range []string{"folded into mlp.4.bias", "train/full:weights"} {
			if text := strings.ReplaceAll(string(data), "\x00", ""); !strings.Contains(text, said) {
				t.Errorf("%s: does not say %q", format, said)
			}
		}
		w, err := Read(write(t, "any.name", data), false)
		if err != nil || !slices.Equal(w.Params, params) || w.Format != format || len(w.SHA256) != 64 {
			t.Errorf("%s: %+v, %v", format, w, err)
		}
		folded, err := Read(write(t, "any.name", data), true)
		if at := sic.NewLayout(network).Bias(2).Offset; err != nil || folded.Params[at] != params[at]+1 || folded.Params[at+1] != params[at+1] {
			t.Errorf("%s: identity: %v", format, err)
		}
	}
	if _, err := Encode(mapsRecord(t), "npz", nil); err == nil || !strings.Contains(err.Error(), "only the weights") {
		t.Errorf("of other tables: %v", err)
	}
}

// Of gains nothing stands among the tensors: who rolled them out would have another network.
func TestANetworkWithGainsIsNotWrittenAsOneWithout(t *testing.T) {
	n := network
	n.GainMax = 2.2
	rec, err := artifact.FromRows([]traintable.Tensor{}, weights.Metadata(n, 9))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Encode(rec, "npz", nil); err == nil || !strings.Contains(err.Error(), "gains on the velocity (network.gain_max 2.2)") {
		t.Errorf("got %v", err)
	}
}

func mapsRecord(t *testing.T) arrow.Record {
	t.Helper()
	rec, err := artifact.FromRows([]traintable.Losses{{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// What is damaged, of another network, or made to fill the memory is refused in one line.
func TestFilesThatHoldNoSuchNetworkAreRefused(t *testing.T) {
	params := sic.InitialParameters(network, 7)
	good, err := Encode(trained(t, params), "safetensors", nil)
	if err != nil {
		t.Fatal(err)
	}
	goodNpz, err := Encode(trained(t, params), "npz", nil)
	if err != nil {
		t.Fatal(err)
	}
	params[3] = float32(math.Inf(1))
	infinite, err := Encode(trained(t, params), "safetensors", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":              {nil, "fewer than 8 bytes"},
		"cut off":            {good[:len(good)-3], "truncated"},
		"with more behind":   {append(slices.Clone(good), 1, 2, 3), "damaged"},
		"a cut archive":      {goodNpz[:len(goodNpz)-30], "no zip archive"},
		"infinite":           {infinite, "mlp.0.weight: value 4 of 6 is +Inf"},
		"of torch.save":      {archive(t, "archive/data.pkl", "\x80\x02}q\x00."), "torch.save"},
		"of an older one":    {[]byte("\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."), "torch.save"},
		"an empty archive":   {archive(t, "notes.txt", "nothing"), "torch.save"},
		"a shape that lies":  {members(t, ndarray.Member{Key: "mlp.0.weight", Npy: []byte(ndarray.NpyHeader("<f4", []int{1 << 30, 2}))}), "mlp.0.bias is missing"},
		"a bomb":             {bomb(t), "at most"},
		"a value of no type": {[]byte(strings.Replace(string(good), `"F32"`, `"I32"`, 1)), "must be F16"},
		"a tensor missing":   {[]byte(strings.ReplaceAll(string(good), "mlp.4.bias", "mlp.5.bias")), "is missing"},
	} {
		_, err := Read(write(t, "w", c.data), false)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := Read(t.TempDir(), false); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("a folder: %v", err)
	}
	large := write(t, "large", nil)
	if err := os.Truncate(large, mostBytes+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(large, false); err == nil || !strings.Contains(err.Error(), "must be at most") {
		t.Errorf("a large one: %v", err)
	}
}

func archive(t *testing.T, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func members(t *testing.T, list ...ndarray.Member) []byte {
	t.Helper()
	data, err := ndarray.Npz(list)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// bomb is a small file that declares a network of 8000 units, whose shapes are those of one.
func bomb(t *testing.T) []byte {
	var list []ndarray.Member
	for _, x := range statedict.Tensors(sic.Network{Units: 8000, Hidden: 64, Layers: 2}) {
		list = append(list, ndarray.Member{Key: x.Name, Npy: []byte(ndarray.NpyHeader("<f4", x.Shape))})
	}
	return members(t, list...)
}
