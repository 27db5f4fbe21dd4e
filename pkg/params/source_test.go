package params

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
)

// What no hand writes ends in one line, soon and in little memory, whatever it is.
func TestWhatNoHandWritesIsRefusedBeforeItIsParsed(t *testing.T) {
	var keys, nested strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&keys, "k%d: 1\n", i)
	}
	for i := range 200 {
		nested.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for name, c := range map[string]struct{ text, want string }{
		"lists in lists":        {strings.Repeat("[", 100_000), "nested more than 32 deep"},
		"mappings in mappings":  {strings.Repeat("{a: ", 50_000), "nested more than 32 deep"},
		"lists on one line":     {strings.Repeat("- ", 100_000), "nested more than 32 deep"},
		"keys of keys":          {strings.Repeat("? ", 100_000), "nested more than 32 deep"},
		"indented mappings":     {nested.String(), "nested more than 32 deep"},
		"many keys":             {keys.String(), "more than 20000 keys, values and marks"},
		"a key many times over": {strings.Repeat("a: 1\n", 50_000), "more than 20000 keys, values and marks"},
		"a long list":           {"a: [" + strings.Repeat("1, ", 50_000) + "1]", "more than 20000 keys, values and marks"},
		"a long file":           {"a: " + strings.Repeat("x", 300_000), "must be at most 262144"},
		"reserved characters":   {strings.Repeat("@ ", 100_000), "more than 20000 keys, values and marks"},
		"an open list":          {"a: [" + strings.Repeat("1, ", 9_000), "not valid YAML"},
		"colons":                {strings.Repeat(": ", 9_000), "not valid YAML"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		_, err := Parse("f", []byte(c.text))
		took := time.Since(begun)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 300 {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 400 || took > 10*time.Second {
			t.Errorf("%s: %s and %d MiB", name, took, mib)
		}
		d, err := Parse("zoo.yaml", []byte(good))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Set("animal=" + c.text); err == nil {
			err = d.Decode(&zoo{})
			t.Errorf("%s was set: %v", name, err)
		} else if len(err.Error()) > 400 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
	wide := "seed: 1\n" + strings.Repeat("# "+strings.Repeat("[", 70)+"\n", 1000)
	if _, err := Parse("f", []byte(wide)); err != nil {
		t.Errorf("comments are no lists: %v", err)
	}
}

// A whole number is what it looks like, everywhere; what some programs read as octal is refused.
func TestNumbersAreDecimal(t *testing.T) {
	for text, want := range map[string]string{
		"010":    "--set seed=010: found 010, must be a number without a zero in front",
		"08":     "--set seed=08: found 08, must be a number without a zero in front",
		"-010":   "--set seed=-010: found -010, must be a number without a zero in front",
		"00":     "--set seed=00: found 00, must be a number without a zero in front",
		"0_10":   "--set seed=0_10: found 0_10, must be a number without a zero in front",
		"0x10":   "--set seed=0x10: found 0x10, must be a decimal number",
		"0o10":   "--set seed=0o10: found 0o10, must be a decimal number",
		"0b10":   "--set seed=0b10: found 0b10, must be a decimal number",
		"1_000":  "",
		"+5":     "",
		"0":      "",
		"-1":     "--set seed=-1: found -1, must be a whole number from 0 to 18446744073709551615",
		"1e3":    "--set seed=1e3: found 1e3, must be a whole number from 0 to 18446744073709551615",
		"1__000": "--set seed=1__000: found 1__000, must be a decimal number",
	} {
		z, err := read(t, good, "seed="+text)
		if got := fmt.Sprint(err); want != "" && got != want {
			t.Errorf("%s:\n got %s, %d\nwant %s", text, got, z.Seed, want)
		} else if want == "" && err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := read(t, strings.Replace(good, "mass: 0.25", "mass: "+text, 1)); strings.HasPrefix(text, "0") && text != "0" && err == nil {
			t.Errorf("mass: %s was accepted", text)
		}
	}
}

func TestATextIsUTF8(t *testing.T) {
	wide := []byte{0xff, 0xfe}
	for _, b := range []byte(good) {
		wide = append(wide, b, 0)
	}
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"a byte order mark": {[]byte("\ufeff" + good), ""},
		"UTF-16":            {wide, "f:1: found UTF-16 text (by its byte order mark), must be UTF-8: save it as that"},
		"UTF-16, unmarked":  {wide[2:], "f:1: found a zero byte, as of UTF-16 text, must be UTF-8: save it as that"},
		"Latin-1":           {[]byte("seed: 1 # Gr\xf6\xdfe\n"), "f:1: found the byte 0xf6, which is no UTF-8, must be UTF-8 text"},
		"an escape":         {[]byte("seed: 1\nx: \x1b[31m\n"), "f:2: found the control character U+001B, must be taken out"},
		"a mark amid":       {[]byte("seed: 1\n\ufeffx: 1\n"), "f:2: found a byte order mark amid the text, must be taken out"},
		"an escaped key":    {[]byte("seed: 1\n" + `"\e[31m": 1` + "\n"), `f:1: found the key "\x1b[31m" on line 2, must be a word`},
	} {
		d, err := Parse("f", c.text)
		if err == nil {
			err = d.Decode(&zoo{})
		}
		if got := fmt.Sprint(err); got != c.want && (c.want != "" || err != nil) {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// What cannot end is not read.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	large := filepath.Join(dir, "large.yaml")
	if f, err := os.Create(large); err != nil || f.Truncate(1<<40) != nil {
		t.Skip(err)
	}
	for path, want := range map[string]string{
		pipe:        pipe + ": cannot read parameters: found a pipe, must be a regular file",
		dir:         dir + ": cannot read parameters: found a folder, must be a regular file",
		"/dev/zero": "/dev/zero: cannot read parameters: found a device, must be a regular file",
		large:       large + ": cannot read parameters: found 1099511627776 bytes, must be a parameter file of at most 262144",
	} {
		if _, err := Read(path); fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A --set is a value or an error; a document that shares values with the one that it changes does
// not see it.
func TestSettingNeverPanicsAndChangesOneDocument(t *testing.T) {
	base, err := Parse("base", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	for _, given := range []string{"animal={a, a}", "animal={a: 1, a: 2}", "animal.legs=24 #:0", "animal={", "animal=}", "animal=- -", "animal=? ?", "animal=&a *a",
		"animal=!!x", "animal=<<", "animal=|\n", "animal=%", "animal=\"", "animal='", "animal=@", "animal=#", "animal=---\n---", "....=1", "a[0]=1", "boxes[0]=4", ".=1", "keepers.a\x1b[31m=1",
		strings.Repeat("a.", 1000) + "a=1"} {
		d := base.Merge(base)
		if err := d.Set(given); err == nil {
			err = d.Decode(&zoo{})
			if given != "animal.legs=24 #:0" && given != "animal=#" && err == nil {
				t.Errorf("%s was accepted", given)
			}
		} else if strings.ContainsFunc(err.Error(), unicode.IsControl) || len(err.Error()) > 400 {
			t.Errorf("%s: %q", given, err)
		}
		var z zoo
		if err := base.Decode(&z); err != nil || z.Animal.Legs != 4 || z.Boxes[0] != 2 {
			t.Fatalf("%s: the document that it was laid over has become %+v, %v", given, z, err)
		}
	}
	d := base.Merge(base)
	if err := d.Set("animal.mass=3"); err != nil {
		t.Fatal(err)
	}
	var changed, kept zoo
	if err := d.Decode(&changed); err != nil || changed.Animal.Mass != 3 {
		t.Errorf("%+v, %v", changed, err)
	}
	if err := base.Decode(&kept); err != nil || kept.Animal.Mass != 0.25 {
		t.Errorf("%+v, %v", kept, err)
	}
}

// FuzzParse reads anything, as a file and as a --set: it ends with values that are written and read
// again, or with one printable line.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	for _, seed := range []string{"{a, a}", "24 #:0", "[1, {b: c}]", "? a\n: b", "a: |\n  x\n", "- - a", "\"\\e\": 1", "a: &b 1\nc: *b", "<<: {a: 1}", "010", "1e999", "---\n...", "!!int 3"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		oneLine := func(err error) {
			if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }) {
				t.Fatalf("not one printable line: %q", err)
			}
		}
		d, err := Parse("f", data)
		if oneLine(err); err == nil {
			oneLine(d.Decode(&zoo{}))
			_ = d.YAML("a")
		}
		zooDocument, err := Parse("zoo.yaml", []byte(good))
		if err != nil {
			t.Fatal(err)
		}
		if err = zooDocument.Set(string(data)); err == nil {
			err = zooDocument.Decode(&zoo{})
		}
		oneLine(err)
		if err == nil {
			var b strings.Builder
			oneLine(zooDocument.WriteYAML(&b, zoo{}))
			again, err := Parse("again", []byte(b.String()))
			if err != nil {
				t.Fatalf("what was written is not read: %v\n%s", err, &b)
			}
			oneLine(again.Decode(&zoo{}))
		}
	})
}
