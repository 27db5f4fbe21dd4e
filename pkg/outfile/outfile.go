// Package outfile writes the files that somebody names for a program's output. A regular file
// appears whole or not at all, keeps the permissions of the file that it replaces, and is made with
// those that the umask leaves; a symbolic link is followed; into a device or a pipe the bytes are
// written, and it stays what it is. Nothing else in the folder is touched.
package outfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// pipePatience is how long a pipe may be without a reader.
const pipePatience = 10 * time.Second

// An Error says which file cannot be written, why, and where it is known what to do.
type Error struct {
	Path   string
	Reason string
	Err    error // what the system said; nil of what was found without it
}

func (e *Error) Error() string { return "cannot write " + e.Path + ": " + e.Reason }

func (e *Error) Unwrap() error { return e.Err }

// because is the error of path with the system's own words and what helps against it.
func because(path string, err error) error {
	if err == nil {
		return nil
	}
	said := err
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		said = pathError.Err
	} else if linkError := (*os.LinkError)(nil); errors.As(err, &linkError) {
		said = linkError.Err
	}
	reason := said.Error()
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		reason += "; free space on that disk or choose another one"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		reason += "; make it writable or choose another folder"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		reason += "; choose a folder that there is"
	}
	return &Error{path, reason, err}
}

// Check finds what will keep the outputs from being written, before anything is computed: an output
// that is one of the inputs or another output, under whatever name or link; a folder, a socket, a
// disk; a file or a folder that may not be written.
func Check(outputs, inputs []string) error {
	others := inputs
	for _, out := range outputs {
		if err := checkOne(out); err != nil {
			return err
		}
		for _, other := range others {
			if same(out, other) {
				return &Error{out, fmt.Sprintf("it is the same file as %s, which would be lost; choose another name", other), nil}
			}
		}
		others = append(others[:len(others):len(others)], out)
	}
	return nil
}

func checkOne(path string) error {
	target, info, err := resolve(path)
	if err != nil {
		return because(path, err)
	}
	switch {
	case info == nil || info.Mode().IsRegular() && !descriptor(path):
		if info != nil && info.Mode().Perm()&0o222 == 0 {
			return &Error{path, "it is write-protected; choose another name", fs.ErrPermission}
		}
		return because(path, unix.Access(filepath.Dir(target), unix.W_OK|unix.X_OK))
	case info.IsDir():
		return &Error{path, "it is a folder; name a file", syscall.EISDIR}
	case info.Mode()&fs.ModeSocket != 0:
		return &Error{path, "it is a socket; name a file", nil}
	case info.Mode()&fs.ModeDevice != 0 && info.Mode()&fs.ModeCharDevice == 0:
		return &Error{path, "it is a disk; name a file", nil}
	}
	return nil
}

// same says whether two paths are one regular file, which need not be there.
func same(a, b string) bool {
	toA, infoA, errA := resolve(a)
	toB, infoB, errB := resolve(b)
	if errA != nil || errB != nil {
		return false
	}
	if infoA == nil || infoB == nil {
		return infoA == nil && infoB == nil && absolute(toA) == absolute(toB)
	}
	return infoA.Mode().IsRegular() && os.SameFile(infoA, infoB)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// resolve is the file that a path leads to over symbolic links, and what is there; nil where
// nothing is.
func resolve(path string) (target string, info fs.FileInfo, err error) {
	info, err = os.Stat(path)
	if err == nil {
		if target, err = filepath.EvalSymlinks(path); err != nil {
			return path, info, nil // a pipe behind /dev/stdout has no other name
		}
		return target, info, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", nil, err
	}
	target = path
	for range 40 { // as many links as Linux follows
		to, err := os.Readlink(target)
		if err != nil {
			return target, nil, nil
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(target), to)
		}
		target = to
	}
	return "", nil, &fs.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
}

var descriptors = regexp.MustCompile(`^/dev/(stdin|stdout|stderr|fd/\d+)$|^/proc/[^/]+/fd/\d+$`)

// descriptor says whether a path is a file that some process has open, which is written where it
// stands.
func descriptor(path string) bool { return descriptors.MatchString(filepath.Clean(path)) }

// Write writes data to path as the package says. It stops when ctx ends, as far as the kernel lets
// it.
func Write(ctx context.Context, path string, data []byte) error {
	if err := checkOne(path); err != nil {
		return err
	}
	target, info, err := resolve(path)
	switch {
	case err != nil:
	case info != nil && (!info.Mode().IsRegular() || descriptor(path)):
		err = writeInto(ctx, path, info.Mode(), data)
	default:
		err = replace(target, data)
	}
	if ctx.Err() != nil && err != nil {
		return ctx.Err()
	}
	var told *Error
	if errors.As(err, &told) {
		return err
	}
	return because(path, err)
}

// replace makes the file at path anew.
func replace(path string, data []byte) error {
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(0o666), renameio.WithExistingPermissions())
	if err != nil {
		return err
	}
	defer f.Cleanup()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// writeInto writes to what is no regular file, or is open elsewhere.
func writeInto(ctx context.Context, path string, mode fs.FileMode, data []byte) error {
	f, err := openInto(ctx, path, mode)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Now()) }) // of a pipe that nobody empties
	defer stop()
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// openInto opens a device or pipe. A pipe that nobody reads would hold the program in the kernel,
// where it hears nothing.
func openInto(ctx context.Context, path string, mode fs.FileMode) (*os.File, error) {
	if mode&fs.ModeNamedPipe == 0 {
		return os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	}
	for deadline := time.Now().Add(pipePatience); ; {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) {
			return f, err
		}
		if time.Now().After(deadline) {
			return nil, &Error{path, fmt.Sprintf("it is a pipe that nobody has read for %s; start its reader first", pipePatience), err}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Existing is the regular file at path, over links, or nil if there is none with any bytes in it.
func Existing(path string) fs.FileInfo {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || descriptor(path) {
		return nil
	}
	return info
}
