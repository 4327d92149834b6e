package export

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/ioverlay/ioverlay/record"
)

// files are a directory with a file for each table.
type files struct {
	dir, kind string
	open      map[*table]*tableFile
}

type tableFile struct {
	file *os.File
	out  *bufio.Writer
	csv  *csv.Writer // of CSV
	row  []string
	buf  []byte
}

func newFiles(dir, kind string) (sink, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("export: make the directory: %w", err)
	}
	s := &files{dir, kind, make(map[*table]*tableFile)}
	for _, t := range tables { // also those without rows, so that whoever reads them finds them
		if err := s.begin(t); err != nil {
			return nil, errors.Join(err, s.close(false))
		}
	}
	return s, nil
}

func (s *files) begin(t *table) error {
	file, err := os.Create(filepath.Join(s.dir, t.name+"."+s.kind))
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	f := &tableFile{file: file, out: bufio.NewWriterSize(file, 64<<10)}
	s.open[t] = f
	if s.kind == "csv" {
		f.csv = csv.NewWriter(f.out)
		for _, c := range t.columns {
			f.row = append(f.row, c.name)
		}
		return f.csv.Write(f.row)
	}
	return nil
}

func (s *files) row(t *table, values []record.Value) error {
	f := s.open[t]
	var err error
	if f.csv != nil {
		f.row = f.row[:0]
		for _, v := range values {
			f.row = append(f.row, plain(v))
		}
		err = f.csv.Write(f.row)
	} else {
		_, err = f.out.Write(f.object(t, values))
	}
	if err != nil {
		return fmt.Errorf("export: write %s: %w", f.file.Name(), err)
	}
	return nil
}

// object is a row as a line of JSON; what has no value is null.
func (f *tableFile) object(t *table, values []record.Value) []byte {
	b := f.buf[:0]
	for i, v := range values {
		b = append(b, ",{"[b2i(i == 0)])
		b = v.AppendJSON(append(record.AppendText(b, t.columns[i].name), ':'))
	}
	b = append(b, '}', '\n')
	f.buf = b
	return b
}

func b2i(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// plain is a value in a CSV file: nothing if there is none.
func plain(v record.Value) string {
	switch v.Kind {
	case record.NumberValue:
		return string(record.AppendNumber(nil, v.Num))
	case record.BoolValue:
		return strconv.FormatBool(v.Num != 0)
	case record.TextValue, record.JSONValue:
		return v.Text
	case record.NoValue, record.PairValue: // pairs are two columns
	}
	return ""
}

func (s *files) close(complete bool) (err error) {
	for _, t := range tables {
		f := s.open[t]
		if f == nil {
			continue
		}
		if f.csv != nil {
			f.csv.Flush()
			err = errors.Join(err, f.csv.Error())
		}
		err = errors.Join(err, f.out.Flush(), f.file.Close())
		if !complete {
			err = errors.Join(err, os.Remove(f.file.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}
