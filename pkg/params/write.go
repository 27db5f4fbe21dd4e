package params

import (
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	commentColumn = 29
	commentWidth  = 100 // of the whole line
)

// WriteYAML writes the document, whose keys v's type declares, as a file that explains itself: keys
// in the order of the struct, behind each its unit, meaning and range. A key that may be left out
// and is, stands there commented out. The entries of mappings of free names keep their order, their
// shape and the comments of the document. What is written reads back as the same values.
func (d *Document) WriteYAML(w io.Writer, v any) error {
	t := structOf(reflect.TypeOf(v))
	if err := d.Decode(reflect.New(t).Interface()); err != nil {
		return err
	}
	presets, err := structDefaults(t, "", true)
	if err != nil {
		return err
	}
	var out yamlText
	out.section(d.root, presets, t, "")
	_, err = io.WriteString(w, strings.TrimLeft(out.String(), "\n"))
	return err
}

type yamlText struct {
	strings.Builder
	afterSection bool
}

// section writes a struct's keys from a mapping; what that leaves out is suggested by the defaults.
func (t *yamlText) section(v, presets *value, of reflect.Type, indent string) {
	for _, d := range declarationsOf(of) {
		isSection := d.of.Kind() == reflect.Struct || d.of.Kind() == reflect.Map
		if indent == "" && (isSection || t.afterSection) {
			t.WriteString("\n")
		}
		child, preset, indent := v.child(d.key), presets.child(d.key), indent
		if child == nil {
			indent += "# "
			if child = preset; child == nil {
				child = &value{}
			}
		}
		switch {
		case d.of.Kind() == reflect.Struct:
			t.line(indent, d.key, "", d.comment())
			t.section(child, preset, d.of, indent+"  ")
		case isSection && len(child.keys) > 0:
			t.line(indent, d.key, "", d.comment())
			for i, name := range child.keys {
				t.free(name, child.items[i], child, indent+"  ")
			}
		default:
			t.line(indent, d.key, child.flow(), d.comment())
		}
		t.afterSection = isSection
	}
}

// free writes an entry of a mapping of free names as it was written: in one line or below its name.
func (t *yamlText) free(name string, v, around *value, indent string) {
	comment := v.comment
	if v.where == around.where {
		comment = ""
	}
	if len(v.keys) == 0 || v.items[0].where == v.where {
		t.line(indent, Quoted(name), v.flow(), comment)
		return
	}
	t.line(indent, Quoted(name), "", comment)
	for i, name := range v.keys {
		t.free(name, v.items[i], v, indent+"  ")
	}
}

// line writes a key, its value and the comment, which goes on in further lines at the same column.
func (t *yamlText) line(indent, key, value, comment string) {
	text := strings.TrimRight(indent+key+": "+value, " ")
	if comment != "" {
		text += strings.Repeat(" ", max(1, commentColumn-utf8.RuneCountInString(text)))
	}
	column := utf8.RuneCountInString(text)
	length := column
	for i, word := range strings.Fields(comment) {
		switch length += 1 + utf8.RuneCountInString(word); {
		case i == 0:
			text += "#"
			length++
		case length > commentWidth:
			text += "\n" + strings.Repeat(" ", column) + "#"
			length = column + 2 + utf8.RuneCountInString(word)
		}
		text += " " + word
	}
	t.WriteString(text + "\n")
}

// comment is what a key's comment says: its unit, meaning and range.
func (d *declaration) comment() string {
	text := strings.TrimPrefix(d.unit+", "+d.meaning, ", ")
	return strings.Trim(text+"; "+d.allowed(), "; ,")
}

// plainWord needs no quotes, unless it is a word of YAML's.
var plainWord = regexp.MustCompile(`^[A-Za-z_][\w./-]*$`)

// Quoted is a text as a file may have it for a key or a value: in quotes, unless it reads back as it
// is.
func Quoted(s string) string {
	if v, err := parse([]byte(s), source{}); err == nil && v.kind == text && plainWord.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

// YAML is the value at a dotted key in one line, "" where there is none.
func (d *Document) YAML(key string) string {
	v := d.root
	for name := range strings.SplitSeq(key, ".") {
		v = v.child(name)
	}
	if v == nil {
		return ""
	}
	return v.flow()
}

// flow is a value in one line.
func (v *value) flow() string {
	parts := make([]string, len(v.items))
	for i, item := range v.items {
		parts[i] = item.flow()
		if v.kind == mapping {
			parts[i] = fmt.Sprintf("%s: %s", Quoted(v.keys[i]), parts[i])
		}
	}
	switch v.kind {
	case list:
		return "[" + strings.Join(parts, ", ") + "]"
	case mapping:
		return "{" + strings.Join(parts, ", ") + "}"
	case text:
		return Quoted(v.text)
	}
	return v.text
}
