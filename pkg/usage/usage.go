// Package usage is about command lines: the error of one that cannot be meant, and the words of one
// that is told to somebody, as a shell takes them.
package usage

import (
	"fmt"
	"strings"
)

// Error is a command line, or a request of it, that is wrong by itself, whatever there is on disk.
type Error struct{ message string }

func (e *Error) Error() string { return e.message }

// Errorf is such an error.
func Errorf(format string, a ...any) error { return &Error{fmt.Sprintf(format, a...)} }

// Words are words of a command line behind others, each with a space before it: " --set 'a=b c'".
func Words(words ...string) string {
	text := ""
	for _, w := range words {
		text += " " + Quoted(w)
	}
	return text
}

// Repeated is a flag that is given once for each value: " --set seed=2 --set loss.sigma_g=0.5".
func Repeated(flag string, values []string) string {
	text := ""
	for _, v := range values {
		text += Words(flag, v)
	}
	return text
}

// Quoted is a word as a shell takes it.
func Quoted(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
