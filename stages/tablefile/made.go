package tablefile

import (
	"bytes"
	"os"
	"slices"
	"strings"
)

// MadeHere says whether a regular file is of this program's making: a Parquet file says so at its
// end; another begins as what is about to take its place, a table with the same columns.
func MadeHere(path string, headers ...string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false
	}
	piece := func(at, most int64) []byte {
		data := make([]byte, min(info.Size()-at, most))
		n, _ := f.ReadAt(data, at) // of a file that shrinks meanwhile, what is left
		return data[:n]
	}
	if head := piece(0, 1<<16); !bytes.HasPrefix(head, []byte("PAR1")) {
		first := FirstLine(head)
		return slices.ContainsFunc(headers, func(h string) bool { return h != "" && strings.HasPrefix(first, h) })
	}
	return bytes.Contains(piece(max(info.Size()-4096, 0), 4096), []byte("sicgrid")) // the writer's name
}

// FirstLine is the first line that is no comment.
func FirstLine(data []byte) string {
	for line := range bytes.Lines(data[:min(len(data), 1<<16)]) {
		if !bytes.HasPrefix(line, []byte("#")) {
			return string(bytes.TrimRight(line, "\r\n"))
		}
	}
	return ""
}
