package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/apps/stream"
	"github.com/ioverlay/ioverlay/apps/stream/endpoint"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/memory"
	"github.com/ioverlay/ioverlay/core"
)

type demoFlags struct {
	tools   tools
	out     string
	seconds int
	delay   time.Duration
	repair  string
	watch   string
	format  string
}

const demoHelp = `Encode a test pattern with a tone (ffmpeg), send it through a tree of sixteen nodes in this process, with links
over TCP of 15 ms, and kill the inner node with the most children midway. Every node writes what it plays to a file in --out. At the end
ffprobe and the hashes of all encoded frames say what arrived.

For each node: its parent at the end; the messages that it played and lost; the longest silence, which is how long the tree took to mend
where that is felt; the longest gap in what was played; the delay from source to playing; and the frames of video and sound that arrived as
they were, of all that were encoded, and those that were altered.

Exit codes: 0 every node but the killed one received the film to its end; 1 one did not; 2 wrong usage; 3 it could not go on.`

func demo(a *console.App) *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Show a stream through a tree of sixteen nodes that loses one (needs ffmpeg)",
		Long:    demoHelp,
		Example: "  ioverlay stream demo\n  ioverlay stream demo --watch 127.0.0.1:8081 --seconds 120   # and: ffplay http://127.0.0.1:8081/\n  ioverlay stream demo --delay 100ms --repair 4/64 --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			repair, err := f.check()
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), a, repair)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "stream-demo", "folder for the films and the report, which are replaced")
	fl.IntVar(&f.seconds, "seconds", 20, "how long the film is, from 4 to 3600")
	fl.DurationVar(&f.delay, "delay", time.Second, "of playing, at each node")
	fl.StringVar(&f.repair, "repair", "", "against loss: EVERY/WINDOW, as 4/64; none without it")
	fl.StringVar(&f.watch, "watch", "", "serve what the last node plays at this address, such as 127.0.0.1:8081, for a player")
	fl.StringVar(&f.tools.ffmpeg, "ffmpeg", "ffmpeg", "the program")
	fl.StringVar(&f.tools.ffprobe, "ffprobe", "ffprobe", "the program")
	fl.StringVar(&f.format, "format", "table", "how to report: table or json")
	return cmd
}

func (f *demoFlags) check() (r stream.Repair, err error) {
	switch {
	case f.seconds < 4 || f.seconds > 3600:
		return r, console.Usage("seconds", fmt.Sprint(f.seconds), "4 to 3600")
	case f.delay <= 0:
		return r, console.Usage("delay", f.delay.String(), "above 0")
	case f.out == "":
		return r, console.Usage("out", "", "a folder")
	}
	if err := console.CheckFormat(f.format, console.FormatTable, console.FormatJSON); err != nil {
		return r, err
	}
	return readRepair(f.repair)
}

func (f *demoFlags) run(ctx context.Context, a *console.App, repair stream.Repair) error {
	if err := memory.Fits(); err != nil {
		return err
	}
	if err := f.tools.find(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return fmt.Errorf("make the folder for films: %w", err)
	}
	g, err := newGrove(f)
	if err != nil {
		return err
	}
	r, err := f.show(ctx, a, g, repair)
	if err = errors.Join(err, g.close()); err != nil {
		if ctx.Err() != nil {
			return console.Interruption(err)
		}
		return err
	}
	if err := f.judge(ctx, a, r); err != nil {
		return err
	}
	return f.tell(a, r)
}

// show sends the film through the grove, and takes a node away midway.
func (f *demoFlags) show(ctx context.Context, a *console.App, g *grove, repair stream.Repair) (*demoReport, error) {
	bar := a.Elapsing(time.Duration(f.seconds)*time.Second, "film")
	defer bar.Stop()
	if err := g.grow(ctx); err != nil {
		return nil, err
	}
	in, err := endpoint.OpenInput(ctx, "udp://127.0.0.1:0", nil)
	if err != nil {
		return nil, err
	}
	feed := endpoint.NewFeed(in, stream.SourceOptions{App: demoApp, Repair: repair, MaxWait: demoMaxWait})
	root := g.nodes[0]
	if err := root.Do(func(c *core.Node) { c.AddSource(demoApp, feed.Source) }); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	feedCtx, over := context.WithCancel(ctx)
	defer over()
	fed, filmed := make(chan error, 1), make(chan error, 1)
	go func() { fed <- feed.Run(feedCtx, root.Node) }()
	go func() { filmed <- f.tools.film(feedCtx, f.seconds, in.Addr().String(), f.reference()) }()

	half := time.NewTimer(time.Duration(f.seconds) * time.Second / 2)
	defer half.Stop()
	r := &demoReport{Seconds: f.seconds, DelayS: f.delay.Seconds(), Repair: f.repair}
	for {
		select {
		case <-half.C:
			if r.Killed, r.Orphans, err = g.kill(); err != nil {
				return nil, err
			}
		case err := <-filmed:
			if err != nil {
				return nil, err
			}
			wait(ctx, datagramWait)
			over()
			err = <-fed
			if errors.Is(err, context.Canceled) {
				err = nil
			}
			return r, errors.Join(err, g.watchEnd(ctx), g.report(r), root.Do(func(*core.Node) { r.Source = feed.Source.Counts() }))
		}
	}
}

