package params

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A Document is a parameter file: a mapping of keys to scalars, lists and
// further mappings, each of which knows where it was written.
type Document struct {
	root *value
}

type kind int

const (
	null kind = iota
	boolean
	integer
	float
	text
	list
	mapping
)

// A value is one node of the file.
type value struct {
	kind    kind
	text    string  // a scalar as it was written
	number  float64 // of an integer or a float
	where   string  // "params/laptop.yaml:12" or "--set loss.sigma_g=-1"
	line    int     // in the file
	comment string  // behind the key
	key     string  // full dotted key, for messages; "" for the whole file and for a value that --set gave
	items   []*value
	keys    []string          // of a mapping, in the order of the file; items are the values
	removed map[string]*value // the nulls of a mapping that took inherited keys away
}

func (v *value) child(key string) *value {
	if v == nil || v.kind != mapping {
		return nil
	}
	if i := slices.Index(v.keys, key); i >= 0 {
		return v.items[i]
	}
	return nil
}

// found says what a value is, for "found ..., must be ...".
func (v *value) found() string {
	switch v.kind {
	case null:
		return "nothing"
	case list:
		return "a list"
	case mapping:
		return "a mapping"
	case text:
		return fmt.Sprintf("%q", v.text)
	}
	return v.text
}

func (v *value) errorf(format string, a ...any) error {
	message := fmt.Sprintf(format, a...)
	if v.key == "" {
		return faultf("%s: %s", v.where, message)
	}
	return faultf("%s: %s: %s", v.where, v.key, message)
}

// An Error is a fault of the parameters, not of the program.
type Error struct{ message string }

func (e *Error) Error() string { return e.message }

// faultf is an Error in which whatever a terminal would obey, or a reader could not see, is written
// as an escape: a file's name may have it, and so may a quoted key.
func faultf(format string, a ...any) *Error {
	var b strings.Builder
	for _, r := range fmt.Sprintf(format, a...) {
		if r == ' ' || unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
	}
	return &Error{b.String()}
}

// Read parses the file. Its faults, and a file that cannot be read, are errors of
// one line that begins with the path.
func Read(path string) (*Document, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, faultf("%s: cannot read parameters: %v", path, err)
	}
	return Parse(path, data)
}

// Parse is Read of a file's content; name stands for the file in errors.
func Parse(name string, data []byte) (*Document, error) {
	data, err := decodeText(data, source{name, []string{}})
	if err != nil {
		return nil, err
	}
	root, err := parse(data, source{name, strings.Split(string(data), "\n")})
	if err != nil {
		return nil, err
	}
	return &Document{root}, nil
}

// Set puts a value in the file's place: "loss.sigma_g=0.5". The value is YAML. Keys and values are
// checked by Decode, as the file's are. The values that were there stay as they are, for documents
// that share them.
func (d *Document) Set(assignment string) error {
	where := "--set " + shortened(assignment)
	key, given, ok := strings.Cut(assignment, "=")
	if !ok || key == "" {
		return faultf("%s: must be written key=value, such as loss.sigma_g=0.5", where)
	}
	from := source{name: where}
	data, err := decodeText([]byte(given), from)
	if err != nil {
		return err
	}
	v, err := parse(data, from)
	if err != nil {
		return err
	}
	v.comment = where
	path := strings.Split(key, ".")
	switch {
	case len(path) > mostDepth:
		return faultf("%s: found a key of %d parts, must be of at most %d", where, len(path), mostDepth)
	case slices.ContainsFunc(path, notWord):
		return faultf("%s: found the key %q, must be words with points between them, such as loss.sigma_g", where, key)
	}
	d.root = d.root.withNew(path, v)
	return nil
}

// withNew is v with another value at a path, whose missing sections are made.
func (v *value) withNew(path []string, to *value) *value {
	if len(path) == 0 {
		return to
	}
	changed := *v
	changed.keys, changed.items = slices.Clone(v.keys), slices.Clone(v.items)
	next := v.child(path[0])
	if len(path) > 1 && (next == nil || next.kind != mapping) {
		next = &value{kind: mapping, where: to.where, key: joinKey(v.key, path[0])}
	}
	changed.put(path[0], next.withNew(path[1:], to))
	return &changed
}

