package observer

import "time"

// Every limit of this package, with its reason.
const (
	// DefaultNodes bounds the nodes that are known. With a link or two each they take 3 KB here and as much again
	// where they are shown.
	DefaultNodes = 20_000

	// DefaultHosts is how many hosts a boot reply names: as many as let a random overlay of DefaultNodes hang together.
	DefaultHosts = 16

	// DefaultPoll is how often each node is asked for its status.
	DefaultPoll = time.Second

	// ticksPerPoll is in how many parts the nodes are asked, so that answers do not come all at once; minTick and maxTick
	// bound the time between them, which is also how long a change waits to be told.
	ticksPerPoll = 10
	minTick      = 20 * time.Millisecond
	maxTick      = 250 * time.Millisecond

	// silentPolls and silentTime are how long a node may be silent that has a link: both must be over.
	silentPolls = 3
	silentTime  = 3 * time.Second

	// maxCandidates bounds the nodes that have been heard of and have not answered, as the nodes that can be known do; maxUnproven those of them whose link
	// does not show that they are where they say, each of which costs a dial to an address that a stranger has named.
	// candidateTime is how long they have for an answer.
	maxCandidates = 16 << 10
	maxUnproven   = 64
	candidateTime = 10 * time.Second

	// maxReporters bounds the nodes that report for others: each is a process.
	maxReporters = 4096

	// maxPages is how many messages may answer one request to a reporter, of 48 KB and more each.
	maxPages = 4096

	// idlePolls is after how many polls it is shown again what a process uses at nodes of it that have nothing to report.
	idlePolls = 5

	// freeLinks is how many links a node may report in any case, maxLinks how many at most, and totalLinks how many there
	// are before nodes have no more than freeLinks. A link takes 0.6 KB here and as much again where it is shown, so
	// 300,000 of them, from DefaultNodes nodes with freeLinks each, take 360 MB.
	freeLinks  = 16
	maxLinks   = 1024
	totalLinks = 200_000

	// goneLinks is how long a link is shown that is there no more.
	goneLinks = 30 * time.Second

	// maxApps bounds the applications of a node and of a link that are told apart.
	maxApps = 32

	// maxMetrics bounds the figures of a node.
	maxMetrics = 64

	// maxName bounds names, groups and labels, in bytes; maxText lines of a log.
	maxName = 64
	maxText = 1024

	// maxExtra bounds what an algorithm says of itself, in bytes of CBOR, and of JSON.
	maxExtra = 8 << 10

	// traceBurst and traceRate bound the trace lines of a node that are told: some at once, and so many a second.
	traceBurst = 20
	traceRate  = 5

	// maxNews bounds the events that one report can bring about.
	maxNews = 16

	// maxPending bounds the events that are gathered between two ticks, of all nodes together.
	maxPending = 4096

	// problemPause is the least time between two events that say the same of what was dropped.
	problemPause = 10 * time.Second
)
