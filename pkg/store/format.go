package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FormatFile is the name of the file that is in a store from its first moment. A folder that has
// none is nobody's store, and nothing in it is touched.
const FormatFile = "format"

// A Kind is what a folder is for, as its format file says.
type Kind string

// Kinds of folders that are shared by processes: a store, and the tables of objects and records
// alone, for others to fetch from. A store can serve as the latter.
const (
	StoreFolder  Kind = "store"
	RemoteFolder Kind = "remote"
)

// formatVersion is that of the layout.
const formatVersion = "1"

// Text is what the format file of such a folder says.
func (k Kind) Text() string { return "sicgrid " + string(k) + " " + formatVersion + "\n" }

// tables are the folders in one of this kind.
func (k Kind) tables() []string {
	if k == RemoteFolder {
		return []string{"objects", "actions"}
	}
	return subdirectories
}

// MakeFolder makes dir, which may be there, a folder of this kind with its tables: if it is new or
// empty, if its format file says so, or if it holds just what earlier versions, which wrote no such
// file, put there. Whatever else it is, nothing in it is changed.
func MakeFolder(dir string, k Kind) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return storeError("opening", dir, err)
	}
	if _, err := CheckFolder(dir, k); err != nil {
		return err
	}
	path := filepath.Join(dir, FormatFile)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(filepath.Join(dir, "names")); err == nil { // an earlier version's store, which serves as a remote
			k = StoreFolder
		}
		if err := WriteFileAtomic(path, []byte(k.Text()), 0o444); err != nil {
			return err
		}
	}
	created := false
	for _, table := range k.tables() {
		err := os.Mkdir(filepath.Join(dir, table), 0o777)
		if err != nil && !errors.Is(err, os.ErrExist) {
			return storeError("opening", dir, err)
		}
		created = created || err == nil
	}
	if created {
		if err := syncDir(dir); err != nil {
			return storeError("opening", dir, err)
		}
	}
	return nil
}

// CheckFolder looks whether dir is a folder of this kind: by its format file, or because it holds
// just what earlier versions put there. It is none if it is not there or empty; anything else is an
// error.
func CheckFolder(dir string, k Kind) (found bool, err error) {
	found, err = readFormat(dir, k)
	if found || err != nil {
		return found, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, storeError("opening", dir, err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Type().IsRegular() && isTemp(e.Name()) })
	if len(entries) == 0 {
		return false, nil
	}
	stranger, err := strangerIn(dir, k, entries)
	if k == RemoteFolder && stranger != "" && err == nil { // a store serves as one
		if other, err := strangerIn(dir, StoreFolder, entries); err == nil && other == "" {
			return true, nil
		}
	}
	if err != nil || stranger == "" {
		return stranger == "", err
	}
	if found, err = readFormat(dir, k); found || err != nil { // another process may just have made it
		return found, err
	}
	return false, fmt.Errorf("store: %s is no %s: it has no format file and %s; nothing in it was touched: choose an empty or a new folder", dir, k, stranger)
}

func readFormat(dir string, k Kind) (found bool, err error) {
	path := filepath.Join(dir, FormatFile)
	data, err := ReadRegular(path, 100)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, storeError("reading", path, err)
	}
	text := string(data)
	if text == k.Text() || k == RemoteFolder && text == StoreFolder.Text() {
		return true, nil
	}
	for _, other := range []Kind{StoreFolder, RemoteFolder} {
		switch version, of := strings.CutPrefix(text, "sicgrid "+string(other)+" "); {
		case text == other.Text():
			return false, fmt.Errorf("store: %s is a %s, not a %s: choose another folder", dir, other, k)
		case of && isDigits(strings.TrimSuffix(version, "\n")):
			return false, fmt.Errorf("store: %s is of format %q, this program knows %s: use a newer sicgrid", dir, strings.TrimSuffix(version, "\n"), formatVersion)
		}
	}
	return false, fmt.Errorf("store: %s is no %s: its file %s holds %q; nothing in it was touched: choose an empty or a new folder", dir, k, FormatFile, text)
}

// strangerIn says what in a folder with these entries is not what an earlier version put into one
// of this kind; "" if nothing is.
func strangerIn(dir string, k Kind, entries []fs.DirEntry) (string, error) {
	stranger := ""
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		slashed := filepath.ToSlash(rel)
		if !k.couldWrite(slashed, e) {
			stranger = fmt.Sprintf("holds %q, which no %s does", slashed, k)
			return filepath.SkipAll
		}
		if e.IsDir() && filepath.Dir(slashed) == "scratch" {
			return filepath.SkipDir
		}
		return nil
	})
	if err != nil {
		return "", storeError("opening", dir, err)
	}
	if stranger != "" {
		return stranger, nil
	}
	for _, table := range k.tables() { // earlier versions made all of them at once
		if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == table }) {
			return fmt.Sprintf("lacks the folder %q of a %s", table, k), nil
		}
	}
	return "", nil
}

func (k Kind) couldWrite(path string, e fs.DirEntry) bool {
	table, _, _ := strings.Cut(path, "/")
	return couldWrite(path, e) && (k == StoreFolder || table == "objects" || table == "actions")
}
