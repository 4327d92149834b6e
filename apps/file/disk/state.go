package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ioverlay/ioverlay/apps/file"
)

// What is known of an unfinished file NAME is in NAME.part.state: a head that says which transfer it is of, and a record for each block that is in
// NAME.part: its number (4 bytes, big-endian) and its hash. Records are appended only after the blocks have been synced to the disk, so whenever a crash
// comes, each record's block is there. When the file is opened again, all the same, each block is held against its hash.

// magic begins a state file.
const magic = "ioverlay file 1\n"

// recordLen is the length of a record.
const recordLen = 4 + file.HashLen

// head is how a transfer's state file begins: magic, the length of the manifest in 2 bytes, the manifest.
func head(m *file.Manifest) []byte {
	b := m.Append(nil)
	return append(binary.BigEndian.AppendUint16([]byte(magic), uint16(len(b))), b...)
}

// errOther is the error of an unfinished file of another transfer, or of something else with its name.
var errOther = errors.New("it is of another transfer: finish that, move it away, or allow it to be replaced")

// state is an open state file.
type state struct {
	f   *os.File
	end int64 // of the last whole record
}

// openState opens or makes the state of a transfer. Records are those that were there, by block; later ones count.
func openState(name string, m *file.Manifest, replace bool) (s *state, records map[int]file.Hash, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	if err := lock(f); err != nil {
		return nil, nil, fmt.Errorf("%s is in use by another process: %w", name, err)
	}
	s, want := &state{f: f}, head(m)
	begins := make([]byte, len(want))
	n, err := f.ReadAt(begins, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch begins = begins[:n]; {
	case bytes.Equal(begins, want):
	case bytes.HasPrefix(want, begins) || replace: // nothing yet, or torn before there was any block
		if err := errors.Join(f.Truncate(0), writeAt(f, want, 0), f.Sync()); err != nil {
			return nil, nil, err
		}
	default:
		return nil, nil, fmt.Errorf("%s: %w", name, errOther)
	}
	records, err = s.records(m)
	return s, records, err
}

// records are the whole ones of a state file, by block, of which later ones count. What comes next is written behind them.
func (s *state) records(m *file.Manifest) (map[int]file.Hash, error) {
	s.end = int64(len(head(m)))
	most := 2 * int64(m.Blocks()) * recordLen // a block that has rotten comes again
	all, err := io.ReadAll(io.NewSectionReader(s.f, s.end, most))
	if err != nil {
		return nil, err
	}
	records := make(map[int]file.Hash)
	for ; len(all) >= recordLen; all = all[recordLen:] {
		if i := binary.BigEndian.Uint32(all); i < uint32(m.Blocks()) {
			records[int(i)] = file.Hash(all[4:recordLen])
		}
		s.end += recordLen
	}
	return records, nil
}

func writeAt(f *os.File, b []byte, at int64) error {
	_, err := f.WriteAt(b, at)
	return err
}

// add appends records, when their blocks have been synced.
func (s *state) add(records []byte) error {
	if err := writeAt(s.f, records, s.end); err != nil {
		return err
	}
	s.end += int64(len(records))
	return nil
}

// rewrite begins anew with some records.
func (s *state) rewrite(m *file.Manifest, records []byte) error {
	s.end = int64(len(head(m)))
	return errors.Join(s.f.Truncate(s.end), s.add(records), s.f.Sync())
}

// appendRecord appends a record.
func appendRecord(b []byte, block int, leaf file.Hash) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(block)), leaf[:]...)
}
