package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ioverlay/ioverlay/apps/file"
)

// What is done when all blocks of a file are there: it is made sure of, and gets its name.

// finish makes sure of the file and gives it its name. It reports false if blocks are missing after all: the disk has not kept them.
func (s *store) finish() (done bool, err error) {
	if err := s.sync(); err != nil {
		return false, err
	}
	if _, err := s.part.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	sum, err := sumOf(s.part)
	if err != nil {
		return false, err
	}
	if sum != s.m.Sum {
		return s.rotten()
	}
	whole, part := s.dir.Path(&s.m)
	if err := s.name(part, whole); err != nil {
		return false, err
	}
	s.dir.do(func() { s.t.Finished(nil) })
	return true, nil
}

// name gives the file its name, and nobody else's place unless it may.
func (s *store) name(part, whole string) error {
	if err := s.rename(part, whole); err != nil {
		return err
	}
	if err := os.Remove(s.state.f.Name()); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(whole))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// rename renames the file, and says so if that would replace another one and may not.
func (s *store) rename(part, whole string) error {
	if s.dir.opt.Replace {
		return os.Rename(part, whole)
	}
	err := os.Link(part, whole) // which, unlike a rename, replaces nothing
	switch {
	case err == nil:
		return os.Remove(part)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w: move %s away: the file is whole in %s", ErrExists, whole, part)
	}
	if _, there := os.Lstat(whole); !errors.Is(there, fs.ErrNotExist) {
		return err
	}
	return os.Rename(part, whole) // a disk without links
}

// rotten finds the blocks that are not what was written, which are to come again.
func (s *store) rotten() (bool, error) {
	claimed, err := s.state.records(&s.m)
	if err != nil {
		return false, err
	}
	have, err := s.verify(claimed)
	if err != nil {
		return false, err
	}
	if have.Full() {
		return false, file.ErrSum
	}
	lost := file.NewSet(s.m.Blocks())
	for i := range s.m.Blocks() {
		if !have.Has(i) {
			lost.Add(i)
		}
	}
	s.dir.do(func() { s.t.Lost(lost) })
	return false, nil
}
