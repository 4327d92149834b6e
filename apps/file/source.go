package file

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Blocks is where a source has its file from. Its methods are called on the node's loop and must not block.
type Blocks interface {
	// Fetch says that a block will be read soon. It may be called again for one that was not read yet.
	Fetch(block int)
	// Read writes a block to dst, which is as long as it is, and reports whether it could. A block that is not there yet is
	// read later, when the node's WakeSource was called.
	Read(block int, dst []byte) bool
}

// SourceOptions say what a source sends, and when it is done. Zero values of times have defaults.
type SourceOptions struct {
	App      uint32   // application (session), not 0
	Manifest Manifest // of a Describer
	Tree     *Tree    // of the same
	Blocks   Blocks
	// Window is within what time receivers answer a poll at random, at first: the source makes it longer when many do. From 1 ms to a
	// minute; 0: 500 ms.
	Window time.Duration
	// Quiet is how long nobody may have said that anything is lacking until the source ends; 0: 30 s.
	Quiet time.Duration
	// Rate, above 0, is how many bytes of blocks a second are sent at most.
	Rate float64
	// Stay has the source go on for ever.
	Stay bool
	// Wait has the source begin when there is somebody to send to: a link of the application to downstream, or a request. Until then it only polls, once
	// a second or more seldom, and Quiet does not count.
	Wait bool
	// GiveUp, above 0, is how long a source that is to Wait does so: then it ends.
	GiveUp time.Duration
	// Receivers, above 0, has receivers say when they have all, and the source end as soon as so many have, up to MaxReceivers.
	Receivers int
	// Ended, if set, is called when the source ends by itself.
	Ended func()
}

// Defaults and limits of a source.
const (
	DefaultWindow = 500 * time.Millisecond
	DefaultQuiet  = 30 * time.Second
	MaxReceivers  = 1 << 20

	announceEvery = 64                    // blocks between two manifests: who comes late knows soon what comes
	readAhead     = 32                    // blocks that are fetched before they are read
	burst         = 20 * time.Millisecond // what a source with a rate may make up for at once
	retryMemory   = time.Millisecond
)

// SourceCounts are of a source.
type SourceCounts struct {
	Sent     uint64 `json:"sent"`     // blocks given to the overlay
	Repeated uint64 `json:"repeated"` // of them, those that had been sent before
	Bytes    uint64 `json:"bytes"`    // of blocks, without headers and proofs
	Messages uint64 `json:"messages"` // of every kind
	Rounds   uint64 `json:"rounds"`   // begun
	Polls    uint64 `json:"polls"`
	Pending  uint64 `json:"pending"`  // messages of what is asked for already
	Requests uint64 `json:"requests"` // that came and told what is lacking
	Stale    uint64 `json:"stale"`    // of them, those of which all is on its way already
	Late     uint64 `json:"late"`     // requests that came before the source began, or after it had ended
	Bad      uint64 `json:"bad"`      // requests that make no sense
	Whole    uint64 `json:"whole"`    // receivers that have said that they have all
}

// Source is an application that sends a file: it implements core.Source, and is told of requests ([Beside]). All methods belong to
// the node's loop.
type Source struct {
	opt    SourceOptions
	id     ID
	bytes  []byte // of the manifest
	n      int    // blocks
	frames frames
	begun  bool
	came   bool // somebody
	over   bool

	// A round.
	round    uint32
	plan     *Set // what it is of
	want     *Set // of it, what is to be sent still
	at       int  // the first that may be in want
	fetched  int  // the first that was not fetched
	sending  bool
	announce bool          // a manifest is next
	since    int           // blocks since the last manifest
	once     *Set          // blocks that have been sent
	nextAt   time.Duration // with a rate, when the next block may go

	polling
	wake   time.Duration // when to be asked again, with nothing to send; 0: when it is woken
	counts SourceCounts
}

// NewSource makes a source. Options out of range are a programmer's mistake.
func NewSource(o SourceOptions) *Source {
	if o.Window == 0 {
		o.Window = DefaultWindow
	}
	if o.Quiet == 0 {
		o.Quiet = DefaultQuiet
	}
	switch err := o.Manifest.Check(); {
	case err != nil:
		panic("file: a source of " + err.Error())
	case o.App == 0 || o.Blocks == nil || o.Tree == nil || o.Tree.Root() != o.Manifest.Root || len(o.Tree.levels[0]) != o.Manifest.Blocks():
		panic("file: a source needs an application above 0, blocks, and the tree of its manifest")
	case o.Window < time.Millisecond || o.Window > maxWindow || o.Quiet < 0 || o.GiveUp < 0 || !(o.Rate >= 0) || o.Receivers < 0 || o.Receivers > MaxReceivers:
		panic(fmt.Sprintf("file: a source with a window of %v, quiet after %v, given up after %v, for %d receivers", o.Window, o.Quiet, o.GiveUp, o.Receivers))
	}
	n := o.Manifest.Blocks()
	s := &Source{
		opt: o, id: o.Manifest.ID(), bytes: o.Manifest.Append(nil), n: n, frames: frames{app: o.App},
		plan: NewSet(n), want: NewSet(n), once: NewSet(n), polling: newPolling(n, o),
	}
	return s
}

