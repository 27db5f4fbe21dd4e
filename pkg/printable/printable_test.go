package printable

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestWhatATerminalObeysIsShownInstead(t *testing.T) {
	for s, want := range map[string]string{
		"train/full, σ_g = 0.4 m, 60°": "train/full, σ_g = 0.4 m, 60°",
		"a\nsicgrid: all is well":      `a\nsicgrid: all is well`,
		"\x1b[2J\x1b]0;title\a":        `\x1b[2J\x1b]0;title\x07`,
		"\u009b2J\x7f\r\t":             `\u009b2J\x7f\r\t`,
		"abc\u202edcba\u200b\ufeff":    `abc\u202edcba\u200b\ufeff`,
		"\u2028\u2029":                 `\u2028\u2029`,
		"\xff\xfe\ufffd":               "\\xff\\xfe\ufffd",
		"\U000e0041":                   `\U000e0041`,
		"":                             "",
	} {
		if got := Line(s); got != want {
			t.Errorf("%q is shown as %s, want %s", s, got, want)
		}
	}
}

func TestALineIsOneLineOfVisibleCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		got := Line(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Fatalf("%q is shown as %q", s, got)
		}
		if Line(got) != got {
			t.Fatalf("%q is shown as %q", got, Line(got))
		}
		if n := utf8.RuneCountInString(Short(s, 10)); n > 10 {
			t.Fatalf("%d characters of 10", n)
		}
	})
}

func TestACellHoldsOneCell(t *testing.T) {
	for s, want := range map[string]string{
		"0.4":                         "0.4",
		"σ_x < 1 [none], 3 & 4 × 2*":  "σ_x < 1 [none], 3 & 4 × 2*",
		"a | b\n| c":                  `a \| b\\n\| c`,
		"<script>alert(1)</script>":   "&lt;script>alert(1)&lt;/script>",
		"&lt;b> <!-- -->":             "&amp;lt;b> &lt;!-- -->",
		"[here](https://example.org)": `[here]\(https://example.org)`,
		"![x](y) `code` [a][b]":       "![x]\\(y) \\`code\\` [a]\\[b]",
	} {
		if got := Cell(s); got != want {
			t.Errorf("%q becomes %s, want %s", s, got, want)
		}
	}
}

func Example() {
	fmt.Println(Line("full\x1b[2J\nsicgrid: all is well"))
	fmt.Println("| " + Cell("a|b <i>") + " |")
	// Output:
	// full\x1b[2J\nsicgrid: all is well
	// | a\|b &lt;i> |
}

func ExampleList() {
	fmt.Println(List([]string{"full", "single", "scratch"}), "and", List([]string{"a"}))
	fmt.Println("It has", Count(0, "module")+",", Count(1, "module"), "or", Count(3, "module"))
	// Output:
	// full, single and scratch and a
	// It has no module, 1 module or 3 modules
}