// shortened is a text of which no more is shown than a reader needs to find it.
func shortened(text string) string {
	const most = 120
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

func (v *value) put(key string, child *value) {
	if i := slices.Index(v.keys, key); i >= 0 {
		v.items[i] = child
		return
	}
	v.keys = append(v.keys, key)
	v.items = append(v.items, child)
}

// Overlay is a document of the given top-level sections of d in which the values of the mapping at
// key (such as "variants.no-capacity") take the place of d's own; null takes a key away. A section
// or key that d does not have stays for Decode to refuse.
func (d *Document) Overlay(key string, sections []string) *Document {
	return &Document{overlay(d.Sections(sections...).root, d.at(key))}
}

// Merge is d with another document laid over it: mappings are merged, any other value takes the
// place of d's, and null takes a key away. Every value keeps the place it came from.
func (d *Document) Merge(over *Document) *Document {
	root := *overlay(d.root, over.root)
	root.where = over.root.where
	return &Document{&root}
}

// Sections is a document of those of the given top-level sections that d has.
func (d *Document) Sections(sections ...string) *Document {
	root := &value{kind: mapping, where: d.root.where}
	for _, name := range sections {
		if section := d.root.child(name); section != nil {
			root.put(name, section)
		}
	}
	return &Document{root}
}

func overlay(base, over *value) *value {
	if base == nil || base.kind != mapping || over.kind != mapping {
		return over
	}
	merged := *base
	merged.keys, merged.items = slices.Clone(base.keys), slices.Clone(base.items)
	merged.removed = maps.Clone(base.removed)
	for i, key := range over.keys {
		if at := slices.Index(merged.keys, key); at >= 0 && over.items[i].kind == null {
			merged.keys, merged.items = slices.Delete(merged.keys, at, at+1), slices.Delete(merged.items, at, at+1)
			if merged.removed == nil {
				merged.removed = map[string]*value{}
			}
			merged.removed[key] = over.items[i]
			continue
		}
		merged.put(key, overlay(base.child(key), over.items[i]))
	}
	return &merged
}

// Text is the scalar at key as it was written, and the comment behind it or the --set that gave it;
// both are empty where there is none.
func (d *Document) Text(key string) (scalar, comment string) {
	v := d.at(key)
	if v.kind == list || v.kind == mapping {
		return "", ""
	}
	return v.text, v.comment
}

// Keys are the keys of the mapping at key, in the order of the file.
func (d *Document) Keys(key string) []string {
	if v := d.at(key); v != nil {
		return v.keys
	}
	return nil
}

// Errorf is an error about the value at key, with its place in the file.
func (d *Document) Errorf(key, format string, a ...any) error {
	return d.at(key).errorf(format, a...)
}

// at is the value at a dotted key such as "loss.sigma_g" or "boxes[1]", or the nearest mapping
// around it.
func (d *Document) at(key string) *value {
	v := d.root
	if key == "" {
		return v
	}
	for name := range strings.SplitSeq(key, ".") {
		name, index, indexed := strings.Cut(name, "[")
		next := v.child(name)
		if i, err := strconv.Atoi(strings.TrimSuffix(index, "]")); indexed && next != nil && err == nil && i < len(next.items) {
			next = next.items[i]
		}
		if next == nil {
			return v
		}
		v = next
	}
	return v
}

func joinKey(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// parse turns YAML into values.
func parse(data []byte, from source) (*value, error) {
	file, err := syntaxTree(data, from)
	if err != nil {
		return nil, err
	}
	docs := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	switch len(docs) {
	case 0:
		return &value{kind: null, where: from.where(1)}, nil
	case 1:
		return convert(docs[0].Body, "", from)
	}
	return nil, from.errorf(1, "found %d YAML documents, must be one", len(docs))
}

// syntaxTree is the parser's. It panics on some of what is no YAML.
func syntaxTree(data []byte, from source) (file *ast.File, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = from.errorf(1, "not valid YAML: the parser says %v", fault)
		}
	}()
	tokens, err := tokenize(data, from)
	if err != nil {
		return nil, err
	}
	if file, err = parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()); err != nil {
		return nil, syntaxError(err, from)
	}
	return file, nil
}

