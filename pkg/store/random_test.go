package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// trials is how often something drawn by chance is tried.
func trials(ordinarily int) int {
	if n, err := strconv.Atoi(os.Getenv("SICGRID_FAULTS")); err == nil {
		return n
	}
	return ordinarily
}

func pick[T any](list ...T) T { return list[rand.N(len(list))] }

// own says in other words than the store what it may remove from its tables.
var own = map[string]*regexp.Regexp{
	"objects": regexp.MustCompile(`^[0-9a-f]{64}$`),
	"actions": regexp.MustCompile(`^[0-9a-f]{64}\.[0-9a-f]{16}\.json$`),
	"runs":    regexp.MustCompile(`^([0-9]{8}|[1-9][0-9]{8,14})$`),
	"locks":   regexp.MustCompile(`^[0-9a-f]{64}(\.[0-9a-f]{16}-[0-9a-f]{16})?$`),
	"leases":  regexp.MustCompile(`^((share-|alone-)?[0-9a-f]{16}-[0-9a-f]{16}|[0-9a-f]{16}|\.patience)$`),
}

var ownTemporary = regexp.MustCompile(`^\.tmp-[0-9a-f]{16}-[0-9]{1,20}$`)

// nearName is one that a store gives, or one that is almost such a name.
func nearName(table string) string {
	name := map[string]string{
		"objects": key(fmt.Sprint(rand.Int())), "actions": ActionName(key(fmt.Sprint(rand.Int())), "n"), "runs": runName(1 + rand.N(1000)),
		"locks": key(fmt.Sprint(rand.Int())), "leases": pick("share-", "alone-", "") + nonce() + "-" + nonce(),
	}[table]
	if rand.N(4) == 0 {
		name = tempPrefix + nonce() + "-" + fmt.Sprint(rand.Uint32())
	}
	b := []byte(name)
	at := rand.N(len(b))
	switch rand.N(6) {
	case 0:
		b[at] = pick([]byte("gG.-_ Z~\n\x1b*[?")...)
	case 1:
		b = append(b[:at], b[at+1:]...)
	case 2:
		b = append(b, pick(".bak", "~", "0", ".tmp", " ", ".json", "f")...)
	case 3:
		b = bytes.ToUpper(b)
	}
	if name = strings.Trim(string(b), "/\x00"); name == "" || name == "." || name == ".." {
		return "x"
	}
	return name
}

// Of whatever lies in a store only regular files of a store's own names are ever removed.
func TestStrangersDrawnByChanceSurviveCollection(t *testing.T) {
	planted, kept := 0, 0
	for range trials(30) {
		s := open(t)
		tables := []string{"objects", "actions", "runs", "locks"}
		if rand.N(32) == 0 {
			s, tables = openLeased(t), append(tables, "leases")
		}
		strange := map[string]bool{}
		for range 20 {
			table := pick(tables...)
			path := s.path(table, nearName(table))
			if _, err := os.Lstat(path); err == nil {
				continue
			}
			kind := pick("file", "file", "file", "folder", "fifo", "link")
			var err error
			switch kind {
			case "file":
				err = os.WriteFile(path, []byte(pick("", "mine", key("k")+"\n")), 0o644)
			case "folder":
				err = os.MkdirAll(filepath.Join(path, pick("", "mine")), 0o777)
			case "fifo":
				err = syscall.Mkfifo(path, 0o666)
			case "link":
				err = os.Symlink(pick("/etc/passwd", "nowhere", ".."), path)
			}
			if err != nil {
				t.Fatal(err)
			}
			planted++
			name := filepath.Base(path)
			if kind != "file" || !own[table].MatchString(name) && !ownTemporary.MatchString(name) {
				strange[path] = true
			}
		}
		soon(t, "collection", func() {
			for _, open := range []func(string) (*Store, error){Open, OpenThere} {
				s, err := open(s.Dir())
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.Collect(context.Background(), Roots{}, false); err != nil {
					t.Error(err)
				}
			}
		})
		for path := range strange {
			kept++
			if _, err := os.Lstat(path); err != nil {
				t.Errorf("removed: %q", path)
			}
		}
	}
	t.Logf("%d names planted, %d of them none of a store's: nothing lost", planted, kept)
}

