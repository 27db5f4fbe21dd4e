package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// fieldsOf are the values of a figure's numbers by their paths; an element of a list that has a name
// is called by it, and the values of a claim, one a seed, are samples of one field.
func fieldsOf(data json.RawMessage) map[string]Samples {
	fields := map[string]Samples{}
	walk(root(data), "", func(path string, v any) bool {
		switch v := v.(type) {
		case map[string]any:
			return len(v) > 0
		case []any:
			if strings.HasSuffix(path, ".values") && len(v) > 1 {
				for _, x := range v {
					fields[path] = append(fields[path], textOf(x))
				}
				return false
			}
			if len(v) > 0 {
				return true
			}
		}
		fields[path] = Samples{textOf(v)}
		return false
	}, func(i int, v any) string {
		if m, ok := v.(map[string]any); ok {
			for _, key := range []string{"claim", "name", "variant"} {
				if name, ok := m[key].(string); ok && name != "" {
					return name
				}
			}
		}
		return fmt.Sprint(i)
	})
	return fields
}

func root(data json.RawMessage) (v any) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if decoder.Decode(&v) != nil { // it is part of JSON that was read
		return nil
	}
	return v
}

// textOf is a leaf as text, a word without its quotes.
func textOf(v any) string {
	if s, ok := v.(string); ok && s != "" {
		return s
	}
	text, _ := json.Marshal(v) // what was read can be written
	return string(text)
}

// walk calls visit with every value, and goes into those for which it returns true; index names the
// elements of lists.
func walk(v any, path string, visit func(path string, v any) bool, index func(i int, v any) string) {
	if !visit(path, v) {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			walk(item, strings.TrimPrefix(path+"."+key, "."), visit, index)
		}
	case []any:
		for i, item := range v {
			walk(item, fmt.Sprintf("%s[%s]", path, index(i, item)), visit, index)
		}
	}
}
