package disk

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/ioverlay/ioverlay/apps/file"
)

// syncEvery is how often what was written is synced to the disk, and then claimed: what a crash of the machine costs at most.
const syncEvery = time.Second

// store is a file on its way to the disk: it implements file.Store. What is below the line belongs to its goroutine.
type store struct {
	dir  *Dir
	t    *file.Transfer
	m    file.Manifest
	jobs chan job
	free chan []byte
	made int // buffers
	most int // of them

	part    *os.File
	state   *state
	hasher  *file.Hasher
	records []byte // of blocks that have been written and not synced
}

// job is a block to be written; without one, the file is to be finished.
type job struct {
	block int
	leaf  file.Hash
	data  []byte
}

func newStore(d *Dir, t *file.Transfer, m file.Manifest) *store {
	most := max(d.opt.QueueBytes/m.BlockLen, 4)
	return &store{dir: d, t: t, m: m, jobs: make(chan job, most+1), free: make(chan []byte, most), most: most, hasher: file.NewHasher()}
}

// Put implements file.Store.
func (s *store) Put(block int, leaf file.Hash, data []byte) bool {
	var b []byte
	select {
	case b = <-s.free:
	default:
		if s.made == s.most {
			return false
		}
		s.made++
		b = make([]byte, s.m.BlockLen)
	}
	s.jobs <- job{block, leaf, b[:copy(b[:len(data)], data)]} // there is room for all buffers
	return true
}

// Finish implements file.Store.
func (s *store) Finish() { s.jobs <- job{block: -1} } // once until it was answered: there is room

// run writes what comes.
func (s *store) run() {
	err := s.work()
	if s.part != nil {
		err = errors.Join(err, s.part.Close())
	}
	if s.state != nil {
		err = errors.Join(err, s.state.f.Close())
	}
	if err == nil {
		return
	}
	err = fmt.Errorf("disk: %s: %w", s.m.Name, err)
	if !s.dir.do(func() { s.t.Finished(err) }) {
		s.dir.fail(err)
	}
}

// work is the file's life, until it is whole or the directory is closed.
func (s *store) work() error {
	there, err := s.there()
	if err != nil {
		return err
	}
	if there {
		have := file.NewSet(s.m.Blocks())
		have.Fill()
		s.dir.do(func() { s.t.Opened(have) })
	} else if err := s.open(); err != nil {
		return err
	}
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case j := <-s.jobs:
			done, err := s.job(j, there)
			if done || err != nil {
				return err
			}
		case <-tick.C:
			if err := s.sync(); err != nil {
				return err
			}
		case <-s.dir.quit:
			return s.drain(there)
		}
	}
}

// drain does what was taken before the end.
func (s *store) drain(there bool) error {
	for {
		select {
		case j := <-s.jobs:
			if j.block < 0 {
				continue // nobody could be told: it is finished the next time
			}
			if _, err := s.job(j, there); err != nil {
				return err
			}
		default:
			return s.sync()
		}
	}
}

// job writes a block, or finishes the file. It reports whether the file is done with.
func (s *store) job(j job, there bool) (done bool, err error) {
	switch {
	case j.block >= 0:
		if err := writeAt(s.part, j.data, int64(j.block)*int64(s.m.BlockLen)); err != nil {
			return false, err
		}
		s.records = appendRecord(s.records, j.block, j.leaf)
		s.free <- j.data[:cap(j.data)]
		return false, nil
	case there:
		s.dir.do(func() { s.t.Finished(nil) })
		return true, nil
	default:
		return s.finish()
	}
}

// there looks whether the file is there already.
func (s *store) there() (bool, error) {
	whole, _ := s.dir.Path(&s.m)
	info, err := os.Stat(whole) // before it is opened: a pipe would wait for a writer there
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if info.Mode().IsRegular() && info.Size() == s.m.Length {
		if sum, err := sumOfFile(whole); err != nil || sum == s.m.Sum {
			return err == nil, err
		}
	}
	if !s.dir.opt.Replace {
		return false, fmt.Errorf("%w: move %s away, or allow it to be replaced", ErrExists, whole)
	}
	return false, nil
}

func sumOfFile(name string) (sum file.Hash, err error) {
	f, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return sumOf(f)
}

// sumOf is the SHA-256 of a file, from where it is read on.
func sumOf(f io.Reader) (sum file.Hash, err error) {
	h := sha256.New()
	_, err = io.Copy(h, f)
	h.Sum(sum[:0])
	return sum, err
}

// open opens the unfinished file, and tells the transfer which blocks are there.
func (s *store) open() (err error) {
	_, part := s.dir.Path(&s.m)
	base := part[:len(part)-len(partSuffix)]
	_, noState := os.Lstat(base + stateSuffix)
	if _, err := os.Lstat(part); err == nil && errors.Is(noState, fs.ErrNotExist) && !s.dir.opt.Replace {
		return fmt.Errorf("there is %s, and nothing is known of it: %w", part, errOther)
	}
	var records map[int]file.Hash
	if s.state, records, err = openState(base+stateSuffix, &s.m, s.dir.opt.Replace); err != nil {
		return err
	}
	if s.part, err = os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return err
	}
	have, err := s.verify(records)
	if err == nil {
		err = s.part.Truncate(s.m.Length)
	}
	if err != nil {
		return err
	}
	s.dir.do(func() { s.t.Opened(have) })
	return nil
}

// verify holds blocks that are claimed against their hashes. If some do not pass, only the others are claimed from now on.
func (s *store) verify(claimed map[int]file.Hash) (have *file.Set, err error) {
	have = file.NewSet(s.m.Blocks())
	buf, records := make([]byte, s.m.BlockLen), []byte(nil)
	for i := range s.m.Blocks() {
		leaf, is := claimed[i]
		if !is {
			continue
		}
		b := buf[:s.m.Size(i)]
		if _, err := s.part.ReadAt(b, int64(i)*int64(s.m.BlockLen)); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		} else if err == nil && s.hasher.Leaf(b) == leaf {
			have.Add(i)
			records = appendRecord(records, i, leaf)
		}
	}
	if have.Count() < len(claimed) {
		err = s.state.rewrite(&s.m, records)
	}
	return have, err
}

// sync has the disk keep what was written, and claims it.
func (s *store) sync() error {
	if len(s.records) == 0 {
		return nil
	}
	if err := s.part.Sync(); err != nil {
		return err
	}
	err := s.state.add(s.records)
	s.records = s.records[:0]
	return err
}
