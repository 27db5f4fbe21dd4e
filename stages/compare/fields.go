package compare

import (
	"encoding/json"
	"strconv"
	"strings"

	"sicgrid/pkg/jsondiff"
)

// fieldsOf are the values of a figure's numbers by their paths; an element of a list that has a name
// is called by it, and the values of a claim, one a seed, are samples of one field.
func fieldsOf(data json.RawMessage) map[string]Samples {
	fields := map[string]Samples{}
	jsondiff.Walk(data, nameOf, func(path string, v any) bool {
		if list, ok := v.([]any); ok && len(list) > 1 && strings.HasSuffix(path, ".values") {
			for _, x := range list {
				fields[path] = append(fields[path], textOf(x))
			}
			return false
		}
		if jsondiff.IsLeaf(v) {
			fields[path] = Samples{textOf(v)}
		}
		return true
	})
	return fields
}

// nameOf is what an element of a list is called: its name if it has one, or else its number.
func nameOf(i int, v any) string {
	if m, ok := v.(map[string]any); ok {
		for _, key := range []string{"claim", "name", "variant"} {
			if name, ok := m[key].(string); ok && name != "" {
				return name
			}
		}
	}
	return strconv.Itoa(i)
}

// textOf is a leaf as text, a word without its quotes.
func textOf(v any) string {
	if s, ok := v.(string); ok && s != "" {
		return s
	}
	text, _ := json.Marshal(v) // what was read can be written
	return string(text)
}
