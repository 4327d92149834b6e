// Package file has the command "file": files through an overlay.
//
//	file.go     the command
//	send.go     a source
//	receive.go  a sink, which passes on what it gets too
//	report.go   what they say of themselves
package file

import (
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
)

// Command is the command "file".
func Command(a *console.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "file",
		Short: "Send a file through an overlay, and receive it",
		Long: `Bring a file from one node to many, as docs/files.md explains: each block is proven before it is written, what did not
come is asked for until it has, and whoever was interrupted goes on where it stopped.`,
		Example: `  # in one terminal the source, in others, or on other machines, receivers
  ioverlay file send --listen 127.0.0.1:7000 image.iso
  ioverlay file receive --contact 127.0.0.1:7000 --dir downloads`,
	}
	cmd.AddCommand(send(a), receive(a))
	return cmd
}
