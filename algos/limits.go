package algos

import "time"

// Every limit of this package, with its reason.
const (
	// MaxHosts bounds KnownHosts, and the hosts in one boot reply: at 24 bytes
	// each a node spends 96 KiB on them at most. Who gossips to more neighbours
	// than this is broadcasting.
	MaxHosts = 4096

	// MaxSessions bounds the sessions that a node knows of, since any peer may
	// announce one. At 56 bytes each that is 56 KiB.
	MaxSessions = 1024

	// SeenAtLeast is how many of the newest messages Fresh remembers at least; at
	// most it is twice as many. A flood crosses an overlay before that many others
	// begin. 448 entries fill a Go map of 512 slots to its limit, so a full memory
	// takes 19 KB, and 190 MB with 10,000 nodes in a process.
	SeenAtLeast = 448

	// MaxStreams bounds the streams of which Recent remembers messages, since anybody may make
	// up some.
	MaxStreams = 1024

	// MaxRecentBytes bounds the messages that Recent keeps unless it is told otherwise: the 128 of a
	// stream that Plumtree keeps, of 8 KB each.
	MaxRecentBytes = 1 << 20

	// A ring of Recent begins with about leastRing places, for most of the streams that somebody makes up have
	// one message. maxPlaces bounds those of all rings: at 40 bytes each they take 10 MB. There is room for ringsAtLeast
	// of the longest in any case.
	leastRing    = 16
	maxPlaces    = 1 << 18
	ringsAtLeast = 8

	// MaxWants bounds the messages that Wants waits for, and maxAnnouncers the nodes that it
	// remembers for each, since anybody may announce some. With a timer each they take 2 MB.
	MaxWants      = 4096
	maxAnnouncers = 8

	// maxBanned is how many nodes Peering remembers as banned: a node has about as many peers at most, and who has as many names as
	// he likes is not kept out by any number.
	maxBanned = 64

	// MaxQueryTTL bounds how far a query travels. A random overlay of a million
	// nodes is about 10 hops wide.
	MaxQueryTTL = 32

	// MaxTimers bounds the timers of AfterFunc and Every and the timeouts of calls that a
	// node has at once. At some 70 bytes each that is 18 MB, and a node with more has
	// forgotten to stop them.
	MaxTimers = 1 << 18

	// MaxCalls bounds the calls that a node has open: 8,192 at 56 bytes in a table that is
	// half full, with a timer each, are 1.5 MB. A node that asks 1,000 others a second,
	// and waits 8 seconds for each that is silent, is below it.
	MaxCalls = 8192

	// maxPackedKept is up to how long the buffer of the packed body that was written last
	// is kept for the next: most bodies are short, and a node may never write a long one
	// again.
	maxPackedKept = 1 << 10

	// maxMeasurements bounds the measurements under way at a node, and maxTrains the
	// trains of others that it takes part in: each costs up to maxTrain bytes, and
	// those that run at the same time disturb each other anyway.
	maxMeasurements = 16
	maxTrains       = 64

	// measureTimeout is how long a step of a measurement may take: an answer to a
	// ping, or to a whole train, with the dial before it. A train that was sized by
	// an estimate takes trainTime, and the first one takes 0.33 s at 100 KB/s.
	measureTimeout = 15 * time.Second

	// pings is how many round-trips a measurement of latency takes, after one that
	// opens the lane.
	pings = 5

	// firstTrain and maxTrain are the lengths of trains in bytes; each is at most
	// trainGrowth times the one before. trainTime is how long the last one should
	// take: long against timers and reads of a slab, short for a person. A train is
	// good if it took goodTrain. See train.go.
	firstTrain  = 32 << 10
	maxTrain    = 8 << 20
	trainGrowth = 8
	trainTime   = 300 * time.Millisecond
	goodTrain   = 200 * time.Millisecond

	// minProbe and maxProbe bound a message of a train; trainProbes is how many there
	// should be.
	minProbe    = 1 << 10
	maxProbe    = 32 << 10
	trainProbes = 256

	// refusalPause is the least time between two trace lines about refused messages.
	refusalPause = 10 * time.Second

	// A query names its asker itself, and an announcement its source: whoever can reach
	// a node can have it send to others by forging them. So a node answers at most so
	// many askers that are not the other end of the link, and passes on at most so many
	// announcements: as many as there can be sessions at once, and 64 a second for ever
	// (some 10 KB/s with the connections that answers need).
	thirdPartyBurst = MaxSessions
	thirdPartyRate  = 64 // a second

	// copiesBurst and copiesRate bound the copies that are made of what is passed on to
	// all known hosts: with many of them each message that is received is many that are
	// sent. 16,384 copies at once are 16 messages for 1,024 hosts, or four for MaxHosts,
	// and 400 KB; 1,024 a second are 25 KB/s.
	copiesBurst = 16 << 10
	copiesRate  = 1 << 10 // a second

	// observerBurst and observerRate bound the status reports that go to an observer
	// which is not known to be where it says: enough for one that asks every second.
	observerBurst = 8
	observerRate  = 1 // a second

	// maxTrace bounds a trace line in bytes: it is for people to read.
	maxTrace = 1024

	// maxStatusLanes bounds the lanes listed in a status report in each direction.
	// With about 150 bytes each, two full lists stay below the default maximum
	// payload of 1 MiB. The counts beside the lists are exact.
	maxStatusLanes = 2048

	// maxNested bounds how deep a control payload is nested: ours are 4 deep, and
	// an algorithm's Extra may go on from there.
	maxNested = 16

	// maxElements bounds arrays and maps in control payloads, so that a few bytes
	// cannot make us allocate much. The longest are KnownHosts.
	maxElements = MaxHosts

	// addr6 is what an IPv6 sender's address takes of a payload, in bytes.
	addr6 = 16

	// maxTold bounds the askers of whom a node remembers what they were told: its observers, with one or
	// two that were there before. A report without many lanes takes 1 KB.
	maxTold = 4

	// maxSharedReport bounds a report that goes through another node, in bytes: some 250 lanes, so that many
	// fit into a message.
	maxSharedReport = 32 << 10

	// bootPauseMin and bootPauseMax are how long a node waits before it tells an observer of itself
	// again that could not be reached: it is doubled with each failure, and drawn between half of
	// that and all. Thousands may wait for one that is down: 10,000 of them in one process dial it
	// 2,700 times a second, which are some 5% of a core.
	bootPauseMin = 250 * time.Millisecond
	bootPauseMax = 5 * time.Second
)
