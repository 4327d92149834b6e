package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// resultsName is the file that holds a run's objects, one JSON object a line.
const resultsName = "results.jsonl"

// resultFile takes each object of the results as it is measured: into the file and, with --format json, onto
// standard output.
type resultFile struct {
	file    *os.File
	encoder *json.Encoder
}

// openResults makes the directory dir and the file in it.
func (a *app) openResults(dir, format string) (*resultFile, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the directory for results, --out %q: %w", dir, err)
	}
	file, err := os.Create(filepath.Join(dir, resultsName))
	if err != nil {
		return nil, fmt.Errorf("create the results, --out %q: %w", dir, err)
	}
	var to io.Writer = file
	if format == formatJSON {
		to = io.MultiWriter(file, a.out)
	}
	return &resultFile{file: file, encoder: json.NewEncoder(to)}, nil
}

func (r *resultFile) record(object any) error { return r.encoder.Encode(object) }

func (r *resultFile) close() error {
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("close the results: %w", err)
	}
	return nil
}
