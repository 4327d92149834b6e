package observer

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/observer/api"
)

// ctlRecord is "ctl record": recordings of what the observer shows, begun and ended while it runs.
func ctlRecord(a *console.App) *cobra.Command {
	var c clientFlags
	cmd := &cobra.Command{
		Use: "record start|stop|status", Short: "Begin or end a recording of what the observer shows, or ask how it goes",
		Long: `Begin or end a recording of what the observer shows, or ask how it goes. It is written where the observer runs, in the
file of its --record or --record-later; what is there already becomes an old file, as when the file is full.`,
		Example:   "  ioverlay ctl record start\n  ioverlay ctl record stop --format json",
		ValidArgs: []string{"start", "stop", "status"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
	}
	c.define(cmd.Flags())
	format := console.FormatFlag(cmd, console.FormatText, console.FormatJSON)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := console.CheckFormat(*format, console.FormatText, console.FormatJSON); err != nil {
			return err
		}
		const path = "/api/v1/recording"
		var is api.Recording
		var err error
		if args[0] == "status" {
			err = c.get(cmd.Context(), path, &is)
		} else {
			err = c.post(cmd.Context(), path, map[string]string{"action": args[0]}, &is)
		}
		if err != nil {
			return err
		}
		if *format == console.FormatJSON {
			return json.NewEncoder(a.Out).Encode(is)
		}
		_, err = fmt.Fprintln(a.Out, recordingText(&is))
		return err
	}
	return cmd
}

// recordingText says in a line how a recording goes.
func recordingText(is *api.Recording) string {
	if is.Begin == nil {
		return "nothing is recorded, and nothing was"
	}
	text := "nothing is recorded; the last recording, in " + is.File
	if is.Running {
		text = "recording in " + is.File
	}
	text += fmt.Sprintf(", began at %.1f s: %d bytes in this file", is.Begin.Seconds(), is.Bytes)
	if is.Filled > 0 {
		text += fmt.Sprintf(", %d full before it", is.Filled)
	}
	if is.Lost > 0 {
		text += fmt.Sprintf(", %d updates lost, because the disk was too slow", is.Lost)
	}
	if is.Error != "" {
		text += ", ended by itself: " + is.Error
	}
	return text
}
