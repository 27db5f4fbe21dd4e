package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// recipe is everything that may decide the values of a node's outputs. Its fields stand in the order
// of their names, so that they are encoded in that order.
type recipe struct {
	Code   string            `json:"code"`
	Format int               `json:"format"`
	Inputs map[string]string `json:"inputs"` // role -> logical digest
	Params json.RawMessage   `json:"params"` // canonical JSON
	Seed   uint64            `json:"seed"`
	Stage  string            `json:"stage"`
}

// key returns the SHA-256 of the recipe's canonical JSON in lower-case hex.
func (r *recipe) key() (string, error) {
	data, err := plainJSON(r)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// keyIs says what is wrong if the recipe, as a record spells it, does not have this key. Its parameters
// are canonical afterwards.
func (r *recipe) keyIs(key string) error {
	var err error
	if r.Params, err = canonicalJSON(r.Params); err != nil {
		return err
	}
	mine, err := r.key()
	if err == nil && mine != key {
		err = fmt.Errorf("the parts have key %s, not %s", short(mine), short(key))
	}
	return err
}

// parts is what an action record keeps of its recipe: the recipe itself and what helps to say in
// words how it differs from another.
type parts struct {
	recipe
	Files   map[string]string `json:"files"`   // of the code digest
	Modules map[string]string `json:"modules"` // of the code digest
	From    map[string]string `json:"from"`    // role -> "node output"
	Objects map[string]string `json:"objects"` // role -> object of the input; its bytes decide nothing
}

// newParts makes the parts of a node's key. Roles without a digest in inputs are left out: they are
// not known yet. codeName names the code digest.
func newParts(n *Node, opt *Options, codeName string, inputs, objects map[string]string) (*parts, error) {
	params, err := canonicalJSON(n.Params)
	if err != nil {
		return nil, fmt.Errorf("params cannot be part of a key: %w", err)
	}
	code := opt.Code[codeName]
	p := &parts{
		recipe: recipe{
			Format: FormatVersion, Stage: n.Stage, Code: code.Digest,
			Params: params, Seed: n.Seed, Inputs: inputs,
		},
		Files: code.Files, Modules: code.Modules, From: map[string]string{}, Objects: objects,
	}
	for role, ref := range n.Inputs {
		p.From[role] = ref.Node.Name + " " + ref.Output
	}
	return p, nil
}

// parseParts reads the parts of an action record; nil if they cannot be read, which costs only
// words.
func parseParts(data []byte) *parts {
	var p parts
	if json.Unmarshal(data, &p) != nil || p.Format == 0 {
		return nil
	}
	return &p
}

// canonicalJSON encodes v with sorted keys and without white space. Numbers are written as their
// shortest text that reads back as the same float64; integers keep all digits. NaN and infinities
// are errors.
func canonicalJSON(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	if tree, err = canonicalNumbers(tree); err != nil {
		return nil, err
	}
	return plainJSON(tree) // map keys come out sorted
}

// plainJSON encodes v without white space and with all characters as they are.
func plainJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}

func canonicalNumbers(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if v[k], err = canonicalNumbers(v[k]); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range v {
			if v[i], err = canonicalNumbers(v[i]); err != nil {
				return nil, err
			}
		}
	case json.Number:
		if !strings.ContainsAny(string(v), ".eE") {
			return v, nil
		}
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return nil, fmt.Errorf("number %s: %w", v, err)
		}
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return json.Number(strconv.FormatFloat(f, 'f', -1, 64)), nil // 2.0 is 2
		}
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64)), nil
	}
	return v, nil
}

// change is one part of a key that is not what it was.
type change struct {
	part string // "format", "stage", "params", "seed", "code", "module", "input"
	name string // parameter, file, module or role
	old  string // "" if it is new
	new  string // "" if it is gone
	from string // of an input: the node that makes it
}

