package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/console"
)

func (a *app) benchFootprint() *cobra.Command {
	s := bench.FootprintSpec{}
	o := outputs{}
	cmd := &cobra.Command{
		Use:   "footprint",
		Short: "Measure the memory of an active connection",
		Long: `Open connections with small buffers and back-to-back traffic, and measure what each
takes: resident memory of this process for both ends and both nodes, and socket memory
of the kernel (of the whole machine: nothing else may use TCP meanwhile).
The paper's section 2.2 says 4 MB with 5 KB messages and buffers of 10.`,
		Example: `  ioverlay bench footprint --connections 100 --payload 5120 --buffer 10
  ioverlay bench footprint --full`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if s.Connections < 1 {
				return console.Usage("connections", strconv.Itoa(s.Connections), "1 and up")
			}
			if s.Buffer < 1 {
				return console.Usage("buffer", strconv.Itoa(s.Buffer), "1 and up")
			}
			return a.runBenchFootprint(cmd.Context(), s, o)
		},
	}
	fl := cmd.Flags()
	fl.IntVar(&s.Connections, "connections", 100, "connections, all busy at once")
	fl.IntVar(&s.PayloadBytes, "payload", 5120, "payload bytes in a message")
	fl.IntVar(&s.Buffer, "buffer", 10, "messages a buffer")
	fl.BoolVar(&s.Full, "full", false, "receivers hold on to messages, so that every buffer is full: the worst case")
	fl.DurationVar(&s.Duration, "duration", 2*time.Second, "how long traffic flows before memory is read")
	o.define(fl, resultsName)
	return cmd
}

// runBenchFootprint measures. Ctrl-C ends the measuring early: what the connections take by then is measured all the
// same.
func (a *app) runBenchFootprint(ctx context.Context, s bench.FootprintSpec, o outputs) error {
	m, err := a.begin(ctx, o)
	if err != nil {
		return err
	}
	bar := a.Elapsing(s.Duration, "measuring")
	r, err := bench.Footprint(ctx, s)
	bar.Stop()
	err = m.finish(err, func() error {
		if r.Connections == 0 {
			return nil
		}
		if err := m.record(r); err != nil {
			return err
		}
		return m.table(func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%d connections, %d-byte payloads, buffers of %d: %.0f KiB resident each, of which %.0f KiB in slabs, and %.0f KiB in the kernel (%d messages)\n",
				r.Connections, r.PayloadBytes, r.Buffer, r.UserBytes/1024, r.SlabBytes/1024, r.KernelBytes/1024, r.Messages)
			return err
		})
	})
	if err == nil && r.Interrupted {
		err = console.ErrInterrupted
	}
	return err
}
