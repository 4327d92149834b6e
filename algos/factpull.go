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

// factTimeout is how long a page may take.
const factTimeout = 5 * time.Second

// Fields implements pack.Body.
func (p *factPage) Fields(f *pack.Fields) { f.Uint32(&p.At); p.Facts.Fields(f) }

// Open prepares for a node, and has it answer those that fetch its facts, by requests of a type of the
// algorithm's own. It is for Bind.
func (f *Facts) Open(b *Base, pull core.Type) {
	f.base, f.pull, f.entries = b, pull, make(map[core.NodeID]*entry)
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
	t := Talk{Digest: f.digest}
	for _, who := range []core.NodeID{f.base.ID(), peer} {
		if e := f.entries[who]; e != nil {
			t.Facts = append(t.Facts, e.Fact)
		}
	}
	t.Facts = append(t.Facts, f.takeNews()...)
	return t
}

// Heard takes in what a peer says.
func (f *Facts) Heard(peer core.NodeID, t Talk) {
	for _, a := range t.Facts {
		f.Got(a, false)
	}
	if t.Digest == f.digest {
		f.differed = 0
		return
	}
	f.differed++
	onItsWay := f.whole && len(f.news) > 0 && len(f.news) <= f.Most && f.differed <= 2*f.times
	if !f.fetching && !onItsWay {
		f.differed = 0
		f.fetch(peer, 0)
	}
}

func (f *Facts) fetch(peer core.NodeID, at uint32) {
	f.fetching = true
	Ask(f.base, peer, f.pull, &factPage{At: at}, factTimeout, func(p *factPage, err error) {
		if f.fetching = false; err != nil {
			return // there is a next time
		}
		f.fetched++
		for _, a := range p.Facts {
			f.Got(a, true)
		}
		if len(p.Facts) < factsAPage {
			f.whole = true
			return
		}
		f.fetch(peer, at+factsAPage)
	})
}

// page is what is known, from a number on. The order may change between two pages, so that one misses some:
// the digest says so, and all is fetched again.
func (f *Facts) page(at uint32) *factPage {
	from := min(int(at), len(f.order))
	p := &factPage{}
	for _, e := range f.order[from:min(from+factsAPage, len(f.order))] {
		p.Facts = append(p.Facts, e.Fact)
	}
	return p
}
