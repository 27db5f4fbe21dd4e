package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"sicgrid/pkg/store"
)

// folder is a remote in the file system.
type folder struct{ dir string }

// openFolder opens the folder at a URL and, if that is allowed, makes it.
func openFolder(u *url.URL, make bool) (*folder, error) {
	if u.RawQuery != "" || u.Host != "" && u.Host != "." && u.Host != "localhost" || u.Path == "" {
		return nil, errors.New("must be file:///folder or file://./folder")
	}
	f := &folder{filepath.FromSlash(u.Path)}
	if u.Host == "." {
		f.dir = filepath.FromSlash(strings.TrimPrefix(u.Path, "/"))
	}
	if make {
		if err := store.MakeFolder(f.dir, store.RemoteFolder); err != nil {
			return nil, err
		}
		store.SweepTemporary(f.dir)
	} else if _, err := store.CheckFolder(f.dir, store.RemoteFolder); err != nil {
		return nil, err
	}
	for _, table := range []string{"objects", "actions"} {
		at := filepath.Join(f.dir, table)
		if !make {
			if info, err := os.Stat(at); err != nil {
				return nil, err
			} else if !info.IsDir() {
				return nil, fmt.Errorf("%s is no folder", at)
			}
			continue
		}
		if err := os.MkdirAll(at, 0o777); err != nil {
			return nil, err
		}
		store.SweepTemporary(at)
	}
	return f, nil
}

// list lists what is in the folder of a prefix, "objects/" or "actions/ab12", and begins with it.
func (f *folder) list(ctx context.Context, prefix string, found func(name string, size int64) error) error {
	table, begin, _ := strings.Cut(prefix, "/")
	dir, err := os.Open(filepath.Join(f.dir, table))
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		entries, err := dir.ReadDir(1000)
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), begin) {
				continue
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
				continue
			}
			if err != nil {
				return err
			}
			if err := found(table+"/"+e.Name(), info.Size()); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
}

// open opens a regular file; whatever else has its name counts as missing, and is not waited for.
func (f *folder) open(_ context.Context, name string) (io.ReadCloser, error) {
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file: %w", path, fs.ErrNotExist)
	}
	return os.Open(path)
}

func (f *folder) write(_ context.Context, name string, replace bool, body io.ReadSeeker) error {
	return store.PublishFile(filepath.Join(f.dir, filepath.FromSlash(name)), 0o644, replace, func(w io.Writer) error {
		_, err := io.Copy(w, body)
		return err
	})
}
