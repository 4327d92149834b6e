package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/console"
)

// What the commands that measure have in common: --format and --out, results that are there as soon as they are
// measured, and an end at which everything that was measured is reported, whether it was all, or Ctrl-C or an error came
// first.

// resultsName is the file that holds a run's objects, one JSON object a line, unless a command says otherwise.
const resultsName = "results.jsonl"

// outputs says how to print and where to write.
type outputs struct {
	format string
	out    string // directory; empty for none
	always string // if set: where results go without --out, out/<always>-<time>
	name   string // of the file of objects; empty means resultsName
}

// define defines the flags. files says what the directory gets.
func (o *outputs) define(fl *pflag.FlagSet, files string) {
	if o.always != "" {
		files += fmt.Sprintf(" (default out/%s-<time>)", o.always)
	}
	fl.StringVar(&o.out, "out", o.out, "directory for "+files)
	fl.StringVar(&o.format, "format", console.FormatTable, "how to print: table or json")
}

func (o *outputs) check() error {
	return console.CheckFormat(o.format, console.FormatTable, console.FormatJSON)
}

// measurement is a command that measures, under way.
type measurement struct {
	app     *app
	ctx     context.Context // of the command: Ctrl-C ends it
	env     bench.Env
	outputs outputs
	file    *os.File // nil without a directory
	encoder *json.Encoder
	written []string
}

// begin makes the directory and the file of results, before anything is measured: minutes later would be a bad time to
// learn that they cannot be written.
func (a *app) begin(ctx context.Context, o outputs) (*measurement, error) {
	env, err := bench.NewEnv(console.ReadVersion().String(), a.Args, time.Now())
	if err != nil {
		return nil, err
	}
	if o.out == "" && o.always != "" {
		o.out = "out/" + o.always + "-" + time.Now().Format("20060102-150405")
	}
	m := &measurement{app: a, ctx: ctx, env: env, outputs: o}
	to := []io.Writer{}
	if o.format == console.FormatJSON {
		to = append(to, a.Out)
	}
	if o.out != "" {
		if err := console.MakeOut(o.out); err != nil {
			return nil, err
		}
		if o.name == "" {
			o.name = resultsName
		}
		if m.file, err = os.Create(filepath.Join(o.out, o.name)); err != nil {
			return nil, fmt.Errorf("create the results, --out %q: %w", o.out, err)
		}
		m.written = append(m.written, m.file.Name())
		to = append(to, m.file)
	}
	m.encoder = json.NewEncoder(io.MultiWriter(to...))
	return m, nil
}

// record writes an object of the results: into the file and, with --format json, onto standard output.
func (m *measurement) record(object any) error {
	if err := m.encoder.Encode(object); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}

// table prints, unless objects were printed already.
func (m *measurement) table(write func(w io.Writer) error) error {
	if m.outputs.format != console.FormatTable {
		return nil
	}
	return write(m.app.Out)
}

// create writes one more file, if there is a directory.
func (m *measurement) create(name string, write func(w io.Writer) error) (err error) {
	if m.outputs.out == "" {
		return nil
	}
	file, err := os.Create(filepath.Join(m.outputs.out, name))
	if err != nil {
		return fmt.Errorf("create %q, --out %q: %w", name, m.outputs.out, err)
	}
	m.wrote(file.Name())
	return errors.Join(write(file), file.Close())
}

// wrote notes files that somebody else has written; an empty name is none.
func (m *measurement) wrote(names ...string) {
	for _, name := range names {
		if name != "" {
			m.written = append(m.written, name)
		}
	}
}

// finish has what was measured presented, whatever ended the measuring, and says which files were written. An error
// that an interruption explains becomes console.ErrInterrupted.
func (m *measurement) finish(err error, present func() error) error {
	if m.ctx.Err() != nil && err != nil {
		err = console.Interruption(err)
	}
	err = errors.Join(err, present())
	if m.file != nil {
		if closeErr := m.file.Close(); closeErr != nil {
			err = errors.Join(err, fmt.Errorf("close the results: %w", closeErr))
		}
	}
	for _, name := range m.written {
		fmt.Fprintf(m.app.Err, "wrote %s\n", name)
	}
	return err
}
