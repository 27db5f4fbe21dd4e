// Package jsontext writes values as JSON that people read too: indented, and with the characters <,
// > and & as they are.
package jsontext

import (
	"encoding/json"
	"io"
)

// Write writes v, and a line end.
func Write(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
