package record

// Node is a node, or a patch of one. Nodes are known by small indices that stay for the life of a history.
type Node struct {
	I    uint32
	Gone bool // as if it had never been

	ID        Field[string] // address
	Name      Field[string]
	Group     Field[string]
	Algorithm Field[string]
	Place     Place
	Up        Field[bool]
	Since     Field[float64] // when it came up last, s
	Caps      Caps           // emulated limits
	In        Field[float64] // of late, B/s
	Out       Field[float64]
	Lost      Lost
	Held      Field[float64] // messages that its algorithm holds
	Queued    Queued         // at all its links
	Process   Process
	Extra     Field[JSON] // the algorithm's own status

	Apps      []App // in order of ID
	NoApps    bool  // in a patch: none are left ("apps": null)
	Metrics   []Metric
	NoMetrics bool // the same of metrics, which are in order of name
}

// Place is where a node is said to be.
type Place struct {
	Lat, Lon Field[float64] // degrees
	Label    Field[string]
}

// Caps are the limits that are emulated for a node, B/s; 0: none.
type Caps struct{ Total, Up, Down Field[float64] }

// Lost is what was lost at a node since it came up: messages and bytes.
type Lost struct{ Out, In Field[Pair] }

// Queued is what waits.
type Queued struct{ Msgs, Bytes Field[float64] }

// Process is the operating-system process of a node.
type Process struct {
	PID        Field[float64]
	Host       Field[string]
	CPU        Field[float64] // cores
	RSS        Field[float64] // bytes
	FDs        Field[float64]
	Goroutines Field[float64]
}

// Metric is a figure that an algorithm keeps of itself.
type Metric struct {
	Name  string
	Value Field[float64]
}

// App is what is of one application at a node or a link.
type App struct {
	ID   uint32
	Gone bool // in a patch: it is there no more

	// Of a node.
	Source    Field[bool] // it is produced here
	Joined    Field[bool]
	Weight    Field[float64]
	In        Field[float64] // B/s
	Out       Field[float64] // B/s
	Delivered Field[float64] // messages, each once, since the beginning
	Bytes     Field[float64] // received since the beginning
	From      Field[float64] // index of the source

	// Of a link.
	Rate   Field[float64] // B/s
	Queued Field[float64] // messages
}

// Link is a directed link, or a patch of one, known by the indices of its ends.
type Link struct {
	F, T uint32
	Gone bool // as if it had never been

	Up      Field[bool]
	Rate    Field[float64] // B/s
	Cap     Field[float64] // emulated limit, B/s
	RTT     Field[float64] // measured, s
	Latency Field[float64] // emulated, s
	Jitter  Field[float64] // emulated, s
	Loss    Field[float64] // emulated, 0..1
	Lost    Field[Pair]    // messages and bytes
	Queued  Queued
	Blocked Field[bool]

	Apps   []App
	NoApps bool
}
