package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/ioverlay/ioverlay/algos/tree"
	"github.com/ioverlay/ioverlay/apps/stream"
	"github.com/ioverlay/ioverlay/apps/stream/endpoint"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

const (
	demoNodes   = 16
	demoApp     = 1
	demoLatency = 15 * time.Millisecond
	// growPatience is how long a tree may take that takes a second on a machine with time.
	growPatience = 2 * time.Minute
)

// grove is the demo's tree.
type grove struct {
	engine *engine.Engine
	nodes  []*leaf // the first is the root
	killed *leaf
}

// leaf is a node of it, with what it plays.
type leaf struct {
	*engine.Node
	name   string
	tree   *tree.Tree
	sink   *stream.Sink
	ended  chan struct{}
	outs   []*endpoint.Output
	file   *os.File // nil at the root
	orphan bool
}

func newGrove(f *demoFlags) (g *grove, err error) {
	g = &grove{}
	if g.engine, err = engine.New(engine.Options{ExpectNodes: demoNodes}); err != nil {
		return nil, err
	}
	for i := range demoNodes {
		l, err := g.plant(f, i)
		if err != nil {
			return nil, errors.Join(err, g.close())
		}
		g.nodes = append(g.nodes, l)
	}
	g.engine.AllUp()
	return g, nil
}

// plant adds a node. The bandwidths that the tree reckons with are from 100 to 350 KBps.
func (g *grove) plant(f *demoFlags, i int) (l *leaf, err error) {
	l = &leaf{name: fmt.Sprintf("n%02d", i), tree: tree.New(tree.NodeStress), ended: make(chan struct{})}
	l.tree.Bandwidth = float64(100_000 + 50_000*((i*7)%6))
	for _, other := range g.nodes {
		l.tree.AddHost(other.ID())
	}
	alg := core.Algorithm(l.tree)
	if i == 0 {
		l.tree.Roots = []uint32{demoApp}
	} else {
		if l.file, err = os.Create(filepath.Join(f.out, l.name+".ts")); err != nil {
			return nil, fmt.Errorf("make a film's file: %w", err)
		}
		o, err := endpoint.OpenOutput("-", l.file)
		if err != nil {
			return nil, errors.Join(err, l.file.Close())
		}
		l.outs = append(l.outs, o)
		if f.watch != "" && i == demoNodes-1 {
			if o, err = endpoint.OpenOutput("http://"+f.watch+"/", nil); err != nil {
				return nil, errors.Join(named("watch", f.watch, err), l.close())
			}
			l.outs = append(l.outs, o)
		}
		over := false
		l.sink = stream.NewSink(stream.SinkOptions{App: demoApp, Delay: f.delay, Out: l.write, Ended: func() {
			if !over {
				over = true
				close(l.ended)
			}
		}})
		alg = stream.Beside(alg, l.sink)
	}
	if l.Node, err = g.engine.AddNode(alg, engine.NodeOptions{}); err != nil {
		return nil, errors.Join(err, l.close())
	}
	err = l.Do(func(n *core.Node) { n.SetDefaultLink(emul.Link{Latency: demoLatency}) })
	return l, err
}

func (l *leaf) write(packets []byte) {
	for _, o := range l.outs {
		o.Write(packets)
	}
}

// close ends what the node writes to.
func (l *leaf) close() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), outputPatience)
	defer cancel()
	for _, o := range l.outs {
		err = errors.Join(err, o.Close(ctx))
		select {
		case e := <-o.Failed():
			err = errors.Join(err, e)
		default:
		}
	}
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	l.outs, l.file = nil, nil
	return err
}

// grow has the nodes join one after another, and waits until all are in the tree.
func (g *grove) grow(ctx context.Context) error {
	for _, l := range g.nodes[1:] {
		if err := l.Do(func(*core.Node) { l.tree.Join(demoApp) }); err != nil {
			return err
		}
		if err := eventually(ctx, growPatience, l.name+" is in no tree", func() (bool, error) {
			in := false
			err := l.Do(func(*core.Node) { in = l.tree.InTree(demoApp) })
			return in, err
		}); err != nil {
			return err
		}
	}
	return nil
}