func syntaxError(err error, from source) error {
	line, message := 1, ""
	if yamlErr := yaml.Error(nil); errors.As(err, &yamlErr) { // whose Error() prints the file around it, in quadratic time
		message = yamlErr.GetMessage()
		if t := yamlErr.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
	} else {
		message = err.Error()
	}
	message, _, _ = strings.Cut(message, "\n")
	return from.errorf(line, "not valid YAML: %s", message)
}

var (
	// plainFloat is a float of YAML 1.2; the parser takes those without a point, 1e-5, for text.
	plainFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	// wholeNumber is one in decimal digits; underscores may part them.
	wholeNumber = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*(_[0-9]+)*)$`)
	// ambiguous is what some read as octal and others as decimal.
	ambiguous = regexp.MustCompile(`^[-+]?0[0-9_]`)
)

// digits are those of a whole number, with its sign if it is below 0.
func digits(text string) string { return strings.TrimPrefix(strings.ReplaceAll(text, "_", ""), "+") }

// convertNumber fills a number, which is a decimal one: 010 is 8 to some and 10 to others.
func (v *value) convertNumber(text string, x float64) (*value, error) {
	v.kind, v.text, v.number = float, text, x
	switch {
	case ambiguous.MatchString(text):
		return nil, v.errorf("found %s, must be a number without a zero in front", text)
	case wholeNumber.MatchString(text):
		v.kind = integer
		v.number, _ = strconv.ParseFloat(digits(text), 64) // infinite where it overflows
	case math.IsNaN(x):
		return nil, v.errorf("found %s, must be a decimal number", text)
	}
	return v, nil
}

func convert(n ast.Node, key string, from source) (*value, error) {
	v := &value{key: key, where: from.where(1), line: 1}
	if n == nil {
		return v, nil
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		v.line = t.Position.Line
		v.where = from.where(v.line)
	}
	scalar := func(k kind) (*value, error) {
		v.kind, v.text = k, n.GetToken().Value
		return v, nil
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return scalar(null)
	case *ast.BoolNode:
		return scalar(boolean)
	case *ast.IntegerNode:
		return v.convertNumber(n.GetToken().Value, math.NaN())
	case *ast.FloatNode:
		return v.convertNumber(n.GetToken().Value, n.Value)
	case *ast.InfinityNode:
		v.number = n.Value
		return scalar(float)
	case *ast.NanNode:
		v.number = math.NaN()
		return scalar(float)
	case *ast.StringNode:
		if n.Token.Type == token.StringType && plainFloat.MatchString(n.Value) {
			x, _ := strconv.ParseFloat(n.Value, 64) // infinite where it overflows
			return v.convertNumber(n.Value, x)
		}
		v.kind, v.text = text, n.Value
		return v, nil
	case *ast.LiteralNode:
		v.kind, v.text = text, n.Value.Value
		return v, nil
	case *ast.SequenceNode:
		v.kind = list
		for i, item := range n.Values {
			child, err := convert(item, fmt.Sprintf("%s[%d]", key, i), from)
			if err != nil {
				return nil, err
			}
			v.items = append(v.items, child)
		}
		return v, nil
	case *ast.MappingNode:
		v.kind = mapping
		for _, pair := range n.Values {
			if err := v.add(pair, from); err != nil {
				return nil, err
			}
		}
		return v, nil
	case *ast.MappingValueNode:
		v.kind = mapping
		return v, v.add(n, from)
	}
	return nil, v.errorf("found a YAML %s, must be a plain value", strings.ToLower(n.Type().String()))
}

// notWord is true of what is no key: nothing, and what cannot be seen.
func notWord(name string) bool {
	return name == "" || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

func (v *value) add(pair *ast.MappingValueNode, from source) error {
	t := pair.Key.GetToken()
	name, line := t.Value, t.Position.Line
	if notWord(name) {
		return v.errorf("found the key %q on line %d, must be a word", name, line)
	}
	child, err := convert(pair.Value, joinKey(v.key, name), from)
	if err != nil {
		return err
	}
	child.line, child.where, child.comment = line, from.where(line), from.comment(line)
	if earlier := v.child(name); earlier != nil {
		if from.lines == nil {
			return child.errorf("found twice, must be given once")
		}
		return child.errorf("found twice, first on line %d, must be given once", earlier.line)
	}
	v.put(name, child)
	return nil
}
