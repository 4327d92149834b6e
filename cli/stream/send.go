package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/apps/stream"
	"github.com/ioverlay/ioverlay/apps/stream/endpoint"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/peer"
	"github.com/ioverlay/ioverlay/core"
)

type sendFlags struct {
	peer.Flags
	input   string
	packets int
	maxWait time.Duration
	linger  time.Duration
	repair  string
}

const sendHelp = `Take an MPEG transport stream and send it through an overlay: as its root, if the algorithm is a tree.

What comes over UDP and waits for longer than --max-wait, since the overlay takes less, is dropped, the oldest first, and counted;
receivers count it as lost. Standard input and HTTP are read only as fast as the overlay takes them: let a
file's own clock set the pace (ffmpeg -re). When the input ends, what is left is delivered, the end is told again for --linger, for
receivers that are between two parents then, and the command ends.

Exit codes: 0 the input has ended, or the command was interrupted; 1 media were dropped; 2 wrong usage; 3 it could not go on.`

func send(a *console.App) *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use:   "send",
		Short: "Send a stream",
		Long:  sendHelp,
		Example: `  ffmpeg -re -i film.mp4 -c copy -f mpegts - | ioverlay stream send --listen 127.0.0.1:7000
  ioverlay stream send --listen 127.0.0.1:7000 --input udp://127.0.0.1:5000 --repair 4/64
  ioverlay stream send --listen 127.0.0.1:7000 --input http://192.0.2.7/live.ts --report 5s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			repair, err := f.checkSend(a)
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), a, repair)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.input, "input", "-", "where the stream comes from: "+endpoint.InputHelp)
	fl.IntVar(&f.packets, "packets", 7, "transport packets of 188 bytes in a message, at most, 1 to 256")
	fl.DurationVar(&f.maxWait, "max-wait", 2*time.Second, "how long media may wait for the overlay before they are dropped")
	fl.DurationVar(&f.linger, "linger", stream.DefaultLinger, "for how long the end of the stream is told again; 0: it is told once")
	fl.StringVar(&f.repair, "repair", "", "against loss: EVERY/WINDOW, as 4/64 for a repair message after each 4 which covers the last 64; none without it")
	f.Define(fl, "stream")
	return cmd
}

func (f *sendFlags) checkSend(a *console.App) (r stream.Repair, err error) {
	switch {
	case f.packets < 1 || f.packets > 256:
		return r, console.Usage("packets", fmt.Sprint(f.packets), "1 to 256")
	case f.maxWait <= 0:
		return r, console.Usage("max-wait", f.maxWait.String(), "above 0")
	case f.linger < 0:
		return r, console.Usage("linger", f.linger.String(), "0 or more")
	}
	if r, err = readRepair(f.repair); err != nil {
		return r, err
	}
	return r, f.Check(a.Registry)
}

// readRepair reads the value of --repair.
func readRepair(text string) (r stream.Repair, err error) {
	if text == "" {
		return r, nil
	}
	every, window, _ := strings.Cut(text, "/")
	var err2 error
	r.Every, err = count(every)
	r.Window, err2 = count(window)
	if errors.Join(err, err2, r.Check()) != nil || r.Every == 0 {
		return r, console.Usage("repair", text, "EVERY/WINDOW such as 4/64, of 1 and up, the second no less than the first and at most 256")
	}
	return r, nil
}

func (f *sendFlags) run(ctx context.Context, a *console.App, repair stream.Repair) (err error) {
	in, err := endpoint.OpenInput(ctx, f.input, a.In)
	if err != nil {
		return named("input", f.input, err)
	}
	feed := endpoint.NewFeed(in, stream.SourceOptions{App: f.App, Packets: f.packets, MaxWait: f.maxWait, Repair: repair, Linger: orNone(f.linger)})
	n, err := f.Start(a, func(alg core.Algorithm) core.Algorithm { return alg })
	if err != nil {
		return errors.Join(err, in.Close())
	}
	if err := n.Do(func(c *core.Node) { c.AddSource(f.App, feed.Source) }); err != nil {
		return errors.Join(err, in.Close(), n.Engine.Stop(context.WithoutCancel(ctx)))
	}
	fed, feeding := make(chan error, 1), make(chan struct{})
	feedCtx, stop := context.WithCancel(ctx)
	go func() { defer close(feeding); fed <- feed.Run(feedCtx, n.Node) }()
	var c stream.SourceCounts
	read := func() error { return n.Do(func(*core.Node) { c = feed.Source.Counts() }) }
	_, err = f.Work(ctx, n, fed, func() error { return errors.Join(read(), saySource(a.Err, f.Format, c)) })
	stop()
	<-feeding
	_ = read() // if the node has ended, what was read last is what there is
	err = errors.Join(err, n.Engine.Stop(context.WithoutCancel(ctx)), saySource(a.Err, f.Format, c))
	if c.Dropped > 0 {
		err = errors.Join(err, fmt.Errorf("%w: %d media messages waited for too long and were dropped", console.ErrViolation, c.Dropped))
	}
	return err
}

// orNone is an option of which 0 stands for its default, of a flag whose 0 means none.
func orNone(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// named has the error of a name that is none come out as wrong usage.
func named(flag, value string, err error) error {
	if errors.Is(err, endpoint.ErrName) {
		return console.Wrong("--%s %q: %w", flag, value, err)
	}
	return err
}
