package observer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/observer/replay"
	"github.com/ioverlay/ioverlay/record/recording"
)

// View is the command "view".
func View(a *console.App) *cobra.Command {
	var f HTTPFlags
	cmd := &cobra.Command{
		Use:   "view FILE [FILE]",
		Short: "Show a recording in a browser, or two of them",
		Long: `Show what "ioverlay run --record FILE" or "ioverlay sim --record FILE" has written on the page on which a
live overlay is shown, until it is interrupted. Nothing leaves this host: the page is served on a loopback address unless
--http says otherwise, and then whoever asks must show a token.

With two files, such as a run in virtual time and its live twin, the page shows both side by side by one clock, and how they
differ: nodes are matched by name, and what only one of the two has is said. The first is what all other views show.`,
		Example: `  ioverlay view run.rec
  ioverlay view virtual.rec live.rec --http 127.0.0.1:9000`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error { return view(cmd.Context(), a, f, args) },
	}
	f.Define(cmd.Flags())
	return cmd
}

func view(ctx context.Context, a *console.App, f HTTPFlags, names []string) (err error) {
	if err := f.Check(); err != nil {
		return err
	}
	f.ReadOnly = true // nothing can be told to what is over
	var all []*replay.Source
	var opened []func() error
	defer func() {
		for _, closing := range slices.Backward(opened) {
			err = errors.Join(err, closing())
		}
	}()
	for _, name := range names {
		src, closing, err := openSource(name, console.ReadVersion().Version)
		if err != nil {
			return err
		}
		opened, all = append(opened, closing), append(all, src)
	}
	options := api.Options{Page: page()}
	if len(all) == 2 {
		options.Twin = all[1]
		why, err := replay.Comparable(ctx, all[0], all[1])
		if err != nil {
			return err
		}
		if why != "" {
			fmt.Fprintf(a.Err, "the two have not the same nodes: %s; those of one name are compared\n", why)
		}
	}
	svc, err := api.Listen(all[0], f.Listening(options))
	if err != nil {
		return err
	}
	opened = append(opened, svc.Close)
	Tell(a.Out, svc)
	select {
	case <-ctx.Done():
		return console.ErrInterrupted
	case err := <-svc.Done():
		return err
	}
}

func openSource(name, version string) (*replay.Source, func() error, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("open the recording: %w", err)
	}
	info, err := file.Stat()
	if err == nil {
		var r *recording.Reader
		if r, err = recording.Open(file, info.Size()); err == nil {
			var src *replay.Source
			if src, err = replay.New(r, version); err == nil {
				return src, file.Close, nil
			}
		}
	}
	return nil, nil, errors.Join(fmt.Errorf("open the recording %s: %w", name, err), file.Close())
}
