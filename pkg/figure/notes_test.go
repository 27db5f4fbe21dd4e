package figure

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/png"
	"reflect"
	"strings"
	"testing"
)

var sampleNotes = []Note{{"Commit", "0123abc"}, {"Command", "sicgrid run figure-4 --set 'note=<script>alert(1)</script> & \"σ_g\"\x00\ufffe'"}}

// drawn is a picture of a line.
func drawn(t *testing.T) (svg, picture []byte) {
	t.Helper()
	svg, picture, err := Render(Page{Title: "A line", Height: 10, DPI: 60}, func(c *Canvas) {
		c.Line(Stroke{Color: Black, Width: Thin}, Point{}, Point{X: 3, Y: 3})
	})
	if err != nil {
		t.Fatal(err)
	}
	return svg, picture
}

func TestAnSVGSaysWhereItCameFromAndMayStillBeShown(t *testing.T) {
	svg, _ := drawn(t)
	noted, err := NoteSVG(svg, "A line, a < b", sampleNotes)
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckSVG(noted); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"</title>\n<desc>A line, a &lt; b</desc>\n<metadata>\nCommit: 0123abc\n", "&lt;script&gt;"} {
		if !strings.Contains(string(noted), want) {
			t.Errorf("lacks %q:\n%s", want, noted)
		}
	}
	if _, err := NoteSVG([]byte("<svg/>"), "", nil); err == nil {
		t.Error("notes were put behind a title that there is not")
	}
}

func TestAPNGSaysWhereItCameFromAndShowsTheSame(t *testing.T) {
	_, picture := drawn(t)
	noted, err := NotePNG(picture, sampleNotes)
	if err != nil {
		t.Fatal(err)
	}
	before, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	after, err := png.Decode(bytes.NewReader(noted))
	if err != nil || before.Bounds() != after.Bounds() {
		t.Fatal(after, err)
	}
	// Each chunk: length, kind, data, and the checksum of kind and data.
	texts := map[string]string{}
	for at := 8; at < len(noted); {
		n := int(binary.BigEndian.Uint32(noted[at:]))
		chunk := noted[at+4 : at+8+n]
		if sum := binary.BigEndian.Uint32(noted[at+8+n:]); sum != crc32.ChecksumIEEE(chunk) {
			t.Errorf("chunk %s: checksum %x", chunk[:4], sum)
		}
		if string(chunk[:4]) == "iTXt" {
			keyword, text, _ := strings.Cut(string(chunk[4:]), "\x00\x00\x00\x00\x00")
			texts[keyword] = text
		}
		at += 12 + n
	}
	if texts["Commit"] != "0123abc" || !strings.Contains(texts["Command"], `"σ_g"  '`) {
		t.Errorf("texts %q", texts)
	}
	if read := NotesOfPNG(noted); len(texts) != len(sampleNotes) || !reflect.DeepEqual(read, texts) {
		t.Errorf("of %q it reads %q", texts, read)
	}
	if texts := NotesOfPNG(picture); len(texts) > 0 {
		t.Errorf("a PNG without notes has %q", texts)
	}
	at := bytes.Index(noted, []byte("0123abc"))
	noted[at] ^= 1
	if texts := NotesOfPNG(noted); texts["Commit"] != "" || len(texts) != len(sampleNotes)-1 {
		t.Errorf("with a damaged note it has %q", texts)
	}
	for n := range noted {
		NotesOfPNG(noted[:n]) // must not panic
	}
	if _, err := NotePNG(picture[:20], nil); err == nil {
		t.Error("notes were put behind a header that there is not")
	}
}
