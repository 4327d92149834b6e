package console

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Execute executes the program's command line on the tree below root and returns the exit code.
func (a *App) Execute(root *cobra.Command) int {
	// The first signal asks for an orderly end; once it has come the next one ends the program at once.
	ctx, stop := signal.NotifyContext(context.Background(), ending()...)
	defer stop()
	context.AfterFunc(ctx, stop)
	root.SetArgs(a.Args[1:])
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitOK
	}
	code := a.ExitCode(err)
	if code == ExitFailed && ctx.Err() != nil {
		err = Interruption(err) // before there was anything to report
		code = a.ExitCode(err)
	}
	words := fmt.Sprintf("%s: %v\n", a.Name, err)
	if code == ExitUsage {
		words += fmt.Sprintf("See \"%s --help\".\n", command.CommandPath())
	}
	sayAtLast(a.Err, words)
	return code
}

// Root makes a command the root of the program's tree: it gets the other commands, and all of them the program's
// streams, and tell of words that name none of them.
func (a *App) Root(root *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions = cobra.CompletionOptions{HiddenDefaultCmd: true}
	root.PersistentPreRun = func(*cobra.Command, []string) { a.Started = true }
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: a.Command}
	root.AddCommand(commands...)
	explain := help()
	root.SetHelpCommand(explain)
	root.AddCommand(explain) // now, and not when it is executed, so that it is like the others
	group(root)
	rename(root, a.Command)
	return root
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

// lastWordsPatience is how long the end of a process waits for somebody who reads its last words: long for a disk,
// short for a person.
const lastWordsPatience = time.Second

// sayAtLast writes a process's last words. If nobody reads them, it goes without: the
// exit code is left.
func sayAtLast(to io.Writer, text string) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		_, _ = io.WriteString(to, text) // there is nobody else to tell
	}()
	patience := time.NewTimer(lastWordsPatience)
	defer patience.Stop()
	select {
	case <-said:
	case <-patience.C:
	}
}
