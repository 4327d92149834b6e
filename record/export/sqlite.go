package export

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	_ "modernc.org/sqlite" // the driver, in Go: programs on iOverlay need no C

	"github.com/ioverlay/ioverlay/record"
)

// sqlite is a database with a table for each, all written in one transaction.
type sqlite struct {
	ctx     context.Context //nolint:containedctx // of one export
	file    string
	db      *sql.DB
	tx      *sql.Tx
	inserts map[*table]*sql.Stmt
	args    []any
}

func newSQLite(ctx context.Context, file string) (_ sink, err error) {
	if _, err := os.Stat(file); err == nil {
		return nil, fmt.Errorf("export: %s is there already: give another name, or remove it", file)
	}
	// Nobody else reads it yet, and one that is not finished is removed: there is nothing to be rolled back to.
	dsn := "file:" + (&url.URL{Path: file}).EscapedPath() + "?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=locking_mode(EXCLUSIVE)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	db.SetMaxOpenConns(1)
	s := &sqlite{ctx: ctx, file: file, db: db, inserts: make(map[*table]*sql.Stmt)}
	if s.tx, err = db.BeginTx(ctx, nil); err == nil {
		for _, t := range tables {
			err = errors.Join(err, s.begin(t))
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("export: make the database %s: %w", file, err), s.close(false))
	}
	return s, nil
}

func (s *sqlite) begin(t *table) error {
	var columns, marks []string
	for _, c := range t.columns {
		kind := "TEXT"
		switch c.kind {
		case record.NumberValue:
			kind = "REAL"
			if c.name == "node" || c.name == "peer" || c.name == "f" || c.name == "t" || c.name == "app" || c.name == "seq" || c.name == "type" || c.name == "bytes" {
				kind = "NUMERIC"
			}
		case record.BoolValue:
			kind = "INTEGER"
		case record.NoValue, record.TextValue, record.PairValue, record.JSONValue:
		}
		columns = append(columns, fmt.Sprintf("%q %s", c.name, kind))
		marks = append(marks, "?")
	}
	if _, err := s.tx.ExecContext(s.ctx, fmt.Sprintf("CREATE TABLE %q (%s)", t.name, strings.Join(columns, ", "))); err != nil {
		return err
	}
	insert, err := s.tx.PrepareContext(s.ctx, fmt.Sprintf("INSERT INTO %q VALUES (%s)", t.name, strings.Join(marks, ", ")))
	s.inserts[t] = insert
	return err
}

func (s *sqlite) row(t *table, values []record.Value) error {
	s.args = s.args[:0]
	for _, v := range values {
		s.args = append(s.args, argument(v))
	}
	if _, err := s.inserts[t].ExecContext(s.ctx, s.args...); err != nil {
		return fmt.Errorf("export: write into %s: %w", s.file, err)
	}
	return nil
}

func argument(v record.Value) any {
	switch v.Kind {
	case record.NumberValue:
		return v.Num
	case record.BoolValue:
		return int64(v.Num)
	case record.TextValue, record.JSONValue:
		return v.Text
	case record.NoValue, record.PairValue:
	}
	return nil
}

func (s *sqlite) close(complete bool) (err error) {
	for _, t := range tables {
		if insert := s.inserts[t]; insert != nil {
			err = errors.Join(err, insert.Close())
		}
	}
	if s.tx != nil && complete {
		err = errors.Join(err, s.tx.Commit())
	} else if s.tx != nil {
		if back := s.tx.Rollback(); !errors.Is(back, sql.ErrTxDone) {
			err = errors.Join(err, back)
		}
	}
	err = errors.Join(err, s.db.Close())
	if !complete {
		if gone := os.Remove(s.file); !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	if err != nil {
		return fmt.Errorf("export: %s: %w", s.file, err)
	}
	return nil
}
