package algos

import (
	"time"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// factPage asks for facts from a number on, or is the answer.
type factPage struct {
	At    uint32
	Facts FactList
}

// factsAPage is how many facts a full page has: some 5 KB.
const factsAPage = 512

// factTimeout is how long a page may take, and factsTimeout how long it may be before the last is asked for.
const factTimeout, factsTimeout = 5 * time.Second, 30 * time.Second

// mostIdle is how often the time is doubled for which a peer is not fetched from, of which nothing was learnt: to 256 messages.
const mostIdle = 8

// Fields implements pack.Body.
func (p *factPage) Fields(f *pack.Fields) { f.Uint32(&p.At); p.Facts.Fields(f) }

// Open prepares for a node, and has it answer those that fetch its facts, by requests of a type of the
// algorithm's own. It is for Bind.
func (f *Facts) Open(b *Base, pull core.Type) {
	f.base, f.pull = b, pull
	Answer(b, pull, func(_ *core.Msg, p *factPage) *factPage { return f.page(p.At) })
}

// Fetched is how many pages were fetched.
func (f *Facts) Fetched() uint64 { return f.fetched }

// Talk is what a message says of facts: some of them, and the digest of all that its sender knows. It is
// a pack.Body.
type Talk struct {
	Digest uint64
	Facts  FactList
}

// Fields implements pack.Body.
func (t *Talk) Fields(f *pack.Fields) { f.Uint64(&t.Digest); t.Facts.Fields(f) }

// Tell is what to send to a peer along with a message: what is known of this node and of the peer, which
// may object, and the news that were told least.
func (f *Facts) Tell(peer core.NodeID) Talk {
	t := Talk{Digest: f.digest, Facts: make(FactList, 0, 2+min(len(f.news), f.Most))}
	for _, who := range [...]core.NodeID{f.base.ID(), peer} {
		if e := f.find(who); e != nil {
			t.Facts = append(t.Facts, e.Fact)
		}
	}
	t.Facts = f.takeNews(t.Facts)
	return t
}

// Heard takes in what a peer says.
func (f *Facts) Heard(peer core.NodeID, t Talk) {
	f.heard++
	for _, a := range t.Facts {
		f.Got(a, false)
	}
	if t.Digest == f.digest {
		f.differed = 0
		f.peer(peer).idle = 0
		return
	}
	f.differed++
	onItsWay := f.whole && len(f.news) > 0 && len(f.news) <= f.Most && f.differed <= 2*f.times
	if !f.fetching && !onItsWay && f.heard >= max(f.fullUntil, f.peer(peer).after) {
		f.differed = 0
		f.fetching, f.until = true, f.base.Now()+factsTimeout
		f.fetch(peer, 0, f.learnt)
	}
}

// patience is for how many messages a peer is not fetched from again of which nothing has been learnt.
type patience struct {
	after uint64 // so many messages were heard
	idle  uint8  // fetches in a row of which nothing was learnt
}

// peer is the patience with a peer; those of whom nothing is known share one.
func (f *Facts) peer(id core.NodeID) *patience {
	if e := f.find(id); e != nil {
		return &e.patience
	}
	return &f.strangers
}

func (f *Facts) fetch(peer core.NodeID, at uint32, learnt uint64) {
	Ask(f.base, peer, f.pull, &factPage{At: at}, factTimeout, func(p *factPage, err error) {
		if err != nil {
			f.fetching = false
			return // there is a next time
		}
		f.fetched++
		for _, a := range p.Facts {
			f.Got(a, true)
		}
		// A peer that has more facts than there is room for, or says so for ever, is not heard to the end.
		next := at + factsAPage
		if len(p.Facts) >= factsAPage && int64(next) < int64(f.Max) && f.base.Now() < f.until {
			f.fetch(peer, next, learnt)
			return
		}
		f.fetching = false
		f.whole = f.whole || len(p.Facts) < factsAPage || int64(next) >= int64(f.Max)
		f.fetchedAll(peer, f.learnt > learnt)
	})
}

// fetchedAll notes whether anything was learnt of a peer. If not it is not asked again soon: it has missed some itself, or
// will never agree. If there is no room for more nobody is, as those who have room differ for good.
func (f *Facts) fetchedAll(peer core.NodeID, some bool) {
	of := f.peer(peer)
	if some {
		of.idle = 0
	} else {
		of.idle = min(of.idle+1, mostIdle)
		of.after = f.heard + 1<<of.idle
	}
	if len(f.order) >= f.Max {
		f.fullUntil = f.heard + 1<<mostIdle
	}
}

// page is what is known, from a number on. The order may change between two pages, so that one misses some:
// the digest says so, and all is fetched again.
func (f *Facts) page(at uint32) *factPage {
	from := min(int(at), len(f.order))
	order := f.order[from:min(from+factsAPage, len(f.order))]
	p := &factPage{Facts: make(FactList, len(order))}
	for i, e := range order {
		p.Facts[i] = f.entries[e].Fact
	}
	return p
}
