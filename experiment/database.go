package experiment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver, in Go: programs on iOverlay need no C
)

// DatabaseName is the file with all tables of a result in one: runs, observations (what values.csv has; VALUES is a word of SQL's own),
// summary and comparisons.
const DatabaseName = "results.sqlite"

// namedSheet is a table with its name in a database.
type namedSheet struct {
	name string
	*sheet
}

// writeDatabase writes tables as an SQLite database, whole or not at all.
func writeDatabase(path string, tables []namedSheet) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = errors.Join(f.Chmod(0o644), f.Close())
	if err == nil {
		err = fillDatabase(f.Name(), tables)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

func fillDatabase(path string, tables []namedSheet) (err error) {
	// Nobody else reads it yet, and one that is not finished is removed: there is nothing to be rolled back to.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=locking_mode(EXCLUSIVE)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	ctx := context.Background()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := t.insert(ctx, tx); err != nil {
			return errors.Join(fmt.Errorf("table %s: %w", t.name, err), tx.Rollback())
		}
	}
	return tx.Commit()
}

// insert makes the table and fills it. One without columns, which has no rows, is left out.
func (t namedSheet) insert(ctx context.Context, tx *sql.Tx) error {
	if len(t.columns) == 0 {
		return nil
	}
	var columns, marks []string
	taken := make(map[string]bool)
	for _, c := range t.columns {
		columns = append(columns, quoted(unlike(c.name, taken))+" "+c.kind())
		marks = append(marks, "?")
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE "+quoted(t.name)+" ("+strings.Join(columns, ", ")+")"); err != nil {
		return err
	}
	into, err := tx.PrepareContext(ctx, "INSERT INTO "+quoted(t.name)+" VALUES ("+strings.Join(marks, ", ")+")")
	if err != nil {
		return err
	}
	cells := make([]any, len(t.columns))
	for row := range t.rows() {
		for i, c := range t.columns {
			cells[i] = c.value(row)
		}
		if _, err := into.ExecContext(ctx, cells...); err != nil {
			return errors.Join(err, into.Close())
		}
	}
	return into.Close()
}

// unlike makes a name one that no other column has: SQL takes capital letters for small ones, which experiments do not.
func unlike(name string, taken map[string]bool) string {
	unique := name
	for n := 2; taken[strings.ToLower(unique)]; n++ {
		unique = name + "_" + strconv.Itoa(n)
	}
	taken[strings.ToLower(unique)] = true
	return unique
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// kind is the type of the column.
func (c *column) kind() string {
	switch {
	case c.texts != nil:
		return "TEXT"
	case c.whole:
		return "INTEGER"
	}
	return "REAL"
}

// value is a cell as SQL has it: NULL for what is no number.
func (c *column) value(row int) any {
	if c.texts != nil {
		return c.texts[row]
	}
	v := float64(c.numbers[row])
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return nil
	case c.whole:
		return int64(v)
	}
	return v
}
