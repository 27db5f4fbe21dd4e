package params

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// What a file may have at most: its parser takes time and memory as the square of what it reads,
// and the stack of the program for what is nested. The annotated defaults have 20 kB, 1 100 tokens,
// and 4 levels.
const (
	mostBytes  = 256 << 10
	mostTokens = 20_000 // keys, values, and the marks between them
	mostDepth  = 32     // of lists and mappings
)

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

func (s source) errorf(line int, format string, a ...any) error {
	return faultf("%s: %s", s.where(line), fmt.Sprintf(format, a...))
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

// readFile reads a regular file that is no larger than parameters may be; its errors do not name
// the file. A pipe or a device is refused, since it might never end.
func readFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe is not waited for
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return nil, pathErr.Err
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if kind := info.Mode().Type(); kind != 0 {
		return nil, fmt.Errorf("found %s, must be a regular file", kindOfFile(kind))
	}
	data, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err == nil && len(data) > mostBytes {
		err = fmt.Errorf("found %d bytes, must be a parameter file of at most %d", max(info.Size(), mostBytes+1), mostBytes)
	}
	return data, err
}

func kindOfFile(kind fs.FileMode) string {
	switch {
	case kind&fs.ModeDir != 0:
		return "a folder"
	case kind&fs.ModeNamedPipe != 0:
		return "a pipe"
	case kind&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// decodeText is the UTF-8 text of a file, without a byte order mark, in which nothing stands that
// YAML forbids.
func decodeText(data []byte, from source) ([]byte, error) {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return nil, from.errorf(1, "found UTF-16 text (by its byte order mark), must be UTF-8: save it as that")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(data) > mostBytes {
		return nil, from.errorf(1, "found %d bytes, must be at most %d", len(data), mostBytes)
	}
	line := 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == '\n':
			line++
		case r == utf8.RuneError && size == 1:
			return nil, from.errorf(line, "found the byte 0x%02x, which is no UTF-8, must be UTF-8 text", data[i])
		case r == 0 && i < 2:
			return nil, from.errorf(line, "found a zero byte, as of UTF-16 text, must be UTF-8: save it as that")
		case r == '\ufeff':
			return nil, from.errorf(line, "found a byte order mark amid the text, must be taken out")
		case !printable(r):
			return nil, from.errorf(line, "found the control character %U, must be taken out", r)
		}
		i += size
	}
	return data, nil
}

// printable is true of what YAML 1.2 lets stand in a text (section 5.1).
func printable(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r < 0x7f || r == 0x85 || r >= 0xa0 && r != 0xfffe && r != 0xffff
}

// tokenize splits YAML into tokens, within the limits.
func tokenize(data []byte, from source) (token.Tokens, error) {
	tokens := lexer.Tokenize(string(data))
	var columns []int // of the block lists and mappings around a token
	flow, line := 0, 0
	for i, t := range tokens {
		if t.Position == nil {
			continue
		}
		if i >= mostTokens {
			return nil, from.errorf(t.Position.Line, "found more than %d keys, values and marks, must be fewer", mostTokens)
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(0, flow-1)
		}
		if nests := t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType; nests || t.Position.Line != line {
			line = t.Position.Line
			for len(columns) > 0 && columns[len(columns)-1] >= t.Position.Column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, t.Position.Column)
		}
		if len(columns)+flow > mostDepth {
			return nil, from.errorf(t.Position.Line, "found lists and mappings nested more than %d deep, must be fewer", mostDepth)
		}
	}
	return tokens, nil
}
