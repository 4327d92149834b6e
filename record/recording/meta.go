package recording

import "github.com/ioverlay/ioverlay/record"

// Meta is what a recording says of itself at its beginning.
type Meta struct {
	Format   int      `json:"format"` // the version of the format; the writer sets it
	Title    string   `json:"title,omitempty"`
	World    string   `json:"world"`              // sim, live, proc, or observer
	Scenario string   `json:"scenario,omitempty"` // the text of the scenario's file
	File     string   `json:"file,omitempty"`     // its name
	Seed     *uint64  `json:"seed,omitempty"`
	Every    float64  `json:"poll,omitempty"`      // s between two looks at all nodes
	Epoch    *int64   `json:"epochUnix,omitempty"` // ms since 1970 at time 0; nil in virtual time
	Program  string   `json:"program,omitempty"`   // that wrote it, with its version
	Command  []string `json:"command,omitempty"`
	// Transfers says that single transfers of messages are recorded.
	Transfers bool `json:"transfers,omitempty"`
}

// End is what it says at its end.
type End struct {
	Ended        record.Time   `json:"end"` // of the run
	Stopped      bool          `json:"stopped,omitempty"`
	Expectations []Expectation `json:"expectations,omitempty"`
	// Dropped is how many transfers happened and are not in the file.
	Dropped uint64 `json:"droppedTransfers,omitempty"`
}

// Expectation is what was expected of the run, and whether it held.
type Expectation struct {
	Text string `json:"text"`
	Held bool   `json:"held"`
}

// Block is what is known of a block without reading it.
type Block struct {
	Begin, End record.Time // times of its first and last update
	First      record.Time // the earliest time of anything in it but transfers
	Updates    uint64
	NodeCells  uint64 // values of nodes that changed
	LinkCells  uint64
	Events     uint64
	States     uint64
	Transfers  uint64
	// MinLeft and MaxLeft are when its first and last transfers left.
	MinLeft, MaxLeft record.Time

	offset int64 // in the file
	size   int64 // with its head
}
