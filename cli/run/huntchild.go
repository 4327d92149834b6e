package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/sim/hunt"
	"github.com/ioverlay/ioverlay/internal/subprocess"
	"github.com/ioverlay/ioverlay/scenario"
)

// The runs of a hunt are done by processes of this program: one whose algorithm does not return is ended with its
// process, so that it can be run again and made small like any other failure.

// huntChild makes this program such a process.
const huntChild = "scenario-hunt-runs"

// huntAnswer is what it answers to a hunt.Case.
type huntAnswer struct {
	scenario.Ran
	Error string `json:"error,omitempty"` // it could not be run
}

// hunter hunts in a scenario, in this process.
func (a *app) hunter(f simRunFlags, path string) *scenario.Hunter {
	return &scenario.Hunter{Registry: a.Registry, Order: f.order(), Strict: f.strict, HangAfter: console.HangAfter(f.hang), Load: func(seed uint64) (*scenario.Plan, error) {
		return a.loadSeed(path, &seed, f.algorithm)
	}}
}

// huntElsewhere has a hunter use processes, which end ends.
func huntElsewhere(h *scenario.Hunter, f simRunFlags, path string) (end func(), err error) {
	args := append([]string{huntChild, path, "--shuffle=" + strconv.FormatBool(f.shuffle), "--strict=" + strconv.FormatBool(f.strict), "--hang-after=" + f.hang.String()},
		f.algorithm.Args()...)
	self, err := subprocess.Self(args...)
	if err != nil {
		return nil, err
	}
	log := subprocess.NewForwarder(os.Stderr)
	pool := subprocess.NewPool(subprocess.Command{Name: "the process of a run", Program: self, Log: log.Log("a run")}, "")
	h.Elsewhere = func(ctx context.Context, c hunt.Case) (scenario.Ran, error) {
		var a huntAnswer
		if err := pool.Do(ctx, c, &a, func() bool { return a.Hung }); err != nil {
			return scenario.Ran{}, err
		}
		if a.Error != "" {
			return scenario.Ran{}, errors.New(a.Error)
		}
		return a.Ran, nil
	}
	return func() {
		_ = pool.Close() // they have nothing more to say
		log.Close()
	}, nil
}

// HuntChild is the hidden command that makes the program a process for the runs of a hunt.
func HuntChild(c *console.App) *cobra.Command {
	a := &app{c}
	var f simRunFlags
	cmd := &cobra.Command{
		Use: huntChild + " FILE", Hidden: true, Args: cobra.ExactArgs(1),
		Short: "Do runs of a hunt, as standard input says",
		RunE: func(cmd *cobra.Command, args []string) error {
			out, h := a.Out, a.hunter(f, args[0])
			os.Stdout = os.Stderr // an algorithm that prints is not to be taken for an answer
			return subprocess.Serve(a.In, out, func([]byte) error { return nil }, func(line []byte) (any, error) {
				var c hunt.Case
				if err := json.Unmarshal(line, &c); err != nil {
					return nil, fmt.Errorf("a run of a hunt: %w", err)
				}
				ran, err := h.Run(cmd.Context(), c)
				if err != nil {
					return huntAnswer{Error: err.Error()}, nil
				}
				return huntAnswer{Ran: ran}, nil
			})
		},
	}
	fl := cmd.Flags()
	f.algorithm.Define(fl, "", algorithmHelp)
	fl.BoolVar(&f.shuffle, "shuffle", false, "as of sim")
	fl.BoolVar(&f.strict, "strict", false, "as of sim")
	console.HangFlag(fl, &f.hang)
	return cmd
}
