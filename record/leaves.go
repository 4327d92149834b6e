package record

import "strings"

// A leaf is one field of a T (a node, a link, what is of one application): its path in JSON and where it is kept.
// The members of an object stand together.
type leaf[T any] struct {
	path string
	of   func(*T) slot
}

var nodeLeaves = []leaf[Node]{
	{"id", func(n *Node) slot { return &n.ID }},
	{"name", func(n *Node) slot { return &n.Name }},
	{"group", func(n *Node) slot { return &n.Group }},
	{"algorithm", func(n *Node) slot { return &n.Algorithm }},
	{"place.lat", func(n *Node) slot { return &n.Place.Lat }},
	{"place.lon", func(n *Node) slot { return &n.Place.Lon }},
	{"place.label", func(n *Node) slot { return &n.Place.Label }},
	{"up", func(n *Node) slot { return &n.Up }},
	{"since", func(n *Node) slot { return &n.Since }},
	{"caps.total", func(n *Node) slot { return &n.Caps.Total }},
	{"caps.up", func(n *Node) slot { return &n.Caps.Up }},
	{"caps.down", func(n *Node) slot { return &n.Caps.Down }},
	{"in", func(n *Node) slot { return &n.In }},
	{"out", func(n *Node) slot { return &n.Out }},
	{"lost.out", func(n *Node) slot { return &n.Lost.Out }},
	{"lost.in", func(n *Node) slot { return &n.Lost.In }},
	{"held", func(n *Node) slot { return &n.Held }},
	{"queued.msgs", func(n *Node) slot { return &n.Queued.Msgs }},
	{"queued.bytes", func(n *Node) slot { return &n.Queued.Bytes }},
	{"process.pid", func(n *Node) slot { return &n.Process.PID }},
	{"process.host", func(n *Node) slot { return &n.Process.Host }},
	{"process.cpu", func(n *Node) slot { return &n.Process.CPU }},
	{"process.rss", func(n *Node) slot { return &n.Process.RSS }},
	{"process.fds", func(n *Node) slot { return &n.Process.FDs }},
	{"process.goroutines", func(n *Node) slot { return &n.Process.Goroutines }},
	{"extra", func(n *Node) slot { return &n.Extra }},
}

var linkLeaves = []leaf[Link]{
	{"up", func(l *Link) slot { return &l.Up }},
	{"rate", func(l *Link) slot { return &l.Rate }},
	{"cap", func(l *Link) slot { return &l.Cap }},
	{"rtt", func(l *Link) slot { return &l.RTT }},
	{"latency", func(l *Link) slot { return &l.Latency }},
	{"jitter", func(l *Link) slot { return &l.Jitter }},
	{"loss", func(l *Link) slot { return &l.Loss }},
	{"lost", func(l *Link) slot { return &l.Lost }},
	{"queued.msgs", func(l *Link) slot { return &l.Queued.Msgs }},
	{"queued.bytes", func(l *Link) slot { return &l.Queued.Bytes }},
	{"blocked", func(l *Link) slot { return &l.Blocked }},
}

var nodeAppLeaves = []leaf[App]{
	{"source", func(a *App) slot { return &a.Source }},
	{"joined", func(a *App) slot { return &a.Joined }},
	{"weight", func(a *App) slot { return &a.Weight }},
	{"in", func(a *App) slot { return &a.In }},
	{"out", func(a *App) slot { return &a.Out }},
	{"delivered", func(a *App) slot { return &a.Delivered }},
	{"bytes", func(a *App) slot { return &a.Bytes }},
	{"from", func(a *App) slot { return &a.From }},
}

var linkAppLeaves = []leaf[App]{
	{"rate", func(a *App) slot { return &a.Rate }},
	{"queued", func(a *App) slot { return &a.Queued }},
}

// index finds leaves by what their JSON calls them: by path, and objects by their first word.
type index[T any] struct {
	byPath  map[string]*leaf[T]
	objects map[string][]*leaf[T]
}

func indexed[T any](all []leaf[T]) index[T] {
	x := index[T]{make(map[string]*leaf[T]), make(map[string][]*leaf[T])}
	for i := range all {
		l := &all[i]
		x.byPath[l.path] = l
		if object, _ := l.split(); object != "" {
			x.objects[object] = append(x.objects[object], l)
		}
	}
	return x
}

var (
	nodeIndex    = indexed(nodeLeaves)
	linkIndex    = indexed(linkLeaves)
	nodeAppIndex = indexed(nodeAppLeaves)
	linkAppIndex = indexed(linkAppLeaves)
)

// split is the object that a leaf is in, "" if it is in none, and its name there.
func (l *leaf[T]) split() (object, name string) {
	if object, name, ok := strings.Cut(l.path, "."); ok {
		return object, name
	}
	return "", l.path
}
