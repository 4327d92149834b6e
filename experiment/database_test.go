package experiment

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/experiment/stats"
)

// TestDatabase has what the CSV files have, also of names that SQL takes for one, and of what is no number.
func TestDatabase(t *testing.T) {
	s := new(sheet)
	for i, x := range []stats.Number{1.5, stats.None(), stats.Number(math.Inf(1))} {
		s.text("key", i, fmt.Sprint("k", i))
		s.number("hops", false, i, x)
		s.number("Hops", false, i, -x)
		s.number("seed", true, i, stats.Number(i+7))
		s.text(`a "name", select`, i, `x'); DROP TABLE runs; --`)
	}
	path := filepath.Join(t.TempDir(), "a folder?", DatabaseName)
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second one takes the place of the first
		if err := writeDatabase(path, []namedSheet{{"runs", s}, {"comparisons", new(sheet)}}); err != nil {
			t.Fatal(err)
		}
	}
	names, rows := readTable(t, path, "runs")
	if want := []string{"key", "hops", "Hops_2", "seed", `a "name", select`}; !slices.Equal(names, want) {
		t.Errorf("columns %q, want %q", names, want)
	}
	want, err := csv.NewReader(strings.NewReader(string(s.csv()))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(rows) != fmt.Sprint(want[1:]) {
		t.Errorf("rows %v, want %v", rows, want[1:])
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%v are left, %v", left, err)
	}
	if err := writeDatabase(filepath.Join(path, "under a file"), nil); err == nil {
		t.Error("nothing was said of a folder that is none")
	}
}

// readTable is a table as text, NULL empty.
func readTable(t *testing.T, path, table string) (names []string, all [][]string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table+" ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	if names, err = rows.Columns(); err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells := make([]any, len(names))
		for i := range cells {
			cells[i] = new(sql.NullString)
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(names))
		for i := range cells {
			line[i] = cells[i].(*sql.NullString).String
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names, all
}
