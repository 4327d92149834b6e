package engine

import "time"

// Every limit of the real-time runtime, with its reason.
const (
	// serveBudget is how many node rounds a loop serves before it polls again.
	// A chain of 32 nodes linked in memory takes 31 for one slab, so polling
	// costs a few ns a message there; and a socket waits well under a
	// millisecond for the rounds to end.
	serveBudget = 128

	// chaseBudget is how many reads in a row may follow writes before the loop asks the
	// poller again, and injectBudget after how many of them sources are not asked again
	// before that. A read and a write of a slab take some 20 to 40 µs, so that the poll is no
	// cost any more, and other sockets wait for less than with serveBudget.
	chaseBudget  = 32
	injectBudget = 16

	// maxMisses bounds how long reads on a guess are given up after they found nothing:
	// for 2^n - 1 writes.
	maxMisses = 7

	// keptDeadlocks is how many circles of waiting lanes are remembered.
	keptDeadlocks = 1024

	// acceptBudget is how many connections a listener accepts in a turn.
	acceptBudget = 64

	// iovecBudget is how many runs one writev takes. 64 KiB-odd slabs make more
	// than a few rare; small messages of many origins make it count.
	iovecBudget = 64

	// sourcePatience bounds how often a willing source is passed over because
	// something else was ready: this many turns, and two more for each socket of
	// the loop, enough for a slab to go down a chain of all of them.
	sourcePatience = 16

	// pipeRuns is the size of the ring between two loops, a lane. A run is a
	// whole burst, so few are enough; 16 cost 384 bytes a link.
	pipeRuns = 16

	// inboxSize bounds what other goroutines have handed a loop and it has not
	// looked at. Lanes between loops use at most two places each and fall back
	// to the poller's own queue, which allocates, beyond it.
	inboxSize = 1024

	// helloTimeout is how long a connection may take to say who it is, unless
	// Options.HelloTimeout says otherwise, and dialTimeout how long a destination
	// may take to answer. Both are far above any round-trip and below what an
	// operator waits for.
	helloTimeout = 10 * time.Second
	dialTimeout  = 10 * time.Second

	// acceptPause is how long a listener rests when the process is out of
	// descriptors, unless one is closed before.
	acceptPause = 100 * time.Millisecond

	// memoryPause is how long a connection rests that found no slab, and
	// starvedBudget how many of them look again at a time: eight slabs a
	// millisecond are 1 GB/s.
	memoryPause   = time.Millisecond
	starvedBudget = 8

	// memoryTimeout is how long a peer may take over the rest of a message that
	// is received into the reserve while others are out of memory.
	memoryTimeout = 10 * time.Second

	// lingerPause is how often connections are looked at whose lanes have ended;
	// lingerTime how long a receiving end waits for its upstream to hear what it
	// took, long enough for TCP to repeat it three times; and lingerPatience how
	// long a sending end waits for a peer that lives and takes nothing more.
	lingerPause    = 250 * time.Millisecond
	lingerTime     = 2 * time.Second
	lingerPatience = 30 * time.Second

	// lingerGrace is how long a graceful stop of an engine waits for connections
	// whose lanes have ended. With peers that go on it is over in a round-trip.
	lingerGrace = time.Second

	// departPause is how often connections that are blocked are asked whether their peer
	// has gone, departBatch how many in one call, and departShare the part of the budget
	// in which what departed peers have left may wait. departPatience is how long what finds no
	// room there may stay with the system.
	departPause    = time.Second
	departPatience = 30 * time.Second
	departBatch    = 1024
	departShare    = 16

	// strangersPart is the part of the budget that unfinished messages of strangers may
	// take, and of which more is made free if all of it is used up. Messages below
	// smallMessage bytes never wait for it: with it a thousand strangers have 32 MB at most.
	strangersPart = 4
	smallMessage  = 16 << 10

	// silentStranger and silentPeer are how long a peer may be silent in the middle of a
	// message while others wait for its memory: long against the repetition of a lost
	// segment. evictPause is how often is looked.
	silentStranger = 2 * time.Second
	silentPeer     = 5 * time.Second
	evictPause     = 100 * time.Millisecond

	// giveBackPause is how long after a flood memory is given back, and giveBackLongest
	// how long apart the looks are whether it is over.
	giveBackPause   = 2 * time.Second
	giveBackLongest = time.Minute

	// aliveAfter is how long an upstream may say nothing before its system is asked
	// whether it is there, aliveEvery how long it has to answer, and aliveProbes how
	// often it is asked. A minute is core.DefaultIdleTimeout: lanes that end by
	// themselves are not asked.
	aliveAfter  = time.Minute
	aliveEvery  = 10 * time.Second
	aliveProbes = 6

	// scrapBytes is how much is thrown away at once.
	scrapBytes = 64 << 10

	// listenBacklog is the kernel's queue of connections not accepted yet.
	listenBacklog = 1024

	// smallBuffer is below which socket buffers get segments of their own size, some
	// to a buffer: two of the loopback's 64 KB. leastSegment is what every network
	// carries (RFC 9293, 3.7.1).
	smallBuffer     = 128 << 10
	segmentsABuffer = 4
	leastSegment    = 536

	// socketBufferSlabs sizes the kernel's buffers of a link in slabs: with two,
	// a slab can be written while the one before it is still being read.
	socketBufferSlabs = 2

	// leastRing and mostRing bound the bytes of a ring in shared memory: a page, and
	// what a peer may have us map.
	leastRing = 4 << 10
	mostRing  = 16 << 20

	// kickPatience is how many turns a loop that has more to do may let the reader of a ring sleep.
	kickPatience = 4

	// ringReads is how many reads in a row a ring may be given before others of its
	// loop are looked at: the whole of a ring of two slabs, twice.
	ringReads = 8

	// kicksBudget is how many packets of a peer are read in a turn. One that plays by
	// the rules has one or two under way.
	kicksBudget = 16

	// shmTimeout is how long a destination on this host may take to answer an offer of
	// shared memory before its lane goes by TCP.
	shmTimeout = time.Second

	// delaySlack is how much longer than asked emulated latency may take at most so that a
	// wake-up brings several messages: little beside what the system takes to wake a loop.
	delaySlack = 200 * time.Microsecond

	// defaultRunNodes is how many nodes created one after another share a loop
	// if Options.ExpectNodes does not say how many there will be. Neighbours in
	// creation are usually neighbours in the overlay, and a hop between loops
	// costs twice a hop within one.
	defaultRunNodes = 16

	// stopTimeout bounds a graceful stop whose context has no deadline.
	stopTimeout = 10 * time.Second
)
