package store

import (
	"errors"
	"os"
	"strings"
)

// Walk calls object for every file in objects/ and action for every file in actions/, in the order
// of their names, leaving out temporary files. err is nil if the file is sound (objects are hashed,
// the objects of an action only measured) and a Defect otherwise, with a nil and d whatever the
// file is called. The first error that a callback returns ends the walk and is returned. Either may
// be nil.
func (s *Store) Walk(object func(d Digest, path string, err error) error, action func(a *Action, path string, err error) error) error {
	if object != nil {
		err := s.walkDir("objects", func(name, path string) error {
			err := s.Check(Digest(name))
			if !isHex256(name) {
				err = &Defect{path, "not an object: its name is not a digest"}
			} else if errors.Is(err, ErrMissing) && !errors.Is(err, ErrCorrupt) {
				return nil // removed since the directory was read
			}
			return object(Digest(name), path, err)
		})
		if err != nil {
			return err
		}
	}
	if action == nil {
		return nil
	}
	return s.walkDir("actions", func(name, path string) error {
		a, err := s.readAction(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return action(a, path, err)
	})
}

func (s *Store) walkDir(sub string, do func(name, path string) error) error {
	entries, err := os.ReadDir(s.path(sub))
	if err != nil {
		return storeError("reading", s.path(sub), err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) {
			continue
		}
		if err := do(e.Name(), s.path(sub, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Objects lists the objects, unread, and the paths of files in objects/ that are none.
func (s *Store) Objects() (objects []Digest, strays []string, err error) {
	err = s.walkDir("objects", func(name, path string) error {
		if isHex256(name) {
			objects = append(objects, Digest(name))
		} else {
			strays = append(strays, path)
		}
		return nil
	})
	return objects, strays, err
}
