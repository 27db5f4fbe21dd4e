package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestCanonicalJSON(t *testing.T) {
	type ab struct {
		B float64 `json:"b"`
		A int     `json:"a"`
	}
	for _, c := range []struct {
		name string
		v    any
		want string
	}{
		{"keys are sorted", ab{0.5, 1}, `{"a":1,"b":0.5}`},
		{"a map and a struct agree", map[string]any{"b": 0.5, "a": 1}, `{"a":1,"b":0.5}`},
		{"white space does not count", json.RawMessage("{ \"b\": 5e-1,\n\"a\":1.0 }"), `{"a":1,"b":0.5}`},
		{"integers keep all digits", uint64(math.MaxUint64), `18446744073709551615`},
		{"text is left alone", "<a & b>", `"<a & b>"`},
		{"nothing", nil, `null`},
	} {
		got, err := canonicalJSON(c.v)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s, %v, want %s", c.name, got, err, c.want)
		}
	}
	if _, err := canonicalJSON(map[string]float64{"x": math.NaN()}); err == nil {
		t.Error("NaN became part of a key")
	}
}

func TestCanonicalJSONKeepsEveryFloat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "x")
		data, err := canonicalJSON(x)
		if err != nil {
			t.Fatal(err)
		}
		var back float64
		if err := json.Unmarshal(data, &back); err != nil || back != x {
			t.Fatalf("%v became %s", x, data)
		}
	})
}

func TestChangesInWords(t *testing.T) {
	base := func() *parts {
		return &parts{
			recipe: recipe{Format: 1, Stage: "train", Code: "c1", Seed: 1,
				Params: json.RawMessage(`{"batch":32,"boxes":[2,3],"loss":{"capacity":0.5}}`),
				Inputs: map[string]string{"weights": "w1"}},
			Files:   map[string]string{"a.go": "1", "b.go": "1"},
			Modules: map[string]string{"example.org/m": "v1.0.0"},
			From:    map[string]string{"weights": "train weights"},
		}
	}
	for _, c := range []struct {
		change func(*parts)
		want   string
	}{
		{func(p *parts) {}, ""},
		{func(p *parts) { p.Params = json.RawMessage(`{"batch":32,"boxes":[2,3],"loss":{"capacity":0}}`) }, "params changed: loss.capacity 0.5 -> 0"},
		{func(p *parts) { p.Params = json.RawMessage(`{"batch":64,"boxes":[2],"loss":{"capacity":0.5}}`) }, "params changed: batch 32 -> 64, boxes [2,3] -> [2]"},
		{func(p *parts) { p.Params = json.RawMessage(`{"batch":32,"boxes":[2,3],"loss":{}}`) }, "params changed: loss.capacity 0.5 -> (none)"},
		{func(p *parts) {
			p.Params = json.RawMessage("{\"batch\":32,\"boxes\":[\n 2,\n 3\n],\"loss\":{\"capacity\":0.5}}")
		}, ""}, // as a lock has it
		{func(p *parts) { p.Seed = 2 }, "seed changed: 1 -> 2"},
		{func(p *parts) { p.Code, p.Files = "c2", map[string]string{"a.go": "2", "b.go": "1"} }, "code changed: a.go"},
		{func(p *parts) { p.Code, p.Files = "c2", map[string]string{"a.go": "1", "c.go": "1"} }, "code changed: b.go (gone), c.go (new)"},
		{func(p *parts) { p.Code, p.Modules = "c2", map[string]string{"example.org/m": "v1.1.0"} }, "module example.org/m v1.0.0 -> v1.1.0"},
		{func(p *parts) { p.Code = "c2" }, "code changed"},
		{func(p *parts) { p.Inputs = map[string]string{"weights": "w2"} }, "input weights from train changed (values)"},
		{func(p *parts) { p.Inputs = map[string]string{"weights": "w1", "walks": "x"} }, "input walks added"},
		{func(p *parts) { p.Inputs = nil }, "input weights removed"},
		{func(p *parts) { p.Format, p.Stage = 2, "ablate" }, "format changed: 1 -> 2; stage changed: train -> ablate"},
		{func(p *parts) {
			p.Params = json.RawMessage(`{"a":1,"b":1,"c":1,"batch":32,"boxes":[2,3],"d":1,"loss":{"capacity":0.5}}`)
		},
			"params changed: a (none) -> 1, b (none) -> 1, c (none) -> 1, and 1 more"},
	} {
		p := base()
		c.change(p)
		if got := words(changes(base(), p, nil)); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// A recipe's key is the digest of its canonical JSON, and a record's parts have the key that they
// were made for, though a record spells <, > and & otherwise.
func TestAKeyIsThatOfTheCanonicalRecipe(t *testing.T) {
	params, err := canonicalJSON(map[string]any{"title": "a < b & c > d", "rate": 1e-3, "2": []int{3}})
	if err != nil {
		t.Fatal(err)
	}
	r := recipe{Format: FormatVersion, Stage: "train", Code: "c1", Seed: 7, Params: params, Inputs: map[string]string{"walks": "d2", "a<b": "d1"}}
	key, err := r.key()
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := canonicalJSON(r)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%x", sha256.Sum256(canonical)); key != want {
		t.Errorf("key %s, want %s, of %s", key, want, canonical)
	}
	spelled, err := json.Marshal(parts{recipe: r})
	if err != nil || !bytes.Contains(spelled, []byte(`\u003c`)) {
		t.Fatalf("%s, %v", spelled, err)
	}
	if err := parseParts(spelled).keyIs(key); err != nil {
		t.Error(err)
	}
}
