package params

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"sicgrid/pkg/ranges"
)

var wordsText = regexp.MustCompile(`^[\w.-]+(\|[\w.-]+)*$`)

// parseRange reads a range of the package's grammar: words for a string, else numbers.
func parseRange(text string, of reflect.Kind) (rule, error) {
	if of == reflect.String {
		if !wordsText.MatchString(text) {
			return rule{}, fmt.Errorf("range %q: must be words with | between them, such as jet|grey", text)
		}
		words := strings.Split(text, "|")
		return rule{must: "one of " + strings.Join(words, ", "), text: func(s string) bool { return slices.Contains(words, s) }}, nil
	}
	r, err := ranges.Parse(text)
	return rule{must: r.Must, number: r.Has}, err
}
