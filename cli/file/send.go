package file

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/apps/file"
	"github.com/ioverlay/ioverlay/apps/file/disk"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/peer"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
)

type sendFlags struct {
	peer.Flags
	block     int
	rate      string
	perSecond emul.Rate
	quiet     time.Duration
	stay      bool
	giveUp    time.Duration
	receivers int
}

const sendHelp = `Send a file through an overlay: as its root, if the algorithm is a tree.

The command waits until somebody comes, for ever unless there is a --give-up. Then all blocks are sent once, and then, round after round, those that receivers say they lack, wherever they came late, lost something, or
were interrupted. The command ends when nobody has lacked anything for --quiet; with --receivers as soon as so many have all of it; with --stay
never. If it is interrupted, the same command line begins the same transfer again: receivers go on with what they have.

Exit codes: 0 nobody lacks anything, or the command was interrupted; 1 nobody has come, or fewer than --receivers have said that they have
all; 2 wrong usage; 3 it could not go on, for instance since the file has changed; 130 interrupted before anybody came.`

func send(a *console.App) *cobra.Command {
	f := sendFlags{Flags: peer.Flags{Coded: true}}
	cmd := &cobra.Command{
		Use:   "send FILE",
		Short: "Send a file",
		Long:  sendHelp,
		Example: `  ioverlay file send --listen 127.0.0.1:7000 image.iso
  ioverlay file send --listen 127.0.0.1:7000 --receivers 12 --quiet 10m image.iso
  ioverlay file send --listen 127.0.0.1:7000 --stay --rate 2MBps --report 5s image.iso
  ioverlay file send --listen 127.0.0.1:7000 --algorithm rlnc --downstream 127.0.0.1:7001 image.iso`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(a); err != nil {
				return err
			}
			return f.run(cmd.Context(), a, args[0])
		},
	}
	fl := cmd.Flags()
	fl.IntVar(&f.block, "block", 0, "bytes of a block, 64 to 262144; 0: 16384, or more if the file has more than 1 GiB")
	fl.StringVar(&f.rate, "rate", "", "send at most so much, such as 2MBps; as fast as the overlay takes it without")
	fl.DurationVar(&f.quiet, "quiet", file.DefaultQuiet, "end when for so long, since somebody came, nobody has lacked anything, or has said to have all")
	fl.BoolVar(&f.stay, "stay", false, "go on for ever once somebody has come: others may come any time")
	fl.DurationVar(&f.giveUp, "give-up", 0, "end when nobody has come for so long; 0: never")
	fl.IntVar(&f.receivers, "receivers", 0, "end as soon as so many receivers have all of it; 0: whoever they are")
	f.Define(fl, "file")
	return cmd
}

func (f *sendFlags) check(a *console.App) (err error) {
	switch {
	case f.block != 0 && (f.block < file.MinBlockLen || f.block > file.MaxBlockLen):
		return console.Between("block", f.block, file.MinBlockLen, file.MaxBlockLen)
	case f.quiet <= 0:
		return console.Usage("quiet", f.quiet.String(), "above 0")
	case f.giveUp < 0:
		return console.Usage("give-up", f.giveUp.String(), "0 or more")
	case f.stay && f.receivers > 0:
		return console.Usage("receivers", strconv.Itoa(f.receivers), "none with --stay, which goes on for ever")
	case f.receivers < 0 || f.receivers > file.MaxReceivers:
		return console.Between("receivers", f.receivers, 0, file.MaxReceivers)
	}
	if f.rate != "" {
		if f.perSecond, err = emul.ParseRate(f.rate); err != nil || f.perSecond <= 0 {
			return console.Usage("rate", f.rate, "a rate such as 2MBps")
		}
	}
	return f.Check(a.Registry)
}

func (f *sendFlags) run(ctx context.Context, a *console.App, path string) (err error) {
	r, err := f.describe(ctx, a, path)
	if err != nil {
		return err
	}
	if n := r.Manifest.MessageLen(); f.IsCoded(a.Registry) && n > file.MaxCodedLen {
		return errors.Join(console.Wrong("with blocks of %d bytes messages have %d, and %s carries at most %d: use a smaller --block", r.Manifest.BlockLen, n, f.Algorithm.Name, file.MaxCodedLen), r.Close())
	}
	done := make(chan error, 1)
	end := func(err error) {
		select {
		case done <- err:
		default: // it is known already
		}
	}
	src := file.NewSource(file.SourceOptions{
		App: f.App, Manifest: r.Manifest, Tree: r.Tree, Blocks: r, Rate: float64(f.perSecond),
		Quiet: f.quiet, Stay: f.stay, Wait: true, GiveUp: f.giveUp, Receivers: f.receivers, Ended: func() { end(nil) },
	})
	n, err := f.Start(a, func(alg core.Algorithm) core.Algorithm { return file.Beside(alg, src) })
	if err != nil {
		return errors.Join(err, r.Close())
	}
	fmt.Fprintf(a.Err, "transfer %v\n", src.ID())
	r.Start(n.Node, f.App)
	go func() {
		select {
		case e := <-r.Failed():
			end(e)
		case <-n.Done():
		}
	}()
	bar := a.Progress(r.Manifest.Blocks(), "sent")
	ended := false
	if err = n.Do(func(c *core.Node) { c.AddSource(f.App, src) }); err == nil {
		stop := watch(n.Node, func(*core.Node) {
			left, of := src.Left()
			bar.Set(max(r.Manifest.Blocks()-left, of-left))
			if err := n.Fault(); err != nil { // blocks do not get away
				end(err)
			}
		})
		say := func() error { return saySource(a.Err, f.Format, src) }
		ended, err = f.Work(ctx, n, done, func() (err error) { return errors.Join(n.Do(func(*core.Node) { err = say() }), err) })
		stop()
	}
	bar.Stop()
	err = errors.Join(err, n.Engine.Stop(context.WithoutCancel(ctx)), r.Close(), saySource(a.Err, f.Format, src))
	if err != nil {
		return err
	}
	return f.outcome(src, ended)
}

// outcome is what is wrong with how the source has ended, by itself or interrupted.
func (f *sendFlags) outcome(src *file.Source, ended bool) error {
	why := fmt.Sprintf("nobody has lacked anything for %v", f.quiet)
	if !src.Came() {
		why = fmt.Sprintf("nobody has come for %v", f.giveUp)
	}
	switch c := src.Counts(); {
	case !ended && !src.Came():
		return fmt.Errorf("%w: nobody has come", console.ErrInterrupted)
	case !ended:
		return nil
	case c.Whole < uint64(f.receivers):
		return fmt.Errorf("%w: %d of %d receivers have said that they have all, and %s", console.ErrMissed, c.Whole, f.receivers, why)
	case !src.Came():
		return fmt.Errorf("%w: %s", console.ErrMissed, why)
	}
	return nil
}

// describe reads the file once.
func (f *sendFlags) describe(ctx context.Context, a *console.App, path string) (*disk.Reader, error) {
	const steps = 1000
	bar := a.Progress(steps, "read")
	defer bar.Stop()
	r, err := disk.Describe(ctx, path, f.block, func(read, all int64) { bar.Set(int(read * steps / max(all, 1))) })
	if err != nil && ctx.Err() != nil {
		return nil, console.Interruption(err)
	}
	return r, err
}
