package export_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/export"
	"github.com/ioverlay/ioverlay/record/recording"
)

// sample is a recording with something for every table.
func sample(t *testing.T) *recording.Reader {
	t.Helper()
	var file bytes.Buffer
	seed := uint64(7)
	w, err := recording.NewWriter(&file, recording.Meta{World: "sim", Title: "a, \"b\"\nc", Seed: &seed}, recording.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []record.Update{
		{T: 0, Nodes: []record.Node{{I: 0, Name: record.Set("n0"), Up: record.Set(true), Lost: record.Lost{In: record.Set(record.Pair{1, 24})}}, {I: 1, Name: record.Set("n1"), Up: record.Set(false)}}},
		{T: 1_500_000_000, Nodes: []record.Node{{I: 0, In: record.Set(5.5), Apps: []record.App{{ID: 3, In: record.Set(2.0), Source: record.Set(true)}}, Metrics: []record.Metric{{Name: "m", Value: record.Set(4.0)}}}},
			Links: []record.Link{{F: 0, T: 1, Rate: record.Set(7.0), Apps: []record.App{{ID: 3, Rate: record.Set(7.0)}}}}},
		{T: 2e9, Events: []record.Event{{T: 2e9, Kind: "told", Node: record.To(1), Text: "x"}},
			States: []record.State{{T: 2e9, Node: 1, Name: "chunks", Value: record.NumberOf(3), Of: record.Set(16.0)}, {T: 2e9, Node: 1, Name: "phase", Value: record.TextOf("late")}}},
	} {
		if err := w.Update(&u); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []record.Transfer{{From: 0, To: 1, App: 3, Seq: 9, Bytes: 48, Left: 1e9, Arrived: 1_250_000_000}, {From: 1, To: 0, Left: 2e9, Arrived: record.Never}} {
		if err := w.Transfer(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(recording.End{Ended: 3e9, Expectations: []recording.Expectation{{Text: "alive() = 2", Held: true}}}); err != nil {
		t.Fatal(err)
	}
	r, err := recording.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What some columns of the tables must have, row by row; nothing is "".
var wanted = []struct{ table, columns, rows string }{
	{"nodes", "time node name up in lost_in_msgs lost_in_bytes", "0 0 n0 true  1 24; 0 1 n1 false   ; 1.5 0 n0 true 5.5 1 24"},
	{"node_apps", "time node app source joined in", "1.5 0 3 true  2"},
	{"metrics", "time node name value", "1.5 0 m 4"},
	{"links", "time f t rate", "1.5 0 1 7"},
	{"link_apps", "time f t app rate", "1.5 0 1 3 7"},
	{"events", "time kind node peer app text by", "2 told 1   x "},
	{"states", "time node name value text of", "2 1 chunks 3  16; 2 1 phase  late "},
	{"transfers", "left_at arrived_at f t app seq bytes", "1 1.25 0 1 3 9 48; 2  1 0 0 0 0"},
	{"expectations", "expectation held", "alive() = 2 true"},
}

func check(t *testing.T, table string, rows []map[string]string) {
	t.Helper()
	for _, want := range wanted {
		if want.table != table {
			continue
		}
		var got []string
		for _, row := range rows {
			var cells []string
			for _, c := range strings.Fields(want.columns) {
				cells = append(cells, row[c])
			}
			got = append(got, strings.Join(cells, " "))
		}
		if all := strings.Join(got, "; "); all != want.rows {
			t.Errorf("%s (%s) has\n%s\nand should have\n%s", table, want.columns, all, want.rows)
		}
	}
	if table == "meta" && !slices.ContainsFunc(rows, func(r map[string]string) bool { return r["key"] == "title" && r["value"] == "a, \"b\"\nc" }) {
		t.Errorf("meta is %v", rows)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	if err := export.To(t.Context(), sample(t), "csv", dir); err != nil {
		t.Fatal(err)
	}
	for _, want := range append(wanted, struct{ table, columns, rows string }{table: "meta"}) {
		file, err := os.Open(filepath.Join(dir, want.table+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(file).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var rows []map[string]string
		for _, cells := range all[1:] {
			row := map[string]string{}
			for i, c := range cells {
				row[all[0][i]] = c
			}
			rows = append(rows, row)
		}
		check(t, want.table, rows)
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func said(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := export.To(t.Context(), sample(t), "jsonl", dir); err != nil {
		t.Fatal(err)
	}
	for _, want := range append(wanted, struct{ table, columns, rows string }{table: "meta"}) {
		text, err := os.ReadFile(filepath.Join(dir, want.table+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		var rows []map[string]string
		for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Fatalf("%s: %q: %v", want.table, line, err)
			}
			row := map[string]string{}
			for k, v := range object {
				row[k] = said(v)
			}
			rows = append(rows, row)
		}
		check(t, want.table, rows)
	}
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a b?.sqlite")
	if err := export.To(t.Context(), sample(t), "sqlite", file); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	if err := export.To(t.Context(), sample(t), "sqlite", file); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second time: %v", err)
	}
	copied := filepath.Join(t.TempDir(), "plain.sqlite")
	if err := os.Rename(file, copied); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", copied)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range append(wanted, struct{ table, columns, rows string }{table: "meta"}) {
		check(t, want.table, query(t, db, want.table))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func query(t *testing.T, db *sql.DB, table string) (all []map[string]string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says it
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := map[string]string{}
		for i, c := range columns {
			row[c] = said(cells[i])
			if n, ok := cells[i].(int64); ok && (c == "up" || c == "held" || c == "source") {
				row[c] = fmt.Sprint(n == 1)
			}
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// What is not whole is not left behind.
func TestBrokenOffExportLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, format := range export.Formats {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		out := filepath.Join(t.TempDir(), "out")
		if err := export.To(ctx, sample(t), format, out); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", format, err)
		}
		if left, err := filepath.Glob(filepath.Join(out, "*")); err != nil || len(left) > 0 {
			t.Errorf("%s leaves %v: %v", format, left, err)
		}
		if info, err := os.Stat(out); err == nil && !info.IsDir() {
			t.Errorf("%s leaves a file", format)
		}
	}
	if err := export.To(t.Context(), sample(t), "xls", "x"); err == nil {
		t.Error("there is a format xls")
	}
}