// ID is the number of the transfer.
func (s *Source) ID() ID { return s.id }

// Blocks is how many blocks the file has.
func (s *Source) Blocks() int { return s.n }

// Counts are what happened so far.
func (s *Source) Counts() SourceCounts {
	c := s.counts
	c.Messages, c.Whole = s.frames.seq, uint64(len(s.whole))
	return c
}

// Sent is how many messages the source has produced.
func (s *Source) Sent() uint64 { return s.frames.seq }

// Left is how many blocks of the round under way are still to be sent, and how many it is of; before the first that is all.
func (s *Source) Left() (left, of int) {
	if s.counts.Rounds == 0 {
		return s.n, s.n
	}
	return s.want.Count(), s.plan.Count()
}

// Came reports whether there is, or was, somebody to send to: a link of the application to downstream, or a request.
func (s *Source) Came() bool { return s.came }

// Over reports whether the source has ended by itself.
func (s *Source) Over() bool { return s.over }

// Produce implements core.Source.
func (s *Source) Produce(n *core.Node) core.Supply {
	s.frames.begin()
	if !s.begun {
		s.begun = true
		s.plan.Fill()
		if s.waiting = s.opt.Wait && !s.came; s.waiting {
			s.roundOver(n.Now())
		} else {
			s.begin()
		}
	}
	for !s.over && s.step(n) {
	}
	switch run, full := s.frames.take(); {
	case full:
		return core.Supply{Run: run}
	case s.frames.dry:
		return core.Supply{Wake: n.Now() + retryMemory}
	case s.over:
		return core.Supply{End: true}
	}
	return core.Supply{Wake: s.wake}
}

// Close implements core.Source.
func (s *Source) Close() { s.frames.close() }

// begin begins a round of what is planned.
func (s *Source) begin() {
	copy(s.want.words, s.plan.words)
	s.want.count = s.plan.count
	s.at, s.fetched, s.sending, s.announce = 0, 0, true, true
	s.counts.Rounds++
}

// step does what is next. It reports false if there is nothing more to do now.
func (s *Source) step(n *core.Node) bool {
	switch {
	case !s.sending:
		return s.rest(n)
	case s.announce || s.since >= announceEvery:
		return s.manifest(n, false)
	}
	i := s.want.Next(s.at)
	if i < 0 {
		s.sending = false
		s.roundOver(n.Now())
		return true
	}
	return s.block(n, i)
}

// manifest sends one, which may be a poll.
func (s *Source) manifest(n *core.Node, poll bool) bool {
	p := s.frames.put(n, HeaderLen+len(s.bytes))
	if p == nil {
		return false
	}
	h := Header{Kind: KindManifest, ID: s.id, Round: s.round, Poll: poll}
	if poll {
		h.Tell, h.Window = s.opt.Receivers > 0, s.window
	}
	h.Put(p)
	copy(p[HeaderLen:], s.bytes)
	s.announce, s.since = false, 0
	return true
}

// block sends one.
func (s *Source) block(n *core.Node, i int) bool {
	s.fetch(i)
	if s.opt.Rate > 0 && n.Now() < s.nextAt {
		s.wake = s.nextAt
		return false
	}
	size, proof := s.opt.Manifest.Size(i), s.opt.Manifest.Depth()
	all := HeaderLen + proof*HashLen + size
	p := s.frames.put(n, all)
	if p == nil {
		return false
	}
	body := p[HeaderLen:]
	if !s.opt.Blocks.Read(i, body[proof*HashLen:]) {
		s.frames.undo(n, all)
		s.wake = 0 // whoever has the blocks wakes it
		return false
	}
	Header{Kind: KindBlock, ID: s.id, Round: s.round, Proof: proof, Block: uint32(i)}.Put(p)
	s.opt.Tree.Put(body, i)
	s.want.Remove(i)
	s.at = i + 1
	s.since++
	if s.opt.Rate > 0 {
		s.nextAt = max(s.nextAt, n.Now()-burst) + time.Duration(float64(size)/s.opt.Rate*float64(time.Second))
	}
	s.counts.Sent++
	s.counts.Bytes += uint64(size)
	if !s.once.Add(i) {
		s.counts.Repeated++
	}
	return true
}

// fetch has the blocks fetched that will be read after one.
func (s *Source) fetch(i int) {
	if s.fetched < i {
		s.fetched = i
	}
	for next := s.want.Next(s.fetched); next >= 0 && next < i+readAhead; next = s.want.Next(next + 1) {
		s.opt.Blocks.Fetch(next)
		s.fetched = next + 1
	}
}
