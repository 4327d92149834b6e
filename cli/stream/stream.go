// Package stream has the command "stream": live media through an overlay.
//
//	stream.go   the command
//	send.go     a source
//	receive.go  a sink, which passes on what it gets too
//	report.go   what they say of themselves
//	demo.go     a test pattern through a tree of sixteen that loses a parent; film.go what ffmpeg does for it
package stream

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
)

// Command is the command "stream".
func Command(a *console.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stream",
		Short: "Send live media through an overlay, and receive them",
		Long: `Carry an MPEG transport stream (MPEG-TS) from one node to many, as docs/streaming.md explains: "send" takes it
over UDP, over HTTP or on standard input, and "receive" gives it out over HTTP, over UDP or on standard output, and
passes it on to others. "demo" shows it with ffmpeg: sixteen nodes, of which one fails.`,
		Example: `  # in one terminal the source, in others receivers, each with a player
  ffmpeg -re -i film.mp4 -c copy -f mpegts - | ioverlay stream send --listen 127.0.0.1:7000
  ioverlay stream receive --contact 127.0.0.1:7000 --output http://127.0.0.1:8081/
  ffplay http://127.0.0.1:8081/`,
	}
	cmd.AddCommand(send(a), receive(a), demo(a))
	return cmd
}

// count reads a number out of a text such as 4/64.
func count(text string) (int, error) { return strconv.Atoi(text) }