// demoMaxWait is long, so that a machine with no time shows the tree's failure and not its own.
const demoMaxWait = time.Minute

// datagramWait is for what is still on its way between ffmpeg and the source, on one machine.
const datagramWait = 500 * time.Millisecond

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (f *demoFlags) reference() string { return filepath.Join(f.out, "reference.ts") }

// demoReport is what the demo has found.
type demoReport struct {
	Seconds int                 `json:"seconds"`
	DelayS  float64             `json:"delay_s"`
	Repair  string              `json:"repair,omitempty"`
	Killed  string              `json:"killed"`  // the node
	Orphans int                 `json:"orphans"` // its children
	Source  stream.SourceCounts `json:"source"`
	Nodes   []demoNode          `json:"nodes"`
}

// demoNode is of one node.
type demoNode struct {
	Name     string            `json:"name"`
	Parent   string            `json:"parent"`
	Children int               `json:"children"`
	Orphan   bool              `json:"orphan"` // the killed node was its parent
	File     string            `json:"file"`
	Sink     stream.SinkCounts `json:"sink"`
	Decoded  map[string]int    `json:"decoded"` // frames, by kind, as ffprobe counts them
	Video    arrival           `json:"video"`
	Audio    arrival           `json:"audio"`
	Unread   uint64            `json:"unread"` // transport packets played and not written
}

// arrival is how many encoded frames arrived as they were, of all, and how many did that are none of them.
type arrival struct {
	Whole   int `json:"whole"`
	Altered int `json:"altered"`
	All     int `json:"all"`
}

// judge compares what was written with what was encoded.
func (f *demoFlags) judge(ctx context.Context, a *console.App, r *demoReport) error {
	bar := a.Steps(len(r.Nodes), "frames")
	defer bar.Stop()
	reference, err := f.tools.read(ctx, f.reference())
	if err != nil {
		return err
	}
	for i := range r.Nodes {
		n := &r.Nodes[i]
		got, err := f.tools.read(ctx, filepath.Join(f.out, n.File))
		if err != nil {
			return err
		}
		if n.Decoded, err = f.tools.probe(ctx, filepath.Join(f.out, n.File)); err != nil {
			return err
		}
		n.Video.Whole, n.Video.Altered, n.Video.All = reference.arrived(got, "0")
		n.Audio.Whole, n.Audio.Altered, n.Audio.All = reference.arrived(got, "1")
		bar.Add(1)
	}
	return nil
}

// tell writes the report.
func (f *demoFlags) tell(a *console.App, r *demoReport) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	text = append(text, '\n')
	if err := os.WriteFile(filepath.Join(f.out, "report.json"), text, 0o644); err != nil {
		return err
	}
	if f.format == console.FormatJSON {
		_, err = a.Out.Write(text)
	} else {
		err = r.table(a.Out)
	}
	var without []string
	for _, n := range r.Nodes {
		if n.Video.Whole == 0 || n.Audio.Whole == 0 || n.Sink.Played == 0 || !n.atEnd(r) {
			without = append(without, n.Name)
		}
	}
	if len(without) > 0 {
		err = errors.Join(err, fmt.Errorf("%w: not to its end at %v", console.ErrViolation, without))
	}
	return err
}

// atEnd reports whether a node has accounted for the film to its end, and has most of it.
func (n *demoNode) atEnd(r *demoReport) bool {
	return n.Sink.Played+n.Sink.Lost >= r.Source.Media*9/10 && n.Sink.Played > r.Source.Media/2
}
