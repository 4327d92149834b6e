package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// RowsName is the file of rows. It only grows, a line a run, and is what a later call
// goes on from; everything else can be made from it.
const RowsName = "runs.jsonl"

// store is the file of rows, locked against other programs.
type store struct {
	f    *os.File
	rows map[string]Row // by key, the last one of each
	torn bool           // the last line was not whole, and has gone
}

// ErrLocked means that another program writes into the folder.
var ErrLocked = errors.New("another program writes there")

func openStore(dir string) (*store, error) {
	path := filepath.Join(dir, RowsName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the file of runs: %w", err)
	}
	s := &store{f: f}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w (%w)", path, ErrLocked, err), f.Close())
	}
	if err := s.load(path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// load reads the rows. A last line without an end is of a program that was killed while it
// wrote: that run is run again.
func (s *store) load(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the file of runs: %w", err)
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	if s.torn = whole < len(text); s.torn {
		if err := s.f.Truncate(int64(whole)); err != nil {
			return fmt.Errorf("mend the file of runs: %w", err)
		}
	}
	if _, err := s.f.Seek(int64(whole), 0); err != nil {
		return fmt.Errorf("go to the end of the file of runs: %w", err)
	}
	s.rows, err = parseRows(path, text[:whole])
	return err
}

// parseRows reads whole lines.
func parseRows(path string, text []byte) (map[string]Row, error) {
	rows := make(map[string]Row)
	for n := 1; len(text) > 0; n++ {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		var r Row
		if err := json.Unmarshal(line, &r); err != nil || r.Key == "" {
			return nil, fmt.Errorf("%s:%d: this is no row of an experiment: %w", path, n, errors.Join(err, errors.New("delete the line, and its run is run again")))
		}
		rows[r.Key] = r
	}
	return rows, nil
}

// add appends rows, and returns when the disk has them.
func (s *store) add(rows ...Row) error {
	var b bytes.Buffer
	for _, r := range rows {
		if err := json.NewEncoder(&b).Encode(r); err != nil {
			return fmt.Errorf("write a row: %w", err)
		}
	}
	if _, err := s.f.Write(b.Bytes()); err != nil {
		return fmt.Errorf("append to the file of runs: %w", err)
	}
	if err := s.f.Sync(); err != nil {
		return fmt.Errorf("append to the file of runs: %w", err)
	}
	for _, r := range rows {
		s.rows[r.Key] = r
	}
	return nil
}

func (s *store) close() error { return s.f.Close() }
