package trace

import (
	"cmp"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Following one message through the overlay: who got it first from whom, and when.

// Follow says which message is followed.
type Follow struct {
	App   uint32
	Seq   uint64
	Type  core.Type // 0: data
	Maker string    // by name or ID; "": all that made one
}

// Way is the way of one message: a tree of arrivals. What a node makes of a message and
// sends under its own name, as one that recodes does, is another message.
type Way struct {
	Maker      Peer      `json:"maker"`
	App        uint32    `json:"app"`
	Seq        uint64    `json:"seq"`
	Type       core.Type `json:"type"`
	Size       uint64    `json:"size"` // payload bytes
	Arrivals   []Arrival `json:"arrivals"`
	Reached    int       `json:"reached"` // nodes besides its maker
	Duplicates int       `json:"duplicates"`
	Depth      int       `json:"depth"` // hops of the longest way to a first arrival
	// Missed are the nodes that got other messages of the maker's stream and not this one.
	Missed []Missed `json:"missed,omitempty"`

	first map[string]int // by the node's ID: its first arrival
	hash  uint64
}

// Unknown is a time that the trace does not show.
const Unknown time.Duration = -1

// Arrival is one time that a node was given the message. The first of a way is its
// maker's own, and parents come before their children.
type Arrival struct {
	Record    uint64        `json:"n"` // of the trace; meaningless if Unseen
	Node      Peer          `json:"node"`
	Parent    int           `json:"parent"` // whom it came from: the place of that one's first arrival; -1: made here
	Depth     int           `json:"depth"`
	At        time.Duration `json:"at_ns"`
	Hop       time.Duration `json:"hop_ns"`   // since the parent had it
	Total     time.Duration `json:"total_ns"` // since it was made
	Duplicate bool          `json:"duplicate,omitempty"`
	After     time.Duration `json:"after_ns,omitempty"` // of a duplicate: since the first arrival here
	Changed   bool          `json:"changed,omitempty"`  // the payload is not what the maker's was
	// Unseen means that the trace does not show this arrival, and only that the node passed
	// the message on: it made it without being given it, as control messages are made.
	Unseen bool `json:"unseen,omitempty"`
}

// Missed is a node that did not get the message.
type Missed struct {
	Node Peer          `json:"node"`
	Why  string        `json:"why"`             // "up", "down", "ended" or "started later"
	At   time.Duration `json:"at_ns,omitempty"` // when it ended or started
}

// Follower gathers the ways of a message out of the records of a trace.
type Follower struct {
	want     Follow
	ways     []*Way
	audience map[string]map[Peer]bool // by the maker's ID: who gets its stream
	lives    map[Peer][]life
}

// life is a node's beginning or end.
type life struct {
	at time.Duration
	up bool
}

// NewFollower begins to follow a message.
func NewFollower(want Follow) *Follower {
	if want.Type == 0 {
		want.Type = wire.TypeData
	}
	return &Follower{want: want, audience: make(map[string]map[Peer]bool), lives: make(map[Peer][]life)}
}

// Add takes the next record of the trace.
func (f *Follower) Add(r *Record) {
	switch {
	case r.Kind == Ended:
		f.lives[r.Node] = append(f.lives[r.Node], life{r.At, false})
		return
	case r.Kind != Message:
		return
	case r.Type == wire.TypeStarted:
		f.lives[r.Node] = append(f.lives[r.Node], life{r.At, true})
		return
	}
	w := &f.want
	if r.Type != w.Type || r.App != w.App || w.Maker != "" && w.Maker != r.Sender.Name && w.Maker != r.Sender.ID {
		return
	}
	if r.From != (Peer{}) {
		if f.audience[r.Sender.ID] == nil {
			f.audience[r.Sender.ID] = make(map[Peer]bool)
		}
		f.audience[r.Sender.ID][r.Node] = true
	}
	if r.Seq != w.Seq {
		return
	}
	if r.From == (Peer{}) {
		f.made(r)
		return
	}
	f.wayOf(r).arrive(r)
}

// made begins a way. A maker that counts from 0 again, as one that was started again
// does, makes another message of the same number.
func (f *Follower) made(r *Record) *Way {
	w := f.begin(r)
	w.Arrivals = append(w.Arrivals, Arrival{Record: r.Number, Node: r.Node, Parent: -1, At: r.At})
	w.first[r.Node.ID] = 0
	return w
}

func (f *Follower) begin(r *Record) *Way {
	w := &Way{Maker: r.Sender, App: r.App, Seq: r.Seq, Type: r.Type, Size: r.Size, first: make(map[string]int), hash: r.Hash}
	f.ways = append(f.ways, w)
	return w
}

// wayOf is the way that an arrival belongs to: the latest on which whoever sent it has it.
func (f *Follower) wayOf(r *Record) *Way {
	var last *Way
	for _, w := range slices.Backward(f.ways) {
		if w.Maker != r.Sender {
			continue
		}
		if _, has := w.first[r.From.ID]; has {
			return w
		}
		if last == nil {
			last = w
		}
	}
	if last == nil {
		last = f.begin(r)
		last.unseen(r.Sender, -1)
	}
	return last
}

// unseen adds a node that must have had the message.
func (w *Way) unseen(p Peer, parent int) int {
	a := Arrival{Node: p, Parent: parent, At: Unknown, Hop: Unknown, Total: Unknown, Unseen: true}
	if parent >= 0 {
		a.Depth = w.Arrivals[parent].Depth + 1
	}
	w.first[p.ID] = len(w.Arrivals)
	w.Arrivals = append(w.Arrivals, a)
	return len(w.Arrivals) - 1
}

func (w *Way) arrive(r *Record) {
	parent, has := w.first[r.From.ID]
	if !has {
		parent = w.unseen(r.From, 0)
	}
	p, root := &w.Arrivals[parent], &w.Arrivals[0]
	a := Arrival{Record: r.Number, Node: r.Node, Parent: parent, Depth: p.Depth + 1, At: r.At, Hop: Unknown, Total: Unknown,
		Changed: r.Hash != w.hash || r.Size != w.Size}
	if !p.Unseen {
		a.Hop = r.At - p.At
	}
	if !root.Unseen {
		a.Total = r.At - root.At
	}
	first, again := w.first[r.Node.ID]
	if again {
		a.Duplicate = true
		if had := &w.Arrivals[first]; !had.Unseen {
			a.After = r.At - had.At
		}
		w.Duplicates++
	} else {
		w.first[r.Node.ID] = len(w.Arrivals)
		w.Reached++
		w.Depth = max(w.Depth, a.Depth)
	}
	w.Arrivals = append(w.Arrivals, a)
}

// Ways are what was found, in the order in which the messages were made.
func (f *Follower) Ways() []*Way {
	for _, w := range f.ways {
		w.Missed = nil
		if w.App > 0 { // a stream: who gets one of its messages should get all
			f.missed(w)
		}
	}
	return f.ways
}

func (f *Follower) missed(w *Way) {
	for p := range f.audience[w.Maker.ID] { // sorted below
		if _, has := w.first[p.ID]; !has {
			w.Missed = append(w.Missed, f.whyNot(p, w))
		}
	}
	slices.SortFunc(w.Missed, func(a, b Missed) int {
		return cmp.Or(CompareNames(a.Node.String(), b.Node.String()), cmp.Compare(a.Node.ID, b.Node.ID))
	})
}

// whyNot says what a node was while the message went round.
func (f *Follower) whyNot(p Peer, w *Way) Missed {
	m := Missed{Node: p, Why: "up"}
	made := w.Arrivals[0].At
	if w.Arrivals[0].Unseen {
		made = w.Arrivals[1].At // whoever has it first gave it on
	}
	up := len(f.lives[p]) == 0 // nobody runs before it has started
	for _, l := range f.lives[p] {
		switch {
		case l.at <= made:
			up = l.up
		case l.up != up: // the first change after it was made
			m.At = l.at
			if m.Why = "ended"; l.up {
				m.Why = "started later"
			}
			return m
		}
	}
	if !up {
		m.Why = "down"
	}
	return m
}

// CompareNames compares names so that n2 comes before n10.
func CompareNames(a, b string) int {
	if sa, sb := stem(a), stem(b); sa == sb && len(a) != len(b) {
		return cmp.Compare(len(a), len(b))
	}
	return cmp.Compare(a, b)
}

func stem(name string) string {
	end := len(name)
	for end > 0 && name[end-1] >= '0' && name[end-1] <= '9' {
		end--
	}
	return name[:end]
}
