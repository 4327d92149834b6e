package file

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/apps/file"
	"github.com/ioverlay/ioverlay/apps/file/disk"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/peer"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

type receiveFlags struct {
	peer.Flags
	dir       string
	id        string
	only      file.ID
	overwrite bool
	stay      bool
	giveUp    time.Duration
	linger    time.Duration
}

const receiveHelp = `Join the overlay of a file, put the file into a directory, and pass it on.

While a file NAME is on its way it is called NAME.part, and NAME.part.state says what is in it. When all of it is there and it has the
SHA-256 that its source says, it gets its name. Whoever was interrupted, or killed, goes on with what is there: give the same command again. The
command ends --linger after the first file is there, so that others are not cut off and the source is told, or when nothing of a file that has begun
has come for --give-up; with --stay it takes all files, for ever.

Without --id any transfer of the application is taken: give it where strangers can send.

Exit codes: 0 the file is there; 1 the source fell silent before; 2 wrong usage; 3 it could not go on, or the file was refused; 130 interrupted before the file was there.`

func receive(a *console.App) *cobra.Command {
	f := receiveFlags{Flags: peer.Flags{Coded: true}}
	cmd := &cobra.Command{
		Use:   "receive",
		Short: "Receive a file, and pass it on",
		Long:  receiveHelp,
		Example: `  ioverlay file receive --contact 127.0.0.1:7000 --dir downloads
  ioverlay file receive --contact 127.0.0.1:7000 --id 6d80a06016dce8f16bc52a228137328d --report 5s --format json
  ioverlay file receive --algorithm rlnc --listen 127.0.0.1:7001 --upstream 127.0.0.1:7000 --downstream 127.0.0.1:7002`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if f.id != "" {
				if f.only, err = file.ParseID(f.id); err != nil {
					return console.Usage("id", f.id, "the 32 hex digits that the source says")
				}
			}
			switch {
			case f.dir == "":
				return console.Usage("dir", "", "a directory")
			case f.linger < 0:
				return console.Usage("linger", f.linger.String(), "0 or more")
			case f.giveUp < 0:
				return console.Usage("give-up", f.giveUp.String(), "0 or more")
			}
			if err := f.Check(a.Registry); err != nil {
				return err
			}
			return f.run(cmd.Context(), a)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "dir", ".", "directory for the file; it is made if it is not there")
	fl.StringVar(&f.id, "id", "", "take this transfer only, by the number that the source says")
	fl.BoolVar(&f.overwrite, "overwrite", false, "replace a file of the same name, and an unfinished one of another transfer")
	fl.BoolVar(&f.stay, "stay", false, "take all files that come, and go on for ever")
	fl.DurationVar(&f.giveUp, "give-up", 30*time.Second, "end when nothing of the file has come for so long, since it began: the source is gone; 0: never")
	fl.DurationVar(&f.linger, "linger", 10*time.Second, "how long to pass on after the file is there")
	f.Define(fl, "file")
	return cmd
}

func (f *receiveFlags) run(ctx context.Context, a *console.App) (err error) {
	dir, err := disk.OpenDir(f.dir, disk.Options{Replace: f.overwrite})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	end := func(err error) {
		select {
		case done <- err:
		default: // it is known already
		}
	}
	var refused []error // the node's loop
	sink := file.NewSink(file.SinkOptions{App: f.App, Only: f.only, Open: dir.Open, Done: func(t *file.Transfer, err error) {
		if err != nil {
			refused = append(refused, err)
		}
		if !f.stay {
			end(err)
		}
	}})
	f.Take = func(n *core.Node, maker core.NodeID, app uint32, payload []byte) {
		if app == f.App {
			sink.Take(n, maker, payload)
		}
	}
	n, err := f.Start(a, func(alg core.Algorithm) core.Algorithm { return file.Beside(alg, sink) })
	if err != nil {
		return errors.Join(err, dir.Close())
	}
	dir.Attach(n.Node)
	if n.Base != nil {
		err = n.Do(func(*core.Node) { n.Base.Join(f.App) })
	}
	if f.giveUp > 0 && !f.stay {
		go func() {
			if n.Hush(f.giveUp, sink.Idle) {
				end(fmt.Errorf("%w: nothing of the file has come for %v, and it is not whole", console.ErrViolation, f.giveUp))
			}
		}()
	}
	say := func() error { return saySink(a.Err, f.Format, n.ID().String(), dir, sink) }
	ended := false
	if err == nil {
		bar := a.Progress(barSteps, "received")
		stop := watch(n.Node, func(*core.Node) { show(bar, sink) })
		again := func() (err error) { return errors.Join(n.Do(func(*core.Node) { err = say() }), err) }
		if ended, err = f.Work(ctx, n, done, again); ended && err == nil {
			f.stayAWhile(ctx, n.Node)
		}
		stop()
		bar.Stop()
	}
	err = errors.Join(err, n.Engine.Stop(context.WithoutCancel(ctx)), dir.Close(), say())
	switch {
	case ended && err == nil:
		return nil
	case err != nil && !errors.Is(err, console.ErrViolation):
		return err
	case err == nil && f.stay && len(refused) > 0:
		return errors.Join(refused...)
	}
	for _, t := range sink.Transfers() {
		if _, part := dir.Path(t.Manifest()); !t.Whole() {
			fmt.Fprintf(a.Err, "%s has %d of %d blocks: the same command goes on with them\n", part, t.Have().Count(), t.Have().Len())
			if err == nil {
				err = console.ErrInterrupted
			}
		}
	}
	if len(sink.Transfers()) == 0 {
		return fmt.Errorf("%w: nothing has come", console.ErrInterrupted)
	}
	return err
}

// stayAWhile waits, for those who have the file from here.
func (f *receiveFlags) stayAWhile(ctx context.Context, n *engine.Node) {
	t := time.NewTimer(f.linger)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-n.Done():
	}
}

// barSteps is of how many steps a receiver's bar is: how many blocks there are it learns late.
const barSteps = 1000

// show moves the bar to the transfer that came last.
func show(bar *console.Progress, sink *file.Sink) {
	all := sink.Transfers()
	if len(all) == 0 {
		return
	}
	t := all[len(all)-1]
	bar.Say(t.Manifest().Name)
	bar.Set(t.Have().Count() * barSteps / max(t.Have().Len(), 1))
}

// watchEvery is how often bars move.
const watchEvery = 250 * time.Millisecond

// watch calls a function on the node's loop now and then, until it is stopped or the node ends.
func watch(n *engine.Node, fn func(*core.Node)) (stop func()) {
	quit, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				if n.Do(fn) != nil {
					return
				}
			}
		}
	}()
	return func() { close(quit); <-over }
}
