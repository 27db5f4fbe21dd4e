package compare

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"text/tabwriter"

	"sicgrid/pkg/printable"
)

// mostOfAFigure is how many differing numbers of one figure a terminal is shown, unless all are
// asked for.
const mostOfAFigure = 25

// Print writes the comparison for people at a terminal.
func (c Comparison) Print(out io.Writer, all bool) error {
	var b bytes.Buffer
	for _, side := range []struct {
		letter string
		Shown
	}{{"A", c.A}, {"B", c.B}} {
		fmt.Fprintf(&b, "%s  %s\n", side.letter, printable.Line(side.head()))
		if side.Note != "" {
			fmt.Fprintf(&b, "   %s\n", printable.Line(side.Note))
		}
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		for i, cell := range cells {
			cells[i] = printable.Short(cell, 60)
		}
		fmt.Fprintln(w, "  "+strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	fmt.Fprintf(w, "\n%s\n", differing(len(c.Parameters), "parameter"))
	for _, d := range c.Parameters {
		row(d.Field, orNone(d.A.Text), orNone(d.B.Text))
	}
	fmt.Fprintf(w, "\n%s, %d are equal\n", differing(len(c.Numbers), "number"), c.Equal)
	shown, group := 0, ""
	for _, d := range c.Numbers {
		if d.Group() != group {
			more(w, group, shown, all)
			group, shown = d.Group(), 0
			fmt.Fprintf(w, " %s\n", printable.Line(group))
		}
		if shown++; all || shown <= mostOfAFigure {
			row("  "+d.Within(), d.A.String(), d.B.String(), d.By())
		}
	}
	more(w, group, shown, all)
	fmt.Fprintf(w, "\n%s\n", printable.Count(len(c.Figures), "figure"))
	for _, p := range c.Figures {
		same := "differ"
		if p.Same {
			same = "the same"
		}
		row(p.Name, orNone(p.A), orNone(p.B), same)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := out.Write(b.Bytes())
	return err
}

func more(w io.Writer, group string, shown int, all bool) {
	if more := shown - mostOfAFigure; more > 0 && !all {
		fmt.Fprintf(w, "    and %d more of %s; -v shows them, --json and --html too\n", more, printable.Line(group))
	}
}

// head is a side in one line.
func (s Shown) head() string {
	text := s.Name
	if s.Where != "" && s.Where != s.Name {
		text += ", " + s.Where
	}
	if len(s.Commits) > 0 {
		text += ", commit " + strings.Join(s.Commits, ", ")
	}
	return text
}

// differing writes "1 number differs", "3 numbers differ".
func differing(n int, what string) string {
	if n > 1 {
		return printable.Count(n, what) + " differ"
	}
	return printable.Count(n, what) + " differs"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// mostPNG bounds a drawing that is put on a page.
const mostPNG = 16 << 20

// drawn is a pair with its drawings in it.
type drawn struct {
	Pair
	ImageA, ImageB template.URL // data: URLs of base64 alone
}

// HTML is the comparison as one page that needs no other file. Whatever texts it is made of, none
// is more than text on it.
func (c Comparison) HTML() ([]byte, error) {
	content := struct {
		Comparison
		HeadA, HeadB string
		Drawn        []drawn
	}{Comparison: c, HeadA: c.A.head(), HeadB: c.B.head()}
	for _, p := range c.Figures {
		content.Drawn = append(content.Drawn, drawn{p, image(p.a), image(p.b)})
	}
	var b bytes.Buffer
	err := page.Execute(&b, content)
	return b.Bytes(), err
}

// image is a drawing as a URL of its own bytes; "" where there is none.
func image(f Figure) template.URL {
	if f.PNG == nil {
		return ""
	}
	data, err := f.PNG()
	if err != nil || len(data) > mostPNG || !bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		return ""
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(data))
}
