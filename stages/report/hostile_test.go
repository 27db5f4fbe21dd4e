package report

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/spectra/spectratable"
)

// hostile is text that does something wherever it is taken for markup, script or an address.
const hostile = `</script></style></title>"'><script>globalThis.hacked=1</script><img src=x onerror="globalThis.hacked=1"><svg onload=globalThis.hacked=1>{{.}}javascript:globalThis.hacked=1//`

// spoil puts hostile text wherever records and pulled results have text.
func spoil(t *testing.T, s Source) {
	t.Helper()
	quoted := strings.ReplaceAll(hostile, `"`, `\"`)
	redraw(t, s, "figure-4", sheet.CaptionFile, `{"title": "`+quoted+`", "caption": "`+quoted+`", "panels": [{"panel": "`+quoted+`", "tables": ["`+quoted+`"]}]}`)
	redraw(t, s, "table-1", "table-1.md", "| "+hostile+" | b |\n|---|---|\n| "+hostile+" | **"+hostile+"** |\n")
	redraw(t, s, "table-1", "numbers.json", `{"differences": [{"profile": "`+quoted+`", "explanation": "`+quoted+`"}]}`)
	redraw(t, s, "figure-6", "figure-6.svg", `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>globalThis.hacked=1</script></svg>`)
	provenance := `{"commit": "` + quoted + `", "started": "` + quoted + `", "device": "` + quoted + `", "go": "` + quoted + `", "platform": 7}`
	replace(t, s, "spectra/full/4m", "units", provenance, func(rows []spectratable.Unit) {
		for i := range rows {
			rows[i].NoPeriod = hostile
		}
	})
	s.Parameters.Sets = []string{hostile}
	s.Parameters.Titles()["full"] = hostile
}

// What others have written is shown as text, and never is script or markup.
func TestHostileTextIsText(t *testing.T) {
	s := made(t)
	_, clean := pageOf(t, s)
	spoil(t, s)
	s.Commit, s.Flags = hostile, " "+hostile
	p, text := pageOf(t, s)
	want, got := skeleton(t, clean), skeleton(t, text)
	if want.scripts != got.scripts || len(got.handlers) > 0 || len(got.addresses) > 0 {
		t.Errorf("%d scripts, want %d; handlers %q; addresses %q", got.scripts, want.scripts, got.handlers, got.addresses)
	}
	if strings.Contains(text, "<script>globalThis.hacked") || strings.Contains(text, "<img src=x") {
		t.Error("hostile text stands in the page as markup")
	}
	if f := figureOf(t, p, "figure-6"); f.State != Refused || f.Image != "" || !strings.Contains(f.Reason, "svg") {
		t.Errorf("a drawing with a script in it is %s (%s)", f.State, f.Reason)
	}
	if !strings.Contains(text, "&lt;img src=x onerror=") {
		t.Error("the caption is not there at all")
	}
}

// skeleton is what of a page can act.
type actors struct {
	scripts             int // scripts, styles and data
	handlers, addresses []string
}

func skeleton(t *testing.T, text string) (a actors) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" || n.Data == "style" || n.Data == "iframe" || n.Data == "object" || n.Data == "embed" || n.Data == "base" || n.Data == "link" {
			a.scripts++
		}
		for _, attribute := range n.Attr {
			switch {
			case strings.HasPrefix(attribute.Key, "on"), attribute.Key == "style":
				a.handlers = append(a.handlers, n.Data+" "+attribute.Key)
			case attribute.Key == "href" && !strings.HasPrefix(attribute.Val, "#"),
				attribute.Key == "src" && !strings.HasPrefix(attribute.Val, "data:image/"),
				attribute.Key == "action", attribute.Key == "srcdoc":
				a.addresses = append(a.addresses, attribute.Val[:min(60, len(attribute.Val))])
			}
		}
	}
	return a
}

// The same store gives the same page.
func TestThePageIsTheSameTwice(t *testing.T) {
	s := made(t)
	if _, a := pageOf(t, s); true {
		if _, b := pageOf(t, s); a != b {
			t.Error("two pages of one store differ")
		}
	}
}