// changes compares two sets of parts in a fixed order. Roles in unknown are not compared.
func changes(old, new *parts, unknown map[string]bool) []change {
	var cs []change
	if old.Format != new.Format {
		cs = append(cs, change{part: "format", old: strconv.Itoa(old.Format), new: strconv.Itoa(new.Format)})
	}
	if old.Stage != new.Stage {
		cs = append(cs, change{part: "stage", old: old.Stage, new: new.Stage})
	}
	if !bytes.Equal(old.Params, new.Params) {
		cs = append(cs, mapChanges("params", flatten(old.Params), flatten(new.Params))...)
	}
	if old.Seed != new.Seed {
		cs = append(cs, change{part: "seed", old: strconv.FormatUint(old.Seed, 10), new: strconv.FormatUint(new.Seed, 10)})
	}
	if old.Code != new.Code {
		code := mapChanges("code", old.Files, new.Files)
		code = append(code, mapChanges("module", old.Modules, new.Modules)...)
		if len(code) == 0 {
			code = []change{{part: "code", old: old.Code, new: new.Code}}
		}
		cs = append(cs, code...)
	}
	for _, c := range mapChanges("input", old.Inputs, new.Inputs) {
		if !unknown[c.name] {
			c.from, _, _ = strings.Cut(new.From[c.name], " ")
			cs = append(cs, c)
		}
	}
	return cs
}

func mapChanges(part string, old, new map[string]string) []change {
	all := map[string]bool{}
	for k := range old {
		all[k] = true
	}
	for k := range new {
		all[k] = true
	}
	var cs []change
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if old[k] != new[k] {
			cs = append(cs, change{part: part, name: k, old: old[k], new: new[k]})
		}
	}
	return cs
}

// flatten turns canonical JSON into dotted paths and leaf texts; arrays are leaves.
func flatten(data json.RawMessage) map[string]string {
	flat := map[string]string{}
	var walk func(path string, data json.RawMessage)
	walk = func(path string, data json.RawMessage) {
		var object map[string]json.RawMessage
		if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) && json.Unmarshal(data, &object) == nil {
			for k, v := range object {
				p := k
				if path != "" {
					p = path + "." + k
				}
				walk(p, v)
			}
			return
		}
		var text bytes.Buffer // without the layout that a file may have
		if json.Compact(&text, data) != nil {
			text.Write(data)
		}
		flat[path] = text.String()
	}
	if len(data) > 0 && string(data) != "null" {
		walk("", data)
	}
	return flat
}

// words says the changes in one line: "params changed: loss.capacity 0.5 -> 0; code changed:
// pkg/sic/loss.go".
func words(cs []change) string {
	const most = 3 // of one kind
	var groups []string
	for i := 0; i < len(cs); {
		j := i
		for j < len(cs) && cs[j].part == cs[i].part {
			j++
		}
		var items []string
		for _, c := range cs[i:min(j, i+most)] {
			items = append(items, c.item())
		}
		if more := j - i - most; more > 0 {
			items = append(items, fmt.Sprintf("and %d more", more))
		}
		text := strings.Join(items, ", ")
		switch cs[i].part {
		case "params":
			text = "params changed: " + text
		case "code":
			text = strings.TrimSuffix("code changed: "+text, ": ")
		}
		groups = append(groups, text)
		i = j
	}
	return strings.Join(groups, "; ")
}

func (c change) item() string {
	switch c.part {
	case "code":
		switch {
		case c.name == "":
			return ""
		case c.old == "":
			return c.name + " (new)"
		case c.new == "":
			return c.name + " (gone)"
		}
		return c.name
	case "input":
		switch {
		case c.old == "":
			return "input " + c.name + " added"
		case c.new == "":
			return "input " + c.name + " removed"
		}
		return "input " + c.name + " from " + c.from + " changed (values)"
	}
	name := c.name
	if name != "" {
		name += " "
	}
	switch c.part {
	case "module":
		name = "module " + name
	case "format", "stage", "seed":
		name = c.part + " changed: "
	}
	old, new := apart(orNone(c.old), orNone(c.new))
	return name + old + " -> " + new
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// short is the form of a digest or key that people are shown.
func short(digest string) string { return digest[:min(12, len(digest))] }
