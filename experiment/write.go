package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Names of the files of a result, besides RowsName and BundleName.
const (
	TableName   = "runs.csv"
	EachName    = "values.csv"
	SummaryName = "summary.csv"
	EffectsName = "comparisons.csv"
	JSONName    = "summary.json"
	ReportName  = "report.html"
	ChartsName  = "charts" // a folder
)

// writeFile writes a file whole or not at all.
func writeFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return writeFile(path, append(b, '\n'))
}

func writeBundle(dir string, e *Experiment, r *Results) error {
	uses, all := e.uses, len(e.beside())
	if !slices.ContainsFunc(uses, func(names []string) bool { return len(names) != all }) {
		uses = nil
	}
	return writeJSON(filepath.Join(dir, BundleName), Bundle{Kind: "experiment", Name: e.Name, Main: e.files.main, Files: e.files.all(), Uses: uses,
		World: e.World, Seeds: e.Seeds, Runs: r.Total, Origin: r.Origin, Build: build()})
}

// write makes all files of a result from its rows.
func (r *Results) write(dir string, charts bool) (written []string, err error) {
	keep := func(name string, text []byte) error {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		if err := writeFile(path, text); err != nil {
			return err
		}
		written = append(written, path)
		return nil
	}
	t := r.Experiment.grid(r.Rows)
	summary, err := json.MarshalIndent(r.Analysis, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", JSONName, err)
	}
	type file struct {
		name string
		text []byte
	}
	files := []file{{JSONName, append(summary, '\n')}}
	tables := []namedSheet{{"runs", t.wide(r.Rows)}, {"observations", t.long(r.Rows)},
		{"summary", t.summary(r.Analysis)}, {"comparisons", t.comparisons(r.Analysis)}}
	for i, name := range []string{TableName, EachName, SummaryName, EffectsName} {
		files = append(files, file{name, tables[i].csv()})
	}
	var figures []Figure
	left := 0
	if charts {
		if figures, left, err = t.figures(); err != nil {
			return nil, err
		}
	}
	for _, f := range figures {
		files = append(files, file{filepath.Join(ChartsName, f.Name+".svg"), f.SVG}, file{filepath.Join(ChartsName, f.Name+".png"), f.PNG})
	}
	var page bytes.Buffer
	if err := r.report(&page, figures, left); err != nil {
		return nil, fmt.Errorf("write %s: %w", ReportName, err)
	}
	files = append(files, file{ReportName, page.Bytes()})
	if err := removeCharts(filepath.Join(dir, ChartsName)); err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := keep(f.name, f.text); err != nil {
			return written, err
		}
	}
	database := filepath.Join(dir, DatabaseName)
	if err := writeDatabase(database, tables); err != nil {
		return written, err
	}
	return append(written, database), nil
}

// removeCharts removes those that an earlier form of the experiment left, and nothing of anybody else's.
func removeCharts(dir string) error {
	for _, pattern := range []string{"mean-*.svg", "mean-*.png", "cdf-*.svg", "cdf-*.png"} {
		old, err := filepath.Glob(filepath.Join(dir, pattern))
		for _, name := range old {
			err = errors.Join(err, os.Remove(name))
		}
		if err != nil {
			return fmt.Errorf("remove old charts: %w", err)
		}
	}
	return nil
}
