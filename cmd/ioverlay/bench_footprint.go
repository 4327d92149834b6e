package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
)

func (a *app) benchFootprint() *cobra.Command {
	s := bench.FootprintSpec{}
	format := ""
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
			if err := checkFormat(format, formatTable, formatJSON); err != nil {
				return err
			}
			if s.Connections < 1 {
				return &usageError{"connections", strconv.Itoa(s.Connections), "1 and up"}
			}
			if s.Buffer < 1 {
				return &usageError{"buffer", strconv.Itoa(s.Buffer), "1 and up"}
			}
			spin := a.spinner(s.Duration, "measuring")
			r, err := bench.Footprint(cmd.Context(), s)
			spin.stop()
			if err != nil {
				return err
			}
			if format == formatJSON {
				return json.NewEncoder(a.out).Encode(r)
			}
			_, err = fmt.Fprintf(a.out, "%d connections, %d-byte payloads, buffers of %d: %.0f KiB resident each, of which %.0f KiB in slabs, and %.0f KiB in the kernel (%d messages)\n",
				r.Connections, r.PayloadBytes, r.Buffer, r.UserBytes/1024, r.SlabBytes/1024, r.KernelBytes/1024, r.Messages)
			return err
		},
	}
	fl := cmd.Flags()
	fl.IntVar(&s.Connections, "connections", 100, "connections, all busy at once")
	fl.IntVar(&s.PayloadBytes, "payload", 5120, "payload bytes in a message")
	fl.IntVar(&s.Buffer, "buffer", 10, "messages a buffer")
	fl.BoolVar(&s.Full, "full", false, "receivers hold on to messages, so that every buffer is full: the worst case")
	fl.DurationVar(&s.Duration, "duration", 2*time.Second, "how long traffic flows before memory is read")
	fl.StringVar(&format, "format", formatTable, "how to print: table or json")
	return cmd
}
