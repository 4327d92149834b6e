package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/apps/stream"
	"github.com/ioverlay/ioverlay/apps/stream/endpoint"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/peer"
	"github.com/ioverlay/ioverlay/core"
)

type receiveFlags struct {
	peer.Flags
	output string
	delay  time.Duration
	giveUp time.Duration
	stay   bool
}

const receiveHelp = `Join the overlay of a stream, play it a stated delay after it could have come at the earliest, and pass it on.

Without --output the node only passes on. What does not come within --delay is lost, what comes later is late, and both are
counted; after a gap each picture and sound begins whole. Over HTTP there may be many viewers; what one of them, or the reader
of standard output, has no time for is dropped and counted. The command ends when the stream has, or when nothing has come of it for
--give-up, unless it is to --stay.

Exit codes: 0 the stream has ended, or the command was interrupted; 1 media were lost, or its end; 2 wrong usage; 3 it could not go on.`

func receive(a *console.App) *cobra.Command {
	var f receiveFlags
	cmd := &cobra.Command{
		Use:   "receive",
		Short: "Receive a stream, and pass it on",
		Long:  receiveHelp,
		Example: `  ioverlay stream receive --contact 127.0.0.1:7000 --output http://127.0.0.1:8081/
  ioverlay stream receive --contact 127.0.0.1:7000 --output - --delay 3s | ffplay -
  ioverlay stream receive --contact 127.0.0.1:7000 --output udp://127.0.0.1:5001 --report 5s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.delay < 0 {
				return console.Usage("delay", f.delay.String(), "0 or more")
			}
			if f.giveUp < 0 {
				return console.Usage("give-up", f.giveUp.String(), "0 or more")
			}
			if err := f.Check(a.Registry); err != nil {
				return err
			}
			return f.run(cmd.Context(), a)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.output, "output", "", "where the stream goes to: "+endpoint.OutputHelp)
	fl.DurationVar(&f.delay, "delay", time.Second, "between when media could have come at the earliest and when they are played: longer than the tree needs to mend, and none of a gap is seen")
	fl.DurationVar(&f.giveUp, "give-up", 30*time.Second, "end when no media have come for so long, and the end has not come either: the source is gone; 0: never")
	fl.BoolVar(&f.stay, "stay", false, "go on when the stream has ended: its source may begin anew")
	f.Define(fl, "stream")
	return cmd
}

func (f *receiveFlags) run(ctx context.Context, a *console.App) (err error) {
	var out *endpoint.Output
	opt := stream.SinkOptions{App: f.App, Delay: orNone(f.delay)}
	if f.output != "" {
		if out, err = endpoint.OpenOutput(f.output, a.Out); err != nil {
			return named("output", f.output, err)
		}
		opt.Out = out.Write
		if at := out.Addr(); at != nil {
			fmt.Fprintf(a.Err, "media at %v\n", at)
		}
	}
	done := make(chan error, 1)
	end := func(err error) {
		select {
		case done <- err:
		default: // it is known already
		}
	}
	if !f.stay {
		opt.Ended = func() { end(nil) }
	}
	sink := stream.NewSink(opt)
	n, err := f.Start(a, func(alg core.Algorithm) core.Algorithm { return stream.Beside(alg, sink) })
	if err != nil {
		return errors.Join(err, closeOutput(ctx, out))
	}
	if n.Base != nil {
		err = n.Do(func(*core.Node) { n.Base.Join(f.App) })
	}
	if out != nil {
		go func() {
			select {
			case e := <-out.Failed():
				end(e)
			case <-n.Done():
			}
		}()
	}
	if f.giveUp > 0 && !f.stay {
		go func() {
			if n.Hush(f.giveUp, sink.Idle) {
				end(fmt.Errorf("%w: no media have come for %v, and the end of the stream neither", console.ErrViolation, f.giveUp))
			}
		}()
	}
	var c stream.SinkCounts
	read := func() error { return n.Do(func(*core.Node) { c = sink.Counts() }) }
	say := func() error { return saySink(a.Err, f.Format, n, c, out) }
	if err == nil {
		_, err = f.Work(ctx, n, done, func() error { return errors.Join(read(), say()) })
	}
	err = errors.Join(err, n.Engine.Stop(context.WithoutCancel(ctx)))
	c = sink.Counts() // the loop has ended: nobody else touches it
	err = errors.Join(err, closeOutput(ctx, out), say())
	if c.Lost+c.Bad+c.Damaged > 0 || out != nil && out.Dropped() > 0 {
		err = errors.Join(err, fmt.Errorf("%w: %d lost, %d of no sense", console.ErrViolation, c.Lost, c.Bad+c.Damaged))
	}
	return err
}

// outputPatience is how long a reader may take for what is left for it.
const outputPatience = 5 * time.Second

func closeOutput(ctx context.Context, out *endpoint.Output) error {
	if out == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outputPatience)
	defer cancel()
	return out.Close(ctx)
}
