package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// ErrMissing says that there is no such object, action or name, or none that is sound.
var ErrMissing = errors.New("not in the store")

// ErrCorrupt says that a file's bytes are not those that its name or its checksum promises.
var ErrCorrupt = errors.New("damaged")

// A Defect is a file of the store that is not what it should be. It is ErrCorrupt, and since
// whatever is defective counts as missing, it is ErrMissing as well.
type Defect struct {
	Path   string // the file
	Reason string // what is wrong with it
}

func (d *Defect) Error() string { return d.Path + ": " + d.Reason }

func (d *Defect) Is(target error) bool { return target == ErrMissing || target == ErrCorrupt }

// A Store is a directory of objects and action records. Its methods may be called from many
// goroutines and processes at once.
type Store struct {
	dir      string
	readOnly bool     // nothing in it is written, not even locks
	absent   bool     // there is no such directory
	leases   *leases  // nil where flock serves
	claims   sync.Map // key -> what its lock file holds, of leases
	decoded  decodedActions
	index    index
	clock    fileClock
}

var subdirectories = []string{"objects", "actions", "names", "locks", "scratch", "runs"}

// Open opens the store in dir, creating it if need be, and removes the temporary files of writers
// that died. It fails, naming the directory, if that is something else, or cannot be written.
func Open(dir string) (*Store, error) {
	if err := MakeFolder(dir, StoreFolder); err != nil {
		return nil, err
	}
	s := &Store{dir: dir}
	return s, s.begin()
}

// OpenThere opens a store that is there; fs.ErrNotExist if none is. One that cannot be written
// serves for whatever only reads: what would write fails then, saying so, and there are neither
// locks nor lists of what is used, so that a collection of its owner's may take away what is being
// read.
func OpenThere(dir string) (*Store, error) {
	found, err := CheckFolder(dir, StoreFolder)
	if err == nil && !found {
		err = fmt.Errorf("store: there is none at %s: %w", dir, os.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir}
	if err = MakeFolder(dir, StoreFolder); err == nil {
		err = s.begin()
	}
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) {
		s = &Store{dir: dir, readOnly: true}
		s.leases, err = leasesToRead(dir)
	}
	return s, err
}

// None stands for the store in a directory that is not there: everything is missing from it, and it
// cannot be written.
func None(dir string) *Store { return &Store{dir: dir, readOnly: true, absent: true} }

// begin finds out how the store is locked and whether it can be written, and sweeps it.
func (s *Store) begin() (err error) {
	if s.leases, err = openLeases(s.dir); err != nil {
		return err
	}
	for _, table := range []string{"objects", "actions"} {
		f, err := createTemp(s.path(table)) // only this tells a directory that can be written from one that cannot
		if err != nil {
			return err
		}
		s.clock.see(f)
		f.discard()
	}
	for _, table := range append([]string{""}, subdirectories...) {
		SweepTemporary(s.path(table))
	}
	return nil
}

// ErrReadOnly says that the store cannot be written.
var ErrReadOnly = errors.New("the store cannot be written")

// ReadOnly reports whether the store cannot be written.
func (s *Store) ReadOnly() bool { return s.readOnly }

// writing is an error if the store cannot be written.
func (s *Store) writing(path string) error {
	if s.readOnly {
		return storeError("writing", path, fmt.Errorf("%w: %w", ErrReadOnly, os.ErrPermission))
	}
	return nil
}

// Dir returns the directory that the store is in.
func (s *Store) Dir() string { return s.dir }

func (s *Store) path(elements ...string) string {
	return filepath.Join(append([]string{s.dir}, elements...)...)
}

// reason is an error without the name of its file.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}

// storeError makes one line of what was being done to which path, why it failed and, where we know
// it, what to do.
func storeError(doing, path string, err error) error {
	// Which temporary file it was helps nobody: path is what the user knows.
	var pathError *os.PathError
	var linkError *os.LinkError
	switch {
	case errors.As(err, &pathError):
		err = pathError.Err
	case errors.As(err, &linkError):
		err = linkError.Err
	}
	todo := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		todo = ": free space on that disk or choose another one"
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		todo = ": make it writable or choose another directory"
	case errors.Is(err, syscall.ENOTEMPTY):
		todo = ": a folder with something in it is in the place of a file: move it away"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, os.ErrNotExist):
		todo = ": choose a directory that exists or can be made"
	}
	return fmt.Errorf("store: %s %s: %w%s", doing, path, err, todo)
}

// checkKey keeps anything that is not a key out of file names.
func checkKey(key string) error {
	if !isHex256(key) {
		return fmt.Errorf("store: %q is not a key (64 lower-case hex characters)", key)
	}
	return nil
}

// SetName records key as the last one of name, a slash-separated path ("laptop/train/full") of
// parts that do not start with a dot.
func (s *Store) SetName(name, key string) error {
	path, err := s.namePath(name)
	if err != nil {
		return err
	}
	if err := errors.Join(checkKey(key), s.writing(path)); err != nil {
		return err
	}
	if old, err := s.Name(name); err == nil && old == key {
		return nil // spares the disk a flush for each node of an unchanged run
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return storeError("writing", path, err)
	}
	return WriteFileAtomic(path, []byte(key+"\n"), 0o644)
}

// Name returns the key last recorded under name, or ErrMissing (a Defect if the file is there but
// holds no key).
func (s *Store) Name(name string) (key string, err error) {
	path, err := s.namePath(name)
	if err != nil {
		return "", err
	}
	key, err = readKey(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("name %s: %w", name, ErrMissing)
	}
	return key, err
}

// readKey reads the file of a name. The error is os.ErrNotExist or a Defect.
func readKey(path string) (string, error) {
	data, err := ReadRegular(path, 2*sha256.Size+1)
	if errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	key, ended := strings.CutSuffix(string(data), "\n")
	if err != nil || !ended || !isHex256(key) {
		return "", &Defect{path, "does not hold a key"}
	}
	return key, nil
}

func (s *Store) namePath(name string) (string, error) {
	for _, part := range strings.Split(name, "/") {
		if part == "" || part[0] == '.' || strings.ContainsRune(part, 0) {
			return "", fmt.Errorf("store: %q is not a name: its parts must not be empty or start with a dot", name)
		}
	}
	// The suffix lets both "train" and "train/full" be names.
	return s.path("names", filepath.FromSlash(name)+".key"), nil
}

// Scratch returns the scratch directory of key, creating it if need be. Hold the key's lock while
// using it.
func (s *Store) Scratch(key string) (dir string, err error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	dir = s.path("scratch", key)
	if err := s.writing(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", storeError("making", dir, err)
	}
	if folders, err := os.ReadDir(dir); err == nil { // what writers left there that were killed
		for _, f := range folders {
			SweepTemporary(filepath.Join(dir, f.Name()))
		}
	}
	return dir, nil
}

// ScratchPath is where the scratch directory of key is, if there is one.
func (s *Store) ScratchPath(key string) (dir string, err error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	return s.path("scratch", key), nil
}

// ScratchKeys are the keys that have a scratch directory.
func (s *Store) ScratchKeys() (keys []string) {
	entries, _ := os.ReadDir(s.path("scratch")) // none where the store is not there
	for _, e := range entries {
		if e.IsDir() && isHex256(e.Name()) {
			keys = append(keys, e.Name())
		}
	}
	return keys
}

// DropScratch removes the scratch directory of key, if there is one.
func (s *Store) DropScratch(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	dir := s.path("scratch", key)
	if err := removeTree(dir); err != nil {
		return storeError("removing", dir, err)
	}
	return nil
}
