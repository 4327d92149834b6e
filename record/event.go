package record

// Kinds of events. Others are allowed: a reader shows what it does not know by its text.
const (
	EventUp        = "up"        // a node started
	EventDown      = "down"      // a node ended
	EventCut       = "cut"       // a way was cut
	EventHeal      = "heal"      // and healed
	EventTold      = "told"      // an algorithm was told of a failure
	EventControl   = "control"   // somebody changed something
	EventTrace     = "trace"     // a line that an algorithm wrote
	EventCrash     = "crash"     // an algorithm panicked
	EventJoin      = "join"      // a node joined an application
	EventLeave     = "leave"     // and left it
	EventSource    = "source"    // a source began or ended
	EventTerminate = "terminate" // a node or source was told to end
	EventProblem   = "problem"   // what makes the picture doubtful, such as what was dropped
)

// Event is something that happened.
type Event struct {
	T    Time
	Kind string
	Node Ref
	Peer Ref
	App  uint32 // 0: of none
	Text string
	By   string // who did it
}

// Ref is the index of a node, or none; the zero value is none.
type Ref struct{ plus1 uint32 }

// To is a reference to the node with an index below MaxNodes.
func To(i uint32) Ref { return Ref{i + 1} }

// Index is the node's index, and whether there is one.
func (r Ref) Index() (uint32, bool) { return r.plus1 - 1, r.plus1 != 0 }

// IsZero reports whether it is to no node.
func (r Ref) IsZero() bool { return r.plus1 == 0 }

// State is what an algorithm declares of a node: "joined" 1, "chunks" 3 of 16.
type State struct {
	T     Time
	Node  uint32
	Name  string
	Value Value          // a number or a text; NoValue (null) takes the state away
	Of    Field[float64] // what the number is out of
}

// Transfer is one message on its way over one link.
type Transfer struct {
	From, To uint32
	App      uint32
	Type     uint32
	Seq      uint64
	Bytes    uint32 // with its header
	Left     Time
	Arrived  Time // Never: it did not
}

// Never is the arrival of what did not arrive.
const Never Time = -1 << 63

// Transfers is a window on single transfers, in order of when they left.
type Transfers struct {
	List  []Transfer
	Total uint64 // in the whole interval; more than are listed means that the list was cut
}

// ValueKind says what a Value holds.
type ValueKind uint8

// The kinds of values.
const (
	NoValue ValueKind = iota // null
	NumberValue
	BoolValue
	TextValue
	PairValue
	JSONValue
)

// Value is the value of some field.
type Value struct {
	Kind   ValueKind
	Num    float64 // of numbers; 1 for true
	Second float64 // of pairs
	Text   string  // of texts, and JSON
}

// NumberOf is a number as a value, TextOf a text.
func NumberOf(v float64) Value { return Value{Kind: NumberValue, Num: v} }

// TextOf is a text as a value.
func TextOf(s string) Value { return Value{Kind: TextValue, Text: s} }

// Update is what has changed at a time, or, if it is full, how everything stands: what a full one does not name does
// not exist. Updates are in order of time.
type Update struct {
	T      Time
	Full   bool
	Nodes  []Node
	Links  []Link
	Events []Event // since the update before
	States []State
}
