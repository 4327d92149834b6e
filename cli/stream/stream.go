// Package stream has the command "stream": live media through an overlay.
//
//	stream.go   the command, and what its parts share: a node of the overlay
//	send.go     a source
//	receive.go  a sink, which passes on what it gets too
//	report.go   what they say of themselves
//	demo.go     a test pattern through a tree of sixteen that loses a parent; film.go what ffmpeg does for it
package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/memory"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/observer/report"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
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

// nodeFlags are the flags of a node of the overlay.
type nodeFlags struct {
	listen, advertise      string
	contacts, downstreams  []string
	observers              []string
	name                   string
	app                    uint32
	algorithm              console.AlgorithmFlags
	memory                 string
	report                 time.Duration
	format                 string
	knownContacts, knownTo []core.NodeID
	knownObservers         []core.NodeID
	params                 spec.Params
}

func (f *nodeFlags) define(fl *pflag.FlagSet) {
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "address and port of the node; port 0 lets the system choose")
	fl.StringVar(&f.advertise, "advertise", "", "address that others reach, if it is not --listen")
	fl.StringArrayVar(&f.contacts, "contact", nil, "node of the overlay that this one knows when it starts, as address:port; may be given again")
	fl.StringArrayVar(&f.downstreams, "downstream", nil, "with an algorithm that wants it, as relay: node to send on to, as address:port; may be given again")
	fl.StringArrayVar(&f.observers, "observer", nil, "observer that is told of this node, as address:port; given again, more that look on")
	fl.StringVar(&f.name, "name", "", "name of the node, for observers")
	fl.Uint32Var(&f.app, "app", 1, "application (session) of the stream, from 1; the same at all nodes")
	f.algorithm.Define(fl, "tree", "how the stream spreads: an algorithm that passes data on, such as tree, plumtree, gossip or relay; the same at all nodes")
	fl.DurationVar(&f.report, "report", 0, "report at this interval; 0 means only at the end")
	fl.StringVar(&f.format, "format", "table", "how to report, on standard error: table or json")
	fl.StringVar(&f.memory, "memory", "", memory.Help)
}

// check finds what is wrong with the flags and says what is allowed.
func (f *nodeFlags) check(r *scenario.Registry) (err error) {
	for _, of := range []struct {
		flag  string
		texts []string
		to    *[]core.NodeID
	}{{"contact", f.contacts, &f.knownContacts}, {"downstream", f.downstreams, &f.knownTo}, {"observer", f.observers, &f.knownObservers}} {
		for _, text := range of.texts {
			id, err := core.ParseNodeID(text)
			if err != nil {
				return console.Usage(of.flag, text, "an IP address that a node can have and a port, like 127.0.0.1:7001 ("+err.Error()+")")
			}
			*of.to = append(*of.to, id)
		}
	}
	switch {
	case f.app == 0:
		return console.Usage("app", "0", "1 and up; 0 is the control lane")
	case f.report < 0:
		return console.Usage("report", f.report.String(), "0 or an interval")
	case len(r.Data(f.algorithm.Name)) > 0:
		return console.Usage("algorithm", f.algorithm.Name, "one that passes data messages on as they are, such as tree: this one carries them in another form")
	}
	if f.params, err = f.algorithm.Read(r); err != nil {
		return err
	}
	if _, err = memory.Read(f.memory); err != nil {
		return err
	}
	return console.CheckFormat(f.format, console.FormatTable, console.FormatJSON)
}

// node is a node of the overlay, at work.
type node struct {
	*engine.Node
	engine *engine.Engine
	base   *algos.Base // nil if the algorithm has none
}

// start starts the node. The algorithm goes through with.
func (f *nodeFlags) start(a *console.App, with func(core.Algorithm) core.Algorithm) (*node, error) {
	budget, err := memory.Budget(f.memory)
	if err != nil {
		return nil, err
	}
	alg, err := a.Registry.Make(f.algorithm.Name, scenario.Env{Name: f.name, Downstreams: f.knownTo, Contacts: f.knownContacts, Params: f.params})
	if err != nil {
		return nil, console.Wrong("%w", err)
	}
	n := &node{base: algos.BaseOf(alg)}
	if n.base != nil {
		for _, id := range f.knownContacts {
			n.base.AddHost(id)
		}
	}
	if len(f.knownObservers) > 0 {
		if err := report.To(alg, report.Options{Observers: f.knownObservers, Name: f.name, Algorithm: f.algorithm.Name}); err != nil {
			return nil, err
		}
	}
	log := slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if n.engine, err = engine.New(engine.Options{Loops: 1, Log: log, Pool: bufpool.Options{Budget: budget}, Epoch: engine.MachineEpoch}); err != nil {
		return nil, err
	}
	n.engine.AllUp() // whoever else there is, this node joins a world that has begun
	if n.Node, err = n.engine.AddNode(with(alg), engine.NodeOptions{Listen: f.listen, Advertise: f.advertise}); err != nil {
		n.engine.Close()
		return nil, err
	}
	fmt.Fprintf(a.Err, "node %v\n", n.ID())
	return n, nil
}

// work reports at the interval, until the context, the node or a channel ends. It says whether it was the channel.
func (f *nodeFlags) work(ctx context.Context, n *node, done <-chan error, say func() error) (ended bool, err error) {
	var tick <-chan time.Time
	if f.report > 0 {
		t := time.NewTicker(f.report)
		defer t.Stop()
		tick = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return false, nil
		case err := <-done:
			return true, err
		case <-tick:
			if err := say(); err != nil {
				return false, err
			}
		case <-n.Done():
			err := errors.New("the node has been terminated")
			if c := n.Crash(); c != nil {
				err = fmt.Errorf("the algorithm panicked: %v", c.Value)
			}
			return false, err
		}
	}
}

// count reads a number out of a text such as 4/64.
func count(text string) (int, error) { return strconv.Atoi(text) }
