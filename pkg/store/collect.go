package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	if s.absent {
		return Collection{}, nil
	}
	c := &collector{store: s, dry: dry, keys: map[string]bool{}, done: map[string]bool{}, objects: map[Digest]bool{}}
	release, err := c.begin(ctx)
	if err != nil {
		return Collection{}, err
	}
	defer release()
	for _, k := range roots.Keys {
		c.keys[k] = true
	}
	steps := []func() error{func() error { return c.runs(roots.RecentRuns) }, c.actions, c.collectObjects, c.names, c.scratch, c.temporary, c.locks}
	for _, step := range steps {
		if err := errors.Join(ctx.Err(), step()); err != nil {
			return c.Collection, err
		}
	}
	if !dry {
		s.keepInIndex(c.objects)
	}
	return c.Collection, nil
}

// begin keeps away those whom the collection must not meet, and finds out who lives.
func (c *collector) begin(ctx context.Context) (release func(), err error) {
	c.held = func() bool { return true }
	if c.dry {
		release, err = c.store.Share(ctx)
	} else if err = c.store.writing(c.store.dir); err == nil {
		release, c.held, err = c.store.alone(ctx)
	}
	if err == nil && c.store.leases != nil {
		if err = c.store.leases.settle(ctx, c.store.owners()); err != nil {
			release()
		}
	}
	return release, err
}

type collector struct {
	Collection
	store   *Store
	dry     bool
	held    func() bool     // others are still kept away
	keys    map[string]bool // that are reached
	done    map[string]bool // keys with a sound record
	objects map[Digest]bool // that kept records name
}

// drop counts one regular file, or directory of scratch, as garbage and removes it.
func (c *collector) drop(kind, path string, bytes int64) error {
	info, err := os.Lstat(path)
	if err != nil || kind != "scratch" && !info.Mode().IsRegular() {
		return ignoreMissing(err)
	}
	c.Garbage = append(c.Garbage, Garbage{kind, path, bytes})
	c.Bytes += bytes
	if c.dry {
		return nil
	}
	if !c.held() { // this process was suspended, and what is garbage may be in use again
		return fmt.Errorf("store: collecting in %s: %w: start it again", c.store.dir, ErrOvertaken)
	}
	remove := os.Remove
	if kind == "scratch" {
		remove = removeTree
	}
	if err := ignoreMissing(remove(path)); err != nil {
		return storeError("removing", path, err)
	}
	failpoint.At("collect: " + kind + " removed")
	return nil
}

// each calls do for every regular file of a table whose name is one that the store gives there.
func (c *collector) each(table string, do func(name, path string) error) error {
	return c.store.walkDir(table, func(e fs.DirEntry, path string) error {
		if !e.Type().IsRegular() || !ownFile(table, e.Name()) {
			return nil
		}
		return do(e.Name(), path)
	})
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
	for _, n := range slices.Backward(list) {
		path := c.store.runPath(n)
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
	err := c.each("actions", func(name, path string) error {
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
	return c.each("objects", func(name, path string) error {
		if !c.objects[Digest(name)] {
			return c.drop("object", path, fileSize(path))
		}
		return c.keep(fileSize(path))
	})
}

// names drops those of keys that have no record any more.
func (c *collector) names() error {
	return filepath.WalkDir(c.store.path("names"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || !isNameFile(e.Name()) {
			return ignoreMissing(err)
		}
		key, err := readKey(path)
		if err != nil || c.keys[key] {
			return ignoreDefect(err)
		}
		return c.drop("name", path, fileSize(path))
	})
}

// scratch drops the checkpoints of computations that nothing reaches or that are done (a process
// was killed before it dropped them), unless somebody is computing one just now.
func (c *collector) scratch() error {
	return c.store.walkDir("scratch", func(e fs.DirEntry, path string) error {
		key := e.Name()
		if !e.IsDir() || !isHex256(key) || c.keys[key] && !c.done[key] {
			return nil
		}
		if c.dry {
			if c.store.locked(key) {
				return nil
			}
			return c.drop("scratch", path, treeSize(path))
		}
		unlock, err := c.store.claim(key)
		if err != nil || unlock == nil {
			return err
		}
		defer unlock()
		return c.drop("scratch", path, treeSize(path))
	})
}

// locks drops the files of locks that nobody holds: their processes were killed.
func (c *collector) locks() error {
	if l := c.store.leases; l != nil {
		return l.abandoned(func(path string) error { return c.drop("lock", path, 0) })
	}
	return c.each("locks", func(_, path string) error {
		f, err := OpenRegular(path)
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

// temporary drops the files of dead writers.
func (c *collector) temporary() error {
	return c.store.eachTemporary(func(path string) error {
		if l := c.store.leases; l != nil {
			if !l.dead(tempOwner(filepath.Base(path))) {
				return nil
			}
			return c.drop("temporary", path, fileSize(path))
		}
		f, err := OpenRegular(path)
		if err != nil {
			return ignoreMissing(err)
		}
		defer f.Close()
		if locked, err := tryLock(f); err != nil || !locked {
			return err
		}
		return c.drop("temporary", path, fileSize(path))
	})
}

// eachTemporary calls do for the temporary files of writers, in whatever table they are.
func (s *Store) eachTemporary(do func(path string) error) error {
	for _, table := range append([]string{""}, append(subdirectories, leaseFolder)...) {
		top := s.path(table)
		err := filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return ignoreMissing(err)
			case e.IsDir() && table == "" && path != top:
				return filepath.SkipDir
			case e.Type().IsRegular() && isTemp(e.Name()):
				return do(path)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// owners are those of runs that have not ended, of temporary files and of claims to locks.
func (s *Store) owners() []string {
	owners := s.runOwners()
	if entries, err := os.ReadDir(s.path("locks")); err == nil {
		for _, e := range entries {
			if owner, ok := leftBy(e.Name(), true); ok && owner != "" {
				owners = append(owners, owner)
			}
		}
	}
	_ = s.eachTemporary(func(path string) error { // what cannot be read is not collected
		owners = append(owners, tempOwner(filepath.Base(path)))
		return nil
	})
	return owners
}

// ignoreDefect leaves out of errors that something is damaged.
func ignoreDefect(err error) error {
	if errors.Is(err, ErrCorrupt) {
		return nil
	}
	return ignoreMissing(err)
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
