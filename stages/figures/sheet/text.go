package sheet

import (
	"strings"

	"sicgrid/pkg/figure"
)

// Titles say what networks were trained with, by the names of their variants.
type Titles map[string]string

// Of is a variant's title, or its name where it has none.
func (t Titles) Of(variant string) string {
	if title, ok := t[variant]; ok {
		return title
	}
	return variant
}

// Clip shortens a text to a width in mm.
func Clip(s string, mm float64, t figure.Type) string {
	if figure.TextWidth(s, t) <= mm {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && figure.TextWidth(string(runes)+"…", t) > mm {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), "_, ") + "…"
}

// TwoLines breaks a text at a space where it is wider than mm, and cuts what is still too wide.
func TwoLines(s string, mm float64, t figure.Type) []string {
	if figure.TextWidth(s, t) <= mm {
		return []string{s}
	}
	words, n := strings.Fields(s), 1
	for n < len(words) && figure.TextWidth(strings.Join(words[:n+1], " "), t) <= mm {
		n++
	}
	if n == len(words) {
		return []string{Clip(s, mm, t)}
	}
	return []string{Clip(strings.Join(words[:n], " "), mm, t), Clip(strings.Join(words[n:], " "), mm, t)}
}
