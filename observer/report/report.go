// Package report lets a node be seen by observers: one call, for programs that run nodes themselves. "ioverlay node
// --observer" and scenarios make it, too.
//
//	n := &Splitter{}
//	report.To(n, report.Options{Observers: []core.NodeID{observer}, Name: "splitter"})
//	node, err := eng.AddNode(n, engine.NodeOptions{})
package report

import (
	"fmt"
	"os"
	"runtime"
	"sync"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// Options say to whom a node reports, and what it says of itself.
type Options struct {
	// Observers are those that are told of the node and may ask for its status. The first gives it orders, the others look on.
	Observers []core.NodeID

	Name      string
	Group     string
	Algorithm string
	Place     *algos.Place
}

// To makes an algorithm report. It is called before the algorithm has a node. The error is that the algorithm does not
// embed algos.Base, which does the work. If nobody has set Base.Deploy, orders to deploy start the sources of package apps.
func To(alg core.Algorithm, o Options) error {
	b := algos.BaseOf(alg)
	if b == nil {
		return fmt.Errorf("report: %T does not embed algos.Base, which reports to observers and obeys them", alg)
	}
	if len(o.Observers) > 0 {
		b.Observer, b.Watchers = o.Observers[0], o.Observers[1:]
	}
	b.About = algos.About{Name: o.Name, Group: o.Group, Algorithm: o.Algorithm, Place: o.Place}
	b.Usage = usage
	if b.Deploy == nil {
		b.Deploy = func(app uint32, params []byte) {
			if err := apps.Deploy(b.Node, app, string(params)); err != nil {
				b.Tracef("deploy of application %d: %v", app, err)
			}
		}
	}
	return nil
}

//ioverlay:impure it says where the process is, and decides nothing
var host = sync.OnceValue(func() string {
	name, err := os.Hostname() //ioverlay:impure likewise
	if err != nil {
		return ""
	}
	return name
})

// usage is what this process has used. All nodes of the process share what was read last, so that thousands of them do not
// read the same thousands of times.
func usage() algos.StatusProcess {
	u := nodereport.Now()
	//ioverlay:impure it says how the process does, and decides nothing
	return algos.StatusProcess{PID: os.Getpid(), Host: host(), CPU: u.CPU, RSS: u.RSS, FDs: u.FDs, Goroutines: runtime.NumGoroutine()}
}
