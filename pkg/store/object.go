package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// A Digest is the lower-case hex sha256 of an object's bytes.
type Digest string

// Put publishes the bytes that write produces as an object and returns its digest and size. An
// object that is already there, perhaps damaged, is replaced. If write or the disk fails, nothing
// is left behind; an error of write is returned as it is.
func (s *Store) Put(write func(io.Writer) error) (Digest, int64, error) { return s.put("", write) }

// PutAs publishes the bytes that write produces if they hash to d; else the error is ErrCorrupt,
// and nothing is left behind.
func (s *Store) PutAs(d Digest, write func(io.Writer) error) error {
	if !isHex256(string(d)) {
		return notADigest(d)
	}
	_, _, err := s.put(d, write)
	return err
}

func (s *Store) put(want Digest, write func(io.Writer) error) (Digest, int64, error) {
	if err := s.writing(s.path("objects")); err != nil {
		return "", 0, err
	}
	if s.leases != nil {
		release, err := s.leases.hold() // for collection to spare the temporary file
		if err != nil {
			return "", 0, err
		}
		defer release()
	}
	f, err := createTemp(s.path("objects"))
	if err != nil {
		return "", 0, err
	}
	done := false
	defer func() {
		if !done { // write failed, or panicked
			f.discard()
		}
	}()
	out := &hashingWriter{file: f, hash: sha256.New()}
	if err := write(out); err != nil {
		if out.err != nil {
			return "", 0, storeError("writing to", s.path("objects"), out.err)
		}
		return "", 0, err
	}
	if out.err != nil { // which write has swallowed
		return "", 0, storeError("writing to", s.path("objects"), out.err)
	}
	d := Digest(hex.EncodeToString(out.hash.Sum(nil)))
	if want != "" && d != want {
		return "", 0, fmt.Errorf("object %s: the %d bytes received hash to %s: %w", want, out.size, d, ErrCorrupt)
	}
	done = true
	path := s.ObjectPath(d)
	if err := f.publishIf(func() error { return makeWay(path) }, path, 0o444); err != nil {
		return "", 0, err
	}
	return d, out.size, nil
}

type hashingWriter struct {
	file *tempFile
	hash hash.Hash
	size int64
	err  error // the first failure of the file
}

func (w *hashingWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.file.Write(p)
	w.hash.Write(p[:n])
	w.size += int64(n)
	w.err = err
	return n, err
}

// ObjectPath returns the file of an object, whether it is there or not.
func (s *Store) ObjectPath(d Digest) string { return s.path("objects", string(d)) }

// Get returns the bytes of an object, which hash to d. The error is ErrMissing if the object is not
// there and a Defect (ErrCorrupt and ErrMissing) if its file holds other bytes.
func (s *Store) Get(d Digest) ([]byte, error) {
	if !isHex256(string(d)) {
		return nil, notADigest(d)
	}
	f, err := OpenRegular(s.ObjectPath(d))
	if err != nil {
		return nil, s.unreadable(d, err)
	}
	defer f.Close()
	h := s.beginHashing(f)
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, s.unreadable(d, err)
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != string(d) {
		return nil, s.damaged(d, got, int64(len(data)))
	}
	s.endHashing(h, d)
	return data, nil
}

// Check hashes an object without keeping it in memory; errors as of Get.
func (s *Store) Check(d Digest) error {
	if !isHex256(string(d)) {
		return notADigest(d)
	}
	f, err := OpenRegular(s.ObjectPath(d))
	if err != nil {
		return s.unreadable(d, err)
	}
	defer f.Close()
	h := s.beginHashing(f)
	hash := sha256.New()
	size, err := io.Copy(hash, f)
	if err != nil {
		return s.unreadable(d, err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != string(d) {
		return s.damaged(d, got, size)
	}
	s.endHashing(h, d)
	return nil
}

func notADigest(d Digest) error {
	return fmt.Errorf("object %q: not a digest: %w", string(d), ErrMissing)
}

// unreadable is the error for an object that cannot be read. If it is there, that is a defect.
func (s *Store) unreadable(d Digest, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("object %s: %w", s.ObjectPath(d), ErrMissing)
	}
	return &Defect{s.ObjectPath(d), "unreadable object: " + reason(err)}
}

func (s *Store) damaged(d Digest, got string, size int64) error {
	s.index.drop(s.path(indexFile), d)
	return &Defect{s.ObjectPath(d), fmt.Sprintf("damaged object: its %d bytes hash to %s", size, got)}
}

// Remove removes an object; that it is not there is no error, and what is there in place of a file,
// such as a folder with something in it, is one.
func (s *Store) Remove(d Digest) error {
	if !isHex256(string(d)) {
		return nil
	}
	return s.remove(s.ObjectPath(d))
}

// makeWay removes an empty folder that is in the place of a file.
func makeWay(path string) error {
	if info, err := os.Lstat(path); err != nil || !info.IsDir() {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return storeError("writing", path, err)
	}
	return nil
}

// remove removes a file of the store. Something else in its place goes if nothing is in it.
func (s *Store) remove(path string) error {
	if err := s.writing(path); err != nil {
		return err
	}
	if err := ignoreMissing(os.Remove(path)); err != nil {
		return storeError("removing", path, err)
	}
	return nil
}

// IsDigest reports whether a file of this name can be an object.
func IsDigest(name string) bool { return isHex256(name) }
