package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func init() { roles["disk-full"] = fillDisk }

// fillDisk puts objects, records and plain files into a store on a disk of 256 KiB. Where this
// process may not mount one, it limits the size of its files instead, which the kernel reports with
// another error of the same kind.
func fillDisk(args []string) error {
	dir := args[0]
	size := 4 << 20
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err == nil {
		defer syscall.Unmount(dir, 0)
	} else if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 256 << 10, Max: 256 << 10}); err != nil {
		return err
	}
	s, err := Open(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	small, _, err := s.Put(func(w io.Writer) error {
		_, err := io.WriteString(w, "small")
		return err
	})
	if err != nil {
		return err
	}
	big := strings.Repeat("x", size)
	_, _, errPut := s.Put(func(w io.Writer) error {
		for range 64 {
			if _, err := io.WriteString(w, big[:size/64]); err != nil {
				return errors.New("the encoder failed") // the store knows better why
			}
		}
		return nil
	})
	_, _, errSwallowed := s.Put(func(w io.Writer) error {
		io.WriteString(w, big)
		return nil
	})
	errFile := WriteFileAtomic(filepath.Join(dir, "figure.svg"), []byte(big), 0o644)
	for _, err := range []error{errPut, errSwallowed, errFile} {
		switch {
		case err == nil:
			return errors.New("the disk was full, and nothing failed")
		case !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EFBIG):
			return err
		case !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "free space") || strings.Contains(err.Error(), "\n"):
			return errors.New("not a clear line: " + err.Error())
		}
	}
	if err := s.Check(small); err != nil {
		return err
	}
	files := 0
	err = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != FormatFile {
			files++
		}
		return err
	})
	if err == nil && files != 1 {
		return errors.New("half-written files were left behind")
	}
	return err
}

func TestAFullDiskIsOneClearErrorAndLeavesNothing(t *testing.T) {
	cmd := process(t, "disk-full", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS // its mounts are nobody else's business
	}
	out, err := cmd.CombinedOutput()
	if err != nil && os.Getuid() == 0 && len(out) == 0 { // no mount namespaces here
		cmd = process(t, "disk-full", t.TempDir())
		out, err = cmd.CombinedOutput()
	}
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
