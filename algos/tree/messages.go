package tree

import (
	"cmp"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Types of messages.
const (
	typeQuery core.Type = wire.FirstAlgorithmType + 80 + iota
	typeAck
	typeJoin
	typeBeat
	typeReport
	typeLeave
	typeMove
	typeMark
	typeUnsure
)

// Load is how much a node of a tree has to carry.
type Load struct {
	Degree    int     // links in the tree: children, and the parent
	Bandwidth float64 // of the last mile, bytes a second; above 0
}

// stressUnit is the bandwidth at which a degree of one is a stress of one (paper, table 3).
const stressUnit = 100e3

// Stress is the degree by the bandwidth in 100 KBps (paper, section 3.2).
func (l Load) Stress() float64 { return l.with(0) }

// with is the stress with so many links more.
func (l Load) with(links int) float64 { return float64(l.Degree+links) * stressUnit / l.Bandwidth }

// less is by stress; of nodes that have the same, a link more burdens one with more bandwidth less.
func (l Load) less(than Load) bool {
	return cmp.Or(cmp.Compare(l.Stress(), than.Stress()), cmp.Compare(l.with(1), than.with(1))) < 0
}

func (l *Load) fields(f *pack.Fields) {
	f.Int(&l.Degree)
	f.Float64(&l.Bandwidth)
	if f.Reading() && (l.Degree < 0 || l.Degree > MaxChildren+1 || !(l.Bandwidth > 0)) {
		f.Fail("a load that there cannot be")
	}
}

// query looks for a place in a tree.
type query struct {
	App  uint32
	Who  core.NodeID // who wants in
	Try  uint32      // names the attempt among all of who's
	Left uint8       // hops that it may still go
	Gone uint8       // hops that it has gone
}

func (q *query) Fields(f *pack.Fields) {
	f.Uint32(&q.App)
	f.Node(&q.Who)
	f.Uint32(&q.Try)
	f.Uint8(&q.Left)
	f.Uint8(&q.Gone)
}

// ack answers a query.
type ack struct {
	App  uint32
	Try  uint32
	Gone uint8
}

func (a *ack) Fields(f *pack.Fields) {
	f.Uint32(&a.App)
	f.Uint32(&a.Try)
	f.Uint8(&a.Gone)
}

// join asks to be taken as a child, and is a child's report.
type join struct {
	App  uint32
	Load Load
}

func (j *join) Fields(f *pack.Fields) {
	f.Uint32(&j.App)
	j.Load.fields(f)
}

// beat is what a parent tells: the way from the source to it, itself included. As an answer to a join, one
// without a way refuses.
type beat struct {
	App  uint32
	Life life // of the source: another one's messages are numbered anew
	Way  []core.NodeID
	Load Load
}

func (b *beat) Fields(f *pack.Fields) {
	f.Uint32(&b.App)
	f.Uint64((*uint64)(&b.Life))
	f.NodesUpTo(MaxDepth, &b.Way)
	b.Load.fields(f)
}

// refer is a leave, which may name whom to ask, and a move, which has to.
type refer struct {
	App uint32
	To  core.NodeID
}

func (r *refer) Fields(f *pack.Fields) {
	f.Uint32(&r.App)
	f.Node(&r.To)
}
