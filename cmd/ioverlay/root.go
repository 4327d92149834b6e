package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The program's exit codes, which rootHelp documents.
const (
	exitOK          = 0
	exitViolation   = 1
	exitUsage       = 2
	exitFailed      = 3
	exitInterrupted = 130 // 128 + SIGINT, as shells report it
)

const rootHelp = `iOverlay: middleware for overlay algorithms (Li, Guo, Wang, Middleware 2004), in Go.

Exit codes:
  0    it worked
  1    it was done, and shows what should not be: messages lost, reordered or damaged,
       figures further off than allowed, two traces that differ, or an expectation of a
       scenario that did not hold
  2    wrong usage: an unknown command or flag, a value that is not allowed, or a mistake
       in a scenario file
  3    it could not be done: no sockets, no disk, a process that failed
  130  interrupted (Ctrl-C); what was measured until then is reported`

// Outcomes of a command that are not failures of doing it. An error that wraps neither means exitFailed, or exitUsage
// if it is a usageError or came before the command began.
var (
	errViolation   = errors.New("messages were lost, out of order or damaged")
	errMissed      = errors.New("what was measured is not what was asked for")
	errInterrupted = errors.New("interrupted")
)

// usageError says which flag has a value that is not allowed, and what is.
type usageError struct {
	flag, value, allowed string
}

func (e *usageError) Error() string {
	return fmt.Sprintf("--%s %q: allowed: %s", e.flag, e.value, e.allowed)
}

// streams are the standard input, output and error.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// app is what the commands share.
type app struct {
	streams
	args    []string // exactly as given, the program's name first
	started bool     // the command line was understood and its command began
}

// run executes one command line, the program's name first, and returns the exit code.
func run(args []string, s streams) int {
	// The first signal asks for an orderly end; once it has come the next one ends the program at once.
	ctx, stop := signal.NotifyContext(context.Background(), ending()...)
	defer stop()
	context.AfterFunc(ctx, stop)
	a := &app{streams: s, args: args}
	root := a.root()
	root.SetArgs(args[1:])
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	code := a.exitCode(err)
	if code == exitFailed && ctx.Err() != nil {
		err = interruption(err) // before there was anything to report
		code = a.exitCode(err)
	}
	words := fmt.Sprintf("ioverlay: %v\n", err)
	if code == exitUsage {
		words += fmt.Sprintf("See \"%s --help\".\n", command.CommandPath())
	}
	sayAtLast(s.err, words)
	return code
}

// ending are the signals that ask for an orderly end: a terminal that goes away asks
// like Ctrl-C, unless the program was started to outlive it (nohup).
func ending() []os.Signal {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "ioverlay",
		Short:             "Overlay middleware: run, measure and control nodes",
		Long:              rootHelp,
		Example:           "  ioverlay bench chain\n  ioverlay version --format json",
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		PersistentPreRun:  func(*cobra.Command, []string) { a.started = true },
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.AddCommand(a.run(), a.sim(), a.schema(), a.compare(), a.bench(), a.repro(), a.perf(), a.soak(), a.node(), a.trace(), a.version(),
		a.scenarioNode())
	root.SetHelpCommand(a.help())
	group(root)
	return root
}

func (a *app) exitCode(err error) int {
	var wrong *usageError
	var mistake *fileError
	var noCommand *unknownCommandError
	switch {
	case errors.As(err, &wrong) || errors.As(err, &mistake) || errors.As(err, &noCommand) || !a.started:
		return exitUsage
	case errors.Is(err, errViolation), errors.Is(err, errMissed), errors.Is(err, errDiffer), errors.Is(err, errExpectation):
		return exitViolation
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	default:
		return exitFailed
	}
}
