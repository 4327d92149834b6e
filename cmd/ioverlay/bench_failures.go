package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/failures"
)

// failuresFlags are the flags of "ioverlay bench failures".
type failuresFlags struct {
	kinds  string
	format string
	out    string
	spec   failures.Spec
}

func (a *app) benchFailures() *cobra.Command {
	var f failuresFlags
	cmd := &cobra.Command{
		Use:   "failures",
		Short: "Measure how fast failures are detected",
		Long: `Start real node processes, kill them, stop them, and cut and disturb the links
between them, and read from the log of the node that has to notice when it did. What
needs network namespaces needs root on Linux, and ip and tc of iproute2; what cannot be
measured here says why.`,
		Example: `  ioverlay bench failures --trials 30
  ioverlay bench failures --kinds cut,stop --fail-timeout 2s --out results/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBenchFailures(cmd, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.kinds, "kinds", strings.Join(failures.Kinds(), ","), "kinds of failure")
	fl.IntVar(&f.spec.Trials, "trials", 30, "trials of each kind")
	fl.DurationVar(&f.spec.StallTimeout, "stall-timeout", time.Second, "of the nodes")
	fl.DurationVar(&f.spec.FailTimeout, "fail-timeout", time.Second, "of the nodes")
	fl.StringVar(&f.format, "format", formatTable, "how to print: table or json")
	fl.StringVar(&f.out, "out", "", "directory for the results: failures.jsonl, failures.txt and failures.svg")
	return cmd
}

func (a *app) runBenchFailures(cmd *cobra.Command, f failuresFlags) error {
	if err := checkFormat(f.format, formatTable, formatJSON); err != nil {
		return err
	}
	if f.spec.Trials < 1 {
		return &usageError{"trials", strconv.Itoa(f.spec.Trials), "1 and up"}
	}
	if f.spec.StallTimeout <= 0 || f.spec.FailTimeout <= 0 {
		return &usageError{"stall-timeout or --fail-timeout", "0 or less", "above 0"}
	}
	for _, k := range splitList(f.kinds) {
		if !slices.Contains(failures.Kinds(), k) {
			return &usageError{"kinds", k, strings.Join(failures.Kinds(), ", ")}
		}
		f.spec.Kinds = append(f.spec.Kinds, k)
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	f.spec.Program = []string{program}
	env, err := bench.NewEnv(readVersion().String(), a.args, time.Now())
	if err != nil {
		return err
	}
	records := []any{env}
	spin := a.spinner(0, "measuring")
	err = failures.Run(cmd.Context(), f.spec, func(r any) error {
		records = append(records, r)
		return nil
	})
	spin.stop()
	if err != nil {
		return err
	}
	return a.writeFailures(f, records, failures.Summarize(f.spec, records))
}

// writeFailures prints what was measured, and writes it to files if asked to.
func (a *app) writeFailures(f failuresFlags, records []any, sums []failures.Summary) error {
	for _, s := range sums {
		records = append(records, s)
	}
	lines := func(w io.Writer) error {
		e := json.NewEncoder(w)
		for _, r := range records {
			if err := e.Encode(r); err != nil {
				return fmt.Errorf("write the results: %w", err)
			}
		}
		return nil
	}
	table := func(w io.Writer) error { failures.WriteTable(w, sums); return nil }
	if f.out != "" {
		if err := os.MkdirAll(f.out, 0o755); err != nil {
			return fmt.Errorf("make the directory for results, --out %q: %w", f.out, err)
		}
		for name, write := range map[string]func(io.Writer) error{
			"failures.jsonl": lines, "failures.txt": table,
			"failures.svg": func(w io.Writer) error { return failures.WriteChart(w, sums) },
		} {
			if err := writeFile(filepath.Join(f.out, name), write); err != nil {
				return err
			}
		}
	}
	if f.format == formatJSON {
		return lines(a.out)
	}
	return table(a.out)
}

func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create %q: %w", path, err)
	}
	if err := write(file); err != nil {
		_ = file.Close() // the error that counts is the one above
		return err
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("close %q: %w", path, err)
	}
	return nil
}