// eventually waits until something holds.
func eventually(ctx context.Context, patience time.Duration, otherwise string, holds func() (bool, error)) error {
	for begin := time.Now(); ; wait(ctx, 20*time.Millisecond) {
		ok, err := holds()
		switch {
		case err != nil:
			return err
		case ok:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case time.Since(begin) > patience:
			return fmt.Errorf("after %v %s", patience, otherwise)
		}
	}
}

// kill ends the inner node with the most children, as if its process were killed.
func (g *grove) kill() (name string, orphans int, err error) {
	var most []core.NodeID
	for _, l := range g.nodes[1:] {
		var children []core.NodeID
		if err := l.Do(func(*core.Node) { children = l.tree.Children(demoApp) }); err != nil {
			return "", 0, err
		}
		if len(children) > len(most) {
			most, g.killed = children, l
		}
	}
	if g.killed == nil {
		return "", 0, errors.New("the tree has no inner node that could be killed")
	}
	for _, id := range most {
		g.byID(id).orphan = true
	}
	g.killed.Kill()
	return g.killed.name, len(most), nil
}

func (g *grove) byID(id core.NodeID) *leaf {
	for _, l := range g.nodes {
		if l.ID() == id {
			return l
		}
	}
	return &leaf{name: "-"}
}

// watchEnd waits until all that are left have played the film to its end.
func (g *grove) watchEnd(ctx context.Context) error {
	patience := time.NewTimer(growPatience)
	defer patience.Stop()
	for _, l := range g.nodes[1:] {
		if l == g.killed {
			continue
		}
		select {
		case <-l.ended:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-patience.C:
			return nil // the report says who has not
		}
	}
	return nil
}

// report fills in what is known of the nodes.
func (g *grove) report(r *demoReport) error {
	for _, l := range g.nodes[1:] {
		if l == g.killed {
			continue
		}
		n := demoNode{Name: l.name, File: l.name + ".ts", Orphan: l.orphan}
		if err := l.Do(func(*core.Node) {
			n.Parent, n.Children, n.Sink = g.byID(l.tree.Parent(demoApp)).name, len(l.tree.Children(demoApp)), l.sink.Counts()
		}); err != nil {
			return err
		}
		for _, o := range l.outs {
			n.Unread += o.Dropped()
		}
		r.Nodes = append(r.Nodes, n)
	}
	return nil
}

// close ends the nodes, and then what they write to.
func (g *grove) close() error {
	err := g.engine.Stop(context.Background())
	for _, l := range g.nodes {
		err = errors.Join(err, l.close())
	}
	return err
}

// table writes the report for people.
func (r *demoReport) table(to io.Writer) error {
	fmt.Fprintf(to, "%d s of film, %d media and %d repair messages; %s with %d children was killed midway.\n\n",
		r.Seconds, r.Source.Media, r.Source.Repair, r.Killed, r.Orphans)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "node\tparent\tchildren\torphan\tplayed\tlost\tlate\trepaired\tsilence ms\tgap ms\tdelay ms\tmost\tvideo\taltered\tsound\taltered\t")
	for _, n := range r.Nodes {
		orphan := ""
		if n.Orphan {
			orphan = "yes"
		}
		c := n.Sink
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\t%d\t%d\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%d of %d\t%d\t%d of %d\t%d\t\n", n.Name, n.Parent, n.Children, orphan,
			c.Played, c.Lost, c.Late, c.Repaired, ms(time.Duration(c.Silence)), ms(time.Duration(c.MaxGap)), ms(meanDelay(c)), ms(time.Duration(c.MaxDelay)),
			n.Video.Whole, n.Video.All, n.Video.Altered, n.Audio.Whole, n.Audio.All, n.Audio.Altered)
	}
	return w.Flush()
}
