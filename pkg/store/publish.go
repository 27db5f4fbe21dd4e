package store

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sicgrid/pkg/store/failpoint"
)

// A tempFile is a file that nobody sees under its final name yet. Its writer holds a lock on it
// until it is published or discarded, which is how SweepTemporary knows that it is still wanted.
// Where flock does not serve, its name tells whose it is, and only garbage collection removes it.
type tempFile struct{ *os.File }

func createTemp(dir string) (*tempFile, error) {
	for {
		f, err := os.CreateTemp(dir, tempPrefix+thisProcess+"-")
		if err != nil {
			return nil, storeError("writing to", dir, err)
		}
		failpoint.At("publish: temporary file made")
		if leased(dir) {
			return &tempFile{f}, nil
		}
		locked, err := tryLock(f)
		if err == nil && locked && stillThere(f) {
			return &tempFile{f}, nil
		}
		f.Close()
		if err != nil {
			os.Remove(f.Name())
			return nil, storeError("locking a file in", dir, err)
		}
		// SweepTemporary has removed the file between creation and lock, as a dead writer's. Make
		// another.
	}
}

// publish makes the file appear at path, whole and with mode perm, replacing what was there. The
// file is closed and, on failure, gone.
func (f *tempFile) publish(path string, perm fs.FileMode) error {
	return f.publishIf(func() error { return nil }, path, perm)
}

// publishIf is publish if allowed, asked at the last moment, has no objection, which is then the
// error.
func (f *tempFile) publishIf(allowed func() error, path string, perm fs.FileMode) error {
	failpoint.At("publish: written")
	err := f.Chmod(perm)
	if err == nil {
		err = f.Sync()
	}
	failpoint.At("publish: flushed")
	if err == nil {
		if objection := allowed(); objection != nil {
			f.discard()
			return objection
		}
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		f.discard()
		return storeError("writing", path, err)
	}
	failpoint.At("publish: renamed")
	f.Close()
	if err := syncDir(filepath.Dir(path)); err != nil {
		return storeError("writing", path, err)
	}
	failpoint.At("publish: directory flushed")
	return nil
}

// discard removes the file.
func (f *tempFile) discard() {
	os.Remove(f.Name())
	f.Close()
}

// syncDir flushes the entries of dir, without which a power failure can undo a rename.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// leased reports whether dir is one that several machines may write to: flock cannot tell then
// whether a file's writer lives.
func leased(dir string) bool {
	_, err := os.Lstat(filepath.Join(filepath.Dir(dir), leaseFolder))
	return err == nil || onNetwork(dir)
}

// SweepTemporary removes from a folder of a store or remote the temporary files that no living
// writer holds: regular files of a name that only this package gives. What it cannot remove it
// leaves: they do no harm but to take space.
func SweepTemporary(dir string) {
	if leased(dir) {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !isTemp(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		f, err := OpenRegular(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if locked, err := tryLock(f); err == nil && locked {
			os.Remove(f.Name())
		}
		f.Close()
	}
}

// ErrExists says that a file that was to be made is there already.
var ErrExists = errors.New("is there already")

// WriteFileAtomic writes a plain file the way objects are published: readers see the old file or
// the whole new one, also after a crash. Nothing else in the directory is touched.
func WriteFileAtomic(path string, data []byte, perm fs.FileMode) error {
	return PublishFile(path, perm, true, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// PublishFile is WriteFileAtomic for what write produces. Unless replace is set, a file that is
// there stays, and the error is ErrExists: of several writers, in whatever process, one succeeds.
// An error of write is returned as it is, and nothing is left behind.
func PublishFile(path string, perm fs.FileMode, replace bool, write func(io.Writer) error) error {
	if _, err := os.Lstat(path); err == nil && !replace {
		return ErrExists
	}
	f, err := createTemp(filepath.Dir(path))
	if err != nil {
		return err
	}
	out := &hashingWriter{file: f, hash: sha256.New()}
	if err := write(out); err != nil || out.err != nil {
		f.discard()
		if out.err != nil {
			return storeError("writing", path, out.err)
		}
		return err
	}
	if replace {
		return f.publish(path, perm)
	}
	return f.publishNew(path, perm)
}

// publishNew is publish for a path where no file may be.
func (f *tempFile) publishNew(path string, perm fs.FileMode) error {
	err := f.Chmod(perm)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Link(f.Name(), path)
	}
	failpoint.At("publish: linked")
	f.discard()
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if errors.Is(err, os.ErrExist) {
		return ErrExists
	}
	if err != nil {
		return storeError("writing", path, err)
	}
	return nil
}
