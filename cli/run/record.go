package run

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
)

// recordFlags are --record and --record-transfers.
type recordFlags struct {
	file      string
	transfers bool
}

func (f *recordFlags) define(fl *pflag.FlagSet) {
	fl.StringVar(&f.file, "record", "", "record the run in this file, for ioverlay view and ioverlay record")
	fl.BoolVar(&f.transfers, "record-transfers", false, "with --record, in virtual time: every message on every link, when it left and when it arrived")
}

// check finds what is wrong with the flags.
func (f *recordFlags) check(world string) error {
	switch {
	case f.transfers && f.file == "":
		return console.Usage("record-transfers", "true", "only together with --record FILE")
	case f.transfers && world != "sim":
		return console.Usage("record-transfers", "true", "only in virtual time (--world sim): in the "+world+" world nobody sees a message both leave and arrive")
	}
	return nil
}

// open begins the file; nil if there is none. What is returned last closes it.
func (a *app) openRecording(f recordFlags, scenarioFile string) (*scenario.Recording, func() error, error) {
	if f.file == "" {
		return nil, func() error { return nil }, nil
	}
	text, err := os.ReadFile(scenarioFile)
	if err != nil {
		return nil, nil, fmt.Errorf("read the scenario for the recording: %w", err)
	}
	out, err := os.Create(f.file)
	if err != nil {
		return nil, nil, fmt.Errorf("create the recording, --record %q: %w", f.file, err)
	}
	return &scenario.Recording{Out: out, Transfers: f.transfers, Scenario: string(text), Program: a.Name}, func() error {
		if err := out.Close(); err != nil {
			return fmt.Errorf("close the recording: %w", err)
		}
		return nil
	}, nil
}

// recorded runs a scenario with what is recorded of it.
func (a *app) recorded(cmd *cobra.Command, f recordFlags, path string, plan *scenario.Plan, o scenario.Options) (*scenario.Result, error) {
	rec, closing, err := a.openRecording(f, path)
	if err != nil {
		return nil, err
	}
	o.Record = rec
	run, err := scenario.Run(cmd.Context(), plan, o)
	return run, errors.Join(err, closing())
}
