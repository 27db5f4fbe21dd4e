package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// OpenRegular opens a file to be read. Whatever else has the name, a folder, a FIFO or a device, is
// an error: reading some of these never ends.
func OpenRegular(path string) (*os.File, error) {
	info, err := os.Stat(path) // before it is opened, for opening some devices does something
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // it may have become a FIFO since
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = regular(path, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// regular is nil if info is a regular file's.
func regular(path string, info fs.FileInfo) error {
	what := "device"
	switch {
	case info.Mode().IsRegular():
		return nil
	case info.IsDir():
		what = "folder"
	case info.Mode()&fs.ModeNamedPipe != 0:
		what = "FIFO"
	case info.Mode()&fs.ModeSocket != 0:
		what = "socket"
	}
	return &os.PathError{Op: "open", Path: path, Err: fmt.Errorf("is a %s, not a file", what)}
}

// ReadRegular reads a file of at most most bytes.
func ReadRegular(path string, most int64) ([]byte, error) {
	f, err := OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = &os.PathError{Op: "read", Path: path, Err: fmt.Errorf("has more than %d bytes", most)}
	}
	return data, err
}

// removeTree removes a folder with the files and folders in it. What is neither, a link or a FIFO,
// is not what a computation keeps there: it stays, and the folders that it is in.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	left := false
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			err = removeTree(path)
		case e.Type().IsRegular():
			err = os.Remove(path)
		default:
			left = true
		}
		if err := ignoreMissing(err); err != nil {
			return err
		}
	}
	err = ignoreMissing(os.Remove(dir))
	if left || errors.Is(err, syscall.ENOTEMPTY) { // below something is left
		return nil
	}
	return err
}
