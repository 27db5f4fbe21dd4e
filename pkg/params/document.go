package params

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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
		return &Error{fmt.Sprintf("%s: %s", v.where, message)}
	}
	return &Error{fmt.Sprintf("%s: %s: %s", v.where, v.key, message)}
}

// An Error is a fault of the parameters, not of the program.
type Error struct{ message string }

func (e *Error) Error() string { return e.message }

// Read parses the file. Its faults, and a file that cannot be read, are errors of
// one line that begins with the path.
func Read(path string) (*Document, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, &Error{fmt.Sprintf("%s: cannot read parameters: %v", path, err)}
	}
	return Parse(path, data)
}

// readFile is os.ReadFile, whose error does not name the file again.
func readFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return data, err
}

// Parse is Read of a file's content; name stands for the file in errors.
func Parse(name string, data []byte) (*Document, error) {
	root, err := parse(data, source{name, strings.Split(string(data), "\n")})
	if err != nil {
		return nil, err
	}
	return &Document{root}, nil
}

// A source is where values are written.
type source struct {
	name  string
	lines []string // of a file; nil of the command line, where name is the place
}

func (s source) where(line int) string {
	if s.lines == nil {
		return s.name
	}
	return fmt.Sprintf("%s:%d", s.name, line)
}

// comment is the one behind the line, and in the lines below it at the same column.
func (s source) comment(line int) string {
	if s.lines == nil {
		return s.name
	}
	if line > len(s.lines) { // the parser knows other ends of lines
		return ""
	}
	before, comment, found := strings.Cut(s.lines[line-1], " #")
	for _, below := range s.lines[line:] {
		indent, more, _ := strings.Cut(below, "#")
		if !found || strings.TrimSpace(indent) != "" || len(indent) != utf8.RuneCountInString(before)+1 {
			break
		}
		comment += more
	}
	return strings.TrimSpace(comment)
}

// Set puts a value in the file's place: "loss.sigma_g=0.5". The value is
// YAML. Keys and values are checked by Decode, as the file's are.
func (d *Document) Set(assignment string) error {
	where := "--set " + assignment
	key, given, ok := strings.Cut(assignment, "=")
	if !ok || key == "" {
		return &Error{where + ": must be written key=value, such as loss.sigma_g=0.5"}
	}
	v, err := parse([]byte(given), source{name: where})
	if err != nil {
		return err
	}
	v.comment = where
	path := strings.Split(key, ".")
	at := d.root
	for _, name := range path[:len(path)-1] {
		next := at.child(name)
		if next == nil || next.kind != mapping {
			next = &value{kind: mapping, where: where, key: joinKey(at.key, name)}
			at.put(name, next)
		}
		at = next
	}
	at.put(path[len(path)-1], v)
	return nil
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
	if len(data) > 1<<20 {
		return nil, &Error{fmt.Sprintf("%s: found %d bytes, must be a parameter file of at most 1 MiB", from.where(1), len(data))}
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxError(err, from)
	}
	docs := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	switch len(docs) {
	case 0:
		return &value{kind: null, where: from.where(1)}, nil
	case 1:
		return convert(docs[0].Body, "", from)
	}
	return nil, &Error{fmt.Sprintf("%s: found %d YAML documents, must be one", from.where(1), len(docs))}
}

func syntaxError(err error, from source) error {
	line, message := 1, err.Error()
	if yamlErr := yaml.Error(nil); errors.As(err, &yamlErr) {
		message = yamlErr.GetMessage()
		if t := yamlErr.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
	}
	message, _, _ = strings.Cut(message, "\n")
	return &Error{fmt.Sprintf("%s: not valid YAML: %s", from.where(line), message)}
}

// plainFloat is a float of YAML 1.2; the parser takes those without a point, 1e-5, for text.
var plainFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

func convert(n ast.Node, key string, from source) (*value, error) {
	v := &value{key: key, where: from.where(1)}
	if t := n.GetToken(); t != nil && t.Position != nil {
		v.where = from.where(t.Position.Line)
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
		switch x := n.Value.(type) {
		case int64:
			v.number = float64(x)
		case uint64:
			v.number = float64(x)
		}
		return scalar(integer)
	case *ast.FloatNode:
		v.number = n.Value
		return scalar(float)
	case *ast.InfinityNode:
		v.number = n.Value
		return scalar(float)
	case *ast.NanNode:
		v.number = math.NaN()
		return scalar(float)
	case *ast.StringNode:
		v.kind, v.text = text, n.Value
		if n.Token.Type == token.StringType && plainFloat.MatchString(n.Value) {
			v.kind = float
			v.number, _ = strconv.ParseFloat(n.Value, 64) // infinite where it overflows
		}
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

func (v *value) add(pair *ast.MappingValueNode, from source) error {
	name := pair.Key.GetToken().Value
	line := pair.Key.GetToken().Position.Line
	child, err := convert(pair.Value, joinKey(v.key, name), from)
	if err != nil {
		return err
	}
	child.where, child.comment = from.where(line), from.comment(line)
	if earlier := v.child(name); earlier != nil {
		_, first, _ := strings.Cut(earlier.where[strings.LastIndex(earlier.where, ":"):], ":")
		return child.errorf("found twice, first on line %s, must be given once", first)
	}
	v.put(name, child)
	return nil
}
