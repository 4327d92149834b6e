package result

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// The files of a run.
const (
	JSONName  = "results.jsonl"
	NodesName = "nodes.csv"
	LinksName = "links.csv"

	MetricsName  = "metrics.csv"  // what algorithms keep of themselves, if they do
	CoverageName = "coverage.csv" // who had a message how long after it was made, if messages were followed
	NotesName    = "notes.csv"    // changes of state and notes of algorithms, if there are any
)

// Prepare makes the directory for results if there is none and tries whether files can be
// written there: before a run, which may take hours.
func Prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory for results: %w", err)
	}
	f, err := os.CreateTemp(dir, ".try-*")
	if err != nil {
		return fmt.Errorf("write into the directory for results: %w", err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return fmt.Errorf("write into the directory for results: %w", err)
	}
	return nil
}

// Write writes a run's files into a directory, which is made if there is none, and
// returns their paths. results.jsonl has one JSON object a line: the events, a row
// for each interval of each node and link, a row for each change of a metric, the notes,
// and last the summary. The CSV files have
// the rows, and the charts show throughput over time.
func Write(r *Run, dir string) (written []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the directory for results: %w", err)
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
		skip  bool
	}{
		{JSONName, r.writeJSON, false},
		{NodesName, func(w io.Writer) error { return r.writeCSV(w, "node") }, !r.Plan.Record.Nodes},
		{LinksName, func(w io.Writer) error { return r.writeCSV(w, "link") }, !r.Plan.Record.Links},
		{MetricsName, r.writeMetrics, len(r.own.series) == 0},
		{CoverageName, r.writeCoverage, len(r.followed.messages) == 0},
		{NotesName, r.writeNotes, len(r.own.notes) == 0},
	} {
		if f.skip {
			continue
		}
		path := filepath.Join(dir, f.name)
		if err := writeFile(path, f.write); err != nil {
			return written, fmt.Errorf("write %s: %w", path, err)
		}
		written = append(written, path)
	}
	charts, err := r.writeCharts(dir)
	return append(written, charts...), err
}

func writeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := bufio.NewWriter(f)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

func (r *Run) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	for _, ev := range r.Events {
		if err := e.Encode(EventRow{"event", ev.At.Seconds(), ev.What, ev.Of}); err != nil {
			return err
		}
	}
	if err := r.Rows(func(row Row) error { return e.Encode(row) }); err != nil {
		return err
	}
	if err := r.MetricRows(func(row MetricRow) error { return e.Encode(row) }); err != nil {
		return err
	}
	for _, n := range r.own.notes {
		if err := e.Encode(r.noteRow(n)); err != nil {
			return err
		}
	}
	return e.Encode(r.Report())
}

func (r *Run) writeCSV(w io.Writer, kind string) error {
	c := csv.NewWriter(w)
	head := []string{"at_s", kind, "app", "up", "throughput_bytes_per_s", "goodput_bytes_per_s",
		"received_messages", "distinct_messages", "sent_messages", "broken_sources", "queued_messages", "lost_messages", "starved"}
	if err := c.Write(head); err != nil {
		return err
	}
	err := r.Rows(func(row Row) error {
		if row.Kind != kind {
			return nil
		}
		number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
		count := func(v uint64) string { return strconv.FormatUint(v, 10) }
		return c.Write([]string{number(row.AtS), row.Name, row.App, strconv.FormatBool(row.Up),
			strconv.FormatFloat(row.ThroughputBps, 'f', 1, 64), strconv.FormatFloat(row.GoodputBps, 'f', 1, 64),
			count(row.Received), count(row.Distinct), count(row.Sent), count(row.Broken), strconv.Itoa(row.Queued), count(row.Lost), strconv.FormatBool(row.Starved)})
	})
	if err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}
