// Package peer is what commands share that run a node of an overlay in which something spreads: its flags, its start, and its end.
package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

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

// Flags are the flags of a node of an overlay.
type Flags struct {
	App       uint32 // application (session)
	Algorithm console.AlgorithmFlags
	Report    time.Duration // interval of reports; 0: only at the end
	Format    string        // of reports
	// Coded is of what spreads as files do: algorithms may carry data in messages of their own, and there is a flag for whom such a one
	// takes them from.
	Coded bool
	// Take is handed what such an algorithm has put together.
	Take func(n *core.Node, maker core.NodeID, app uint32, payload []byte)

	listen, advertise                 string
	contacts, downstreams, upstreams  []string
	observers                         []string
	name                              string
	memory                            string
	knownContacts, knownTo, knownFrom []core.NodeID
	knownWatch                        []core.NodeID
	params                            spec.Params
}

// Define defines them. What is the thing that spreads, such as "stream".
func (f *Flags) Define(fl *pflag.FlagSet, what string) {
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "address and port of the node; port 0 lets the system choose")
	fl.StringVar(&f.advertise, "advertise", "", "address that others reach, if it is not --listen")
	fl.StringArrayVar(&f.contacts, "contact", nil, "node of the overlay that this one knows when it starts, as address:port; may be given again")
	fl.StringArrayVar(&f.downstreams, "downstream", nil, "with an algorithm that wants it, as relay: node to send on to, as address:port; may be given again")
	passesOn := "an algorithm that passes data on, such as tree, plumtree, gossip or relay"
	if f.Coded {
		fl.StringArrayVar(&f.upstreams, "upstream", nil, "with rlnc and rlnc-window: node to take from, as address:port; may be given again")
		passesOn += ", or rlnc and rlnc-window, which code them"
	}
	fl.StringArrayVar(&f.observers, "observer", nil, "observer that is told of this node, as address:port; given again, more that look on")
	fl.StringVar(&f.name, "name", "", "name of the node, for observers")
	fl.Uint32Var(&f.App, "app", 1, "application (session) of the "+what+", from 1; the same at all nodes")
	f.Algorithm.Define(fl, "tree", "how the "+what+" spreads: "+passesOn+"; the same at all nodes")
	fl.DurationVar(&f.Report, "report", 0, "report at this interval; 0 means only at the end")
	fl.StringVar(&f.Format, "format", "table", "how to report, on standard error: table or json")
	fl.StringVar(&f.memory, "memory", "", memory.Help)
}

// Check finds what is wrong with the flags and says what is allowed.
func (f *Flags) Check(r *scenario.Registry) (err error) {
	for _, of := range []struct {
		flag  string
		texts []string
		to    *[]core.NodeID
	}{{"contact", f.contacts, &f.knownContacts}, {"downstream", f.downstreams, &f.knownTo}, {"upstream", f.upstreams, &f.knownFrom}, {"observer", f.observers, &f.knownWatch}} {
		for _, text := range of.texts {
			id, err := core.ParseNodeID(text)
			if err != nil {
				return console.Usage(of.flag, text, "an IP address that a node can have and a port, like 127.0.0.1:7001 ("+err.Error()+")")
			}
			*of.to = append(*of.to, id)
		}
	}
	switch {
	case f.App == 0:
		return console.Usage("app", "0", "1 and up; 0 is the control lane")
	case f.Report < 0:
		return console.Usage("report", f.Report.String(), "0 or an interval")
	case f.IsCoded(r) && f.Coded && len(f.upstreams)+len(f.downstreams) == 0:
		return console.Usage("algorithm", f.Algorithm.Name, "with --upstream and --downstream: it finds no neighbours by itself")
	case f.IsCoded(r) && !f.Coded:
		return console.Usage("algorithm", f.Algorithm.Name, "one that passes data messages on as they are, such as tree: this one carries them in another form")
	}
	if f.params, err = f.Algorithm.Read(r); err != nil {
		return err
	}
	if _, err = memory.Read(f.memory); err != nil {
		return err
	}
	return console.CheckFormat(f.Format, console.FormatTable, console.FormatJSON)
}

// IsCoded reports whether the algorithm carries data in messages of its own.
func (f *Flags) IsCoded(r *scenario.Registry) bool { return len(r.Data(f.Algorithm.Name)) > 0 }

// Node is a node of an overlay, at work.
type Node struct {
	*engine.Node
	Engine *engine.Engine
	Base   *algos.Base // nil if the algorithm has none

	alg core.Algorithm
}

// Fault is what the algorithm says is wrong with itself, or nil. It must be called on the node's loop, or when that has ended.
func (n *Node) Fault() error {
	if of, says := n.alg.(scenario.Invariant); says {
		return of.Invariant()
	}
	return nil
}

// Hush waits until something has been idle for too long, and reports false if the node ends before. Idle is called on the node's loop, with the
// node's time.
func (n *Node) Hush(tooLong time.Duration, idle func(now time.Duration) time.Duration) bool {
	t := time.NewTicker(max(tooLong/8, time.Millisecond))
	defer t.Stop()
	for {
		select {
		case <-n.Done():
			return false
		case <-t.C:
		}
		is := time.Duration(0)
		if err := n.Do(func(c *core.Node) { is = idle(c.Now()) }); err != nil {
			return false // it has ended
		}
		if is >= tooLong {
			return true
		}
	}
}

// Start starts the node, and says on standard error where it is. The algorithm goes through with.
func (f *Flags) Start(a *console.App, with func(core.Algorithm) core.Algorithm) (*Node, error) {
	budget, err := memory.Budget(f.memory)
	if err != nil {
		return nil, err
	}
	alg, err := a.Registry.Make(f.Algorithm.Name, scenario.Env{
		Name: f.name, Downstreams: f.knownTo, Upstreams: f.knownFrom, Contacts: f.knownContacts, Params: f.params,
		Apps: []scenario.App{{ID: f.App, File: f.Coded}}, Take: f.Take,
	})
	if err != nil {
		return nil, console.Wrong("%w", err)
	}
	n := &Node{Base: algos.BaseOf(alg), alg: alg}
	if n.Base != nil {
		for _, id := range f.knownContacts {
			n.Base.AddHost(id)
		}
	}
	if len(f.knownWatch) > 0 {
		if err := report.To(alg, report.Options{Observers: f.knownWatch, Name: f.name, Algorithm: f.Algorithm.Name}); err != nil {
			return nil, err
		}
	}
	log := slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if n.Engine, err = engine.New(engine.Options{Loops: 1, Log: log, Pool: bufpool.Options{Budget: budget}, Epoch: engine.MachineEpoch}); err != nil {
		return nil, err
	}
	n.Engine.AllUp() // whoever else there is, this node joins a world that has begun
	if n.Node, err = n.Engine.AddNode(with(alg), engine.NodeOptions{Listen: f.listen, Advertise: f.advertise}); err != nil {
		n.Engine.Close()
		return nil, err
	}
	fmt.Fprintf(a.Err, "node %v\n", n.ID())
	return n, nil
}

// Work reports at the interval, until the context, the node or a channel ends. It says whether it was the channel.
func (f *Flags) Work(ctx context.Context, n *Node, done <-chan error, say func() error) (ended bool, err error) {
	var tick <-chan time.Time
	if f.Report > 0 {
		t := time.NewTicker(f.Report)
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
