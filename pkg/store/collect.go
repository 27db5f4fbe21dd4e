package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sicgrid/pkg/store/failpoint"
)

// Roots are what a collection spares, beside what living runs use.
type Roots struct {
	Keys       []string // of results and of computations under way, whatever their numerics
	RecentRuns int      // what this many of the last runs used
}

// Garbage is one thing that nothing reaches.
type Garbage struct {
	Kind  string // "object", "action", "scratch", "name", "lock", "run", "temporary"
	Path  string // file, or directory of scratch
	Bytes int64
}

// A Collection is what was or would be removed, and what stays.
type Collection struct {
	Garbage   []Garbage
	Bytes     int64 // of the garbage
	Kept      int   // action records and objects
	KeptBytes int64
}

// Collect removes what neither the roots nor a living run reach: action records, then the objects
// that only they named, checkpoints, names of removed results, the lists of older runs, and what
// killed processes have left behind. With dry it only says what it would remove. It may be
// interrupted anywhere: records go before their objects, so what is left is whole.
//
// Runs go on meanwhile; those that are about to publish or to use something wait until the
// collection is over.
func (s *Store) Collect(ctx context.Context, roots Roots, dry bool) (Collection, error) {
	hold := s.Alone
	if dry {
		hold = s.Share
	}
	release, err := hold(ctx)
	if err != nil {
		return Collection{}, err
	}
	defer release()
	if s.leases != nil {
		if err := s.leases.settle(ctx); err != nil {
			return Collection{}, err
		}
	}
	c := &collector{store: s, dry: dry, keys: map[string]bool{}, done: map[string]bool{}, objects: map[Digest]bool{}}
	for _, k := range roots.Keys {
		c.keys[k] = true
	}
	steps := []func() error{func() error { return c.runs(roots.RecentRuns) }, c.actions, c.collectObjects, c.names, c.scratch, c.locks, c.temporary}
	for _, step := range steps {
		if err := errors.Join(ctx.Err(), step()); err != nil {
			return c.Collection, err
		}
	}
	return c.Collection, nil
}

type collector struct {
	Collection
	store   *Store
	dry     bool
	keys    map[string]bool // that are reached
	done    map[string]bool // keys with a sound record
	objects map[Digest]bool // that kept records name
}

// drop counts one thing as garbage and removes it.
func (c *collector) drop(kind, path string, bytes int64) error {
	c.Garbage = append(c.Garbage, Garbage{kind, path, bytes})
	c.Bytes += bytes
	if c.dry {
		return nil
	}
	if err := os.RemoveAll(path); err != nil {
		return storeError("removing", path, err)
	}
	failpoint.At("collect: " + kind + " removed")
	return nil
}

func (c *collector) keep(bytes int64) error {
	c.Kept++
	c.KeptBytes += bytes
	return nil
}

// runs reaches what living and recent runs use, and drops the lists of the others.
func (c *collector) runs(recent int) error {
	list, err := c.store.runs()
	if err != nil {
		return err
	}
	for i := len(list) - 1; i >= 0; i-- {
		path := c.store.runPath(list[i])
		f, keys := c.store.readRun(path)
		if f == nil { // alive, or just gone
			keys = runKeys(path)
		} else if recent == 0 {
			err := c.drop("run", path, fileSize(path))
			f.Close()
			if err != nil {
				return err
			}
			continue
		} else {
			recent--
			f.Close()
		}
		for _, k := range keys {
			c.keys[k] = true
		}
	}
	return nil
}

// actions keeps the records of reached keys and drops the others. A damaged record of a reached key
// stays, for verification to name.
func (c *collector) actions() error {
	err := c.store.walkDir("actions", func(name, path string) error {
		key, _, _ := strings.Cut(name, ".")
		if !c.keys[key] {
			return c.drop("action", path, fileSize(path))
		}
		if a, err := c.store.decodeActionFile(path); err == nil {
			for _, o := range a.Outputs {
				c.objects[o.Object] = true
			}
			_, err := c.store.readAction(path)
			c.done[key] = c.done[key] || err == nil
		}
		return c.keep(fileSize(path))
	})
	if err != nil || c.dry {
		return err
	}
	// On the disk, too, records must go before their objects.
	if err := syncDir(c.store.path("actions")); err != nil {
		return storeError("writing", c.store.path("actions"), err)
	}
	failpoint.At("collect: actions done")
	return nil
}

func (c *collector) collectObjects() error {
	return c.store.walkDir("objects", func(name, path string) error {
		if !c.objects[Digest(name)] {
			return c.drop("object", path, fileSize(path))
		}
		return c.keep(fileSize(path))
	})
}

// names drops those of keys that have no record any more.
func (c *collector) names() error {
	return filepath.WalkDir(c.store.path("names"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), tempPrefix) {
			return ignoreMissing(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return ignoreMissing(err)
		}
		if key := strings.TrimSuffix(string(data), "\n"); !c.keys[key] {
			return c.drop("name", path, int64(len(data)))
		}
		return nil
	})
}

// scratch drops the checkpoints of computations that nothing reaches or that are done (a process
// was killed before it dropped them), unless somebody is computing one just now.
func (c *collector) scratch() error {
	return c.store.walkDir("scratch", func(name, path string) error {
		if c.keys[name] && !c.done[name] {
			return nil
		}
		if isHex256(name) {
			unlock, err := c.store.claim(name)
			if err != nil || unlock == nil {
				return err
			}
			defer unlock()
		}
		return c.drop("scratch", path, treeSize(path))
	})
}

// locks drops the files of locks that nobody holds: their processes were killed.
func (c *collector) locks() error {
	return c.store.walkDir("locks", func(name, path string) error {
		if l := c.store.leases; l != nil {
			if data, err := os.ReadFile(path); err != nil || !l.abandoned(path, string(data)) {
				return nil
			}
			return c.drop("lock", path, 0)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return ignoreMissing(err)
		}
		defer f.Close()
		if locked, err := tryLock(f); err != nil || !locked || !stillThere(f) {
			return err
		}
		return c.drop("lock", path, 0)
	})
}

// temporary drops the files of dead writers, wherever in the store they are.
func (c *collector) temporary() error {
	return filepath.WalkDir(c.store.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasPrefix(e.Name(), tempPrefix) {
			return ignoreMissing(err)
		}
		if l := c.store.leases; l != nil && !l.dead(tempOwner(e.Name())) {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return ignoreMissing(err)
		}
		defer f.Close()
		if locked, err := tryLock(f); c.store.leases == nil && (err != nil || !locked) {
			return err
		}
		return c.drop("temporary", path, fileSize(path))
	})
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func fileSize(path string) int64 {
	info, err := os.Lstat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func treeSize(path string) int64 {
	size := int64(0)
	_ = filepath.WalkDir(path, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			size += fileSize(path)
		}
		return nil
	})
	return size
}
