package figure

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"html"
	"strings"
	"unicode"
)

// Note is a fact about a picture that its file carries beside the drawing: where it came from. Name
// is a keyword of 1 to 79 letters.
type Note struct{ Name, Text string }

// plainLine is a text as one line without control characters, as XML and PNG want it.
func plainLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar || r == '\ufffe' || r == '\uffff' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
}

// NoteSVG puts a description and notes behind the title of an SVG that Render made: <desc>, which
// screen readers read, and <metadata>, a line a note.
func NoteSVG(svg []byte, description string, notes []Note) ([]byte, error) {
	const end = "</title>\n"
	at := bytes.Index(svg, []byte(end))
	if at < 0 {
		return nil, errors.New("SVG: no title to put notes behind")
	}
	var b bytes.Buffer
	b.Write(svg[:at+len(end)])
	fmt.Fprintf(&b, "<desc>%s</desc>\n<metadata>\n", html.EscapeString(plainLine(description)))
	for _, n := range notes {
		fmt.Fprintf(&b, "%s: %s\n", html.EscapeString(plainLine(n.Name)), html.EscapeString(plainLine(n.Text)))
	}
	b.WriteString("</metadata>\n")
	b.Write(svg[at+len(end):])
	return b.Bytes(), nil
}

// noteMark stands between the name of a note and its text in a PNG: neither compressed nor translated.
const noteMark = "\x00\x00\x00\x00\x00"

// pngHeader is the length of the signature and the first chunk, IHDR, of a PNG.
const pngHeader = 8 + 4 + 4 + 13 + 4

// NotePNG puts notes behind the header of a PNG: an iTXt chunk each (PNG, third edition, 11.3.3.4).
func NotePNG(png []byte, notes []Note) ([]byte, error) {
	if len(png) < pngHeader || string(png[12:16]) != "IHDR" {
		return nil, errors.New("PNG: no header to put notes behind")
	}
	out := bytes.NewBuffer(bytes.Clone(png[:pngHeader]))
	for _, n := range notes {
		chunk := "iTXt" + plainLine(n.Name) + noteMark + plainLine(n.Text)
		out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4)))
		out.WriteString(chunk)
		out.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(chunk))))
	}
	out.Write(png[pngHeader:])
	return out.Bytes(), nil
}

// NotesOfPNG are those that NotePNG put into it, by their names; what is no such note, or damaged, is
// passed over.
func NotesOfPNG(png []byte) map[string]string {
	notes := map[string]string{}
	for rest := png[min(8, len(png)):]; len(rest) >= 12; {
		n := uint64(binary.BigEndian.Uint32(rest))
		if n > uint64(len(rest)-12) {
			break
		}
		chunk := rest[4 : 8+n]
		if name, text, found := strings.Cut(string(chunk[4:]), noteMark); found && string(chunk[:4]) == "iTXt" && binary.BigEndian.Uint32(rest[8+n:]) == crc32.ChecksumIEEE(chunk) {
			notes[plainLine(name)] = plainLine(text)
		}
		rest = rest[12+n:]
	}
	return notes
}
