// Package printable makes text that others have written fit to be shown: names of files, parameters
// and errors, and whatever a record or a remote says. A terminal obeys some characters instead of
// showing them, and a line end forges a line of the program's own.
package printable

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns s as one line that is shown as it is. Line ends, other control characters, bytes
// that are not UTF-8, and characters that cannot be seen or turn the direction of writing become
// escapes as Go and JSON write them: \n, \x1b, \u202e.
func Line(s string) string {
	if isLine(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case shown(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

func isLine(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !shown(r) }) < 0
}

// shown reports whether a terminal shows the character: letters, marks, numbers, punctuation,
// symbols and spaces, but none of the characters that only change how others are shown.
func shown(r rune) bool { return unicode.IsGraphic(r) }

// Short is Line cut to at most so many characters, with an ellipsis for what is left out.
func Short(s string, most int) string {
	s = Line(s)
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// Lines are the lines of a text of several, each as Line gives it.
func Lines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = Line(l)
	}
	return strings.Join(lines, "\n")
}

// Cell returns s as one cell of a Markdown table, whatever is in it: bars, line ends and
// backslashes are escaped, and nothing becomes HTML, code, a link or an image. Emphasis stays.
func Cell(s string) string {
	s = strings.NewReplacer(`\`, `\\`, "|", `\|`, "`", "\\`", "](", `]\(`, "][", `]\[`, "]:", `]\:`).Replace(strings.TrimSpace(Line(s)))
	return markup.ReplaceAllStringFunc(s, func(m string) string {
		if m[0] == '<' {
			return "&lt;" + m[1:]
		}
		return "&amp;" + m[1:]
	})
}

// HasMarkup reports whether Markdown would take something in a text for HTML.
func HasMarkup(text string) bool {
	return slices.ContainsFunc(markup.FindAllString(text, -1), func(m string) bool { return m[0] == '<' })
}

// markup begins a tag or a character reference; a lone < or & does not.
var markup = regexp.MustCompile(`<[A-Za-z/!?]|&[A-Za-z#]`)

// List writes words as a sentence has them: "a, b and c".
func List(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}

// Count writes "no module", "1 module", "3 modules".
func Count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