// texts are the files of a store that hold text, sound.
func texts() map[string]string {
	d := key("o")
	record, err := EncodeAction(&Action{Format: 1, Key: key("k"), Numerics: "n", Outputs: []Output{{Name: "o", Object: Digest(d), Bytes: 3}}})
	if err != nil {
		panic(err)
	}
	return map[string]string{
		"format": StoreFolder.Text(), "index": d + " 3 1 1 1\n", "runs/00000007": "owner " + strings.Repeat("e", 16) + "\n" + key("k") + "\n", "names/laptop/train.key": key("k") + "\n",
		"leases/.patience": "20ms\n", "leases/" + strings.Repeat("e", 16): "beat 1\n", "actions/" + ActionName(key("k"), "n"): string(record), "locks/" + key("k"): "",
	}
}

// spoiled is a text of which something was changed by chance.
func spoiled(text string) string {
	b := []byte(text)
	evil := []byte(pick("../../../precious", "/", "\x00", "\n", "\xff\xfe", "9223372036854775808", "-1", "owner ", "1ns", "\x1b]0;x\a", strings.Repeat("[", 10_000), strings.Repeat("../", 300)))
	if len(b) == 0 {
		return string(evil)
	}
	at := rand.N(len(b))
	switch rand.N(5) {
	case 0:
		return string(b[:at])
	case 1:
		b[at] ^= 1 << rand.N(8)
		return string(b)
	case 2:
		return string(b[:at]) + string(evil) + string(b[at:])
	case 3:
		return string(evil)
	}
	return string(b[:at]) + string(evil)
}

// Text in a store that is anybody's becomes no path and holds nobody up.
func TestTextsSpoiledByChanceLeadNowhere(t *testing.T) {
	opened := 0
	n := trials(60)
	for range n {
		top := t.TempDir()
		plant(t, top, map[string]string{"precious": "mine", "beside/mine": "mine"})
		outside := tree(t, top)
		dir := filepath.Join(top, "a", "store")
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		all := texts()
		var names []string
		for name := range all {
			names = append(names, name)
		}
		if rand.N(3) > 0 { // without leases
			delete(all, "leases/.patience")
			delete(all, "leases/"+strings.Repeat("e", 16))
		}
		for range 1 + rand.N(3) {
			if name := pick(names...); all[name] != "" {
				all[name] = spoiled(all[name])
			}
		}
		_ = os.Remove(s.path(FormatFile))
		plant(t, dir, all)
		soon(t, fmt.Sprintf("%q", all), func() {
			before := tree(t, dir)
			again, err := OpenThere(dir)
			if err != nil {
				if text := err.Error(); strings.ContainsAny(text, "\n\x1b\x00") {
					t.Errorf("not one clean line: %q", text)
				}
				if d := cmp.Diff(before, tree(t, dir)); d != "" {
					t.Errorf("refused, and changed: %s", d)
				}
				return
			}
			opened++
			use(t, again)
		})
		after := tree(t, top)
		for path := range after {
			if path == "a" || strings.HasPrefix(path, "a/") {
				delete(after, path)
			}
		}
		if d := cmp.Diff(outside, after); d != "" {
			t.Fatalf("%q: outside of the store: %s", all, d)
		}
	}
	t.Logf("%d stores with spoiled texts, %d of them opened: nothing lost outside", n, opened)
}

// use does everything with a store that looks at its texts.
func use(t *testing.T, s *Store) {
	ctx := context.Background()
	_, dry := s.Collect(ctx, Roots{RecentRuns: 1}, true)
	u, err := s.BeginUse()
	if err == nil {
		u.End()
	}
	_, named := s.Name("laptop/train")
	_, found := s.Lookup(key("k"), "n", false)
	_ = s.CheckChanged(Digest(key("o")))
	s.SaveIndex()
	_, wet := s.Collect(ctx, Roots{}, false)
	for _, err := range []error{dry, err, wet} {
		if err != nil {
			t.Error(err)
		}
	}
	for _, err := range []error{named, found} {
		if err != nil && !errors.Is(err, ErrMissing) {
			t.Error(err)
		}
	}
}
