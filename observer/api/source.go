package api

import (
	"context"
	"errors"

	"github.com/ioverlay/ioverlay/observer"
	"github.com/ioverlay/ioverlay/record"
)

// Modes of a Source.
const (
	ModeLive      = "live"      // an overlay that runs
	ModeRecording = "recording" // one that ran
	ModeSim       = "sim"       // one that ran in virtual time
)

// ErrNoHistory is what errors wrap about times that a Source does not know, or no longer.
var ErrNoHistory = errors.New("no history of that time")

// Source is an overlay as it can be shown. It is safe for concurrent use. Errors that wrap ErrNoHistory are the asker's;
// others are the Source's own. What it returns is shared and only to be read.
type Source interface {
	Meta(ctx context.Context) (Meta, error)

	// Snapshot is how everything stood at a time, after all that happened then; Latest is now, or the end.
	Snapshot(ctx context.Context, at record.Time) (*record.Update, error)

	// Updates calls fn with each update after from and not after to, in order, until it returns false.
	Updates(ctx context.Context, from, to record.Time, fn func(*record.Update) bool) error

	// Events calls fn with each event from a time to another, both included, in order, until it returns false; States the
	// same of states.
	Events(ctx context.Context, from, to record.Time, fn func(*record.Event) bool) error
	States(ctx context.Context, from, to record.Time, fn func(*record.State) bool) error

	// Series is the values of a field over time, reduced to at most so many points that keep what stands out. Field is the
	// path in the JSON of a node or link: "in", "queued.msgs", "apps.1.rate", "lost.out.0", "metrics.lookups".
	Series(ctx context.Context, q SeriesQuery) (Series, error)

	// Transfers are single messages that left from a time to another. A Source without any returns none.
	Transfers(ctx context.Context, from, to record.Time, limit int) (record.Transfers, error)

	// Log is the last lines of the log, newest last.
	Log(ctx context.Context, limit int) ([]LogLine, error)
}

// Latest is the time of a Snapshot that is to be the newest.
const Latest record.Time = 1<<63 - 1

// Live is a Source that goes on.
type Live interface {
	Source
	// Subscribe begins to follow: the first thing that Next returns is how everything stands.
	Subscribe() Subscription
}

// Subscription follows a Live source. It is used by one goroutine.
type Subscription interface {
	// Next waits for what comes next: a full update at first and after a gap, else a change. A reader that is too slow
	// misses changes: dropped is how many updates lie between the one before and this one, which is full then.
	Next(ctx context.Context) (u *record.Update, dropped int, err error)
	Close()
}

// Controller is a Source that can be told what to do.
type Controller interface {
	// Control sends a command. By is who gave it, for the log. Errors that wrap observer.ErrCommand are the asker's.
	Control(ctx context.Context, c *observer.Command, by string) ([]observer.Result, error)
}

// ErrNotNow is what errors wrap about orders that do not fit how things stand, and ErrRefused about those that are never
// obeyed here.
var (
	ErrNotNow  = errors.New("not now")
	ErrRefused = errors.New("refused")
)

// Recorder is a Source of which recordings can be begun and ended while it goes on. It says where they are written.
type Recorder interface {
	Recording() Recording
	// StartRecording and StopRecording say how things stand then. By is who asked, for the log. Errors that wrap ErrNotNow or
	// ErrRefused are the asker's.
	StartRecording(ctx context.Context, by string) (Recording, error)
	StopRecording(ctx context.Context, by string) (Recording, error)
}

// Recording is whether what is shown is recorded, and how that goes, or went the last time.
type Recording struct {
	Can     bool     `json:"can"` // it may be asked for
	Running bool     `json:"running"`
	File    string   `json:"file,omitempty"`
	Begin   *Seconds `json:"begin,omitempty"` // nil: there was none yet
	Bytes   int64    `json:"bytes"`           // of the file, so far
	Filled  int64    `json:"filled"`          // files that were full before this one
	Lost    uint64   `json:"lost"`            // updates that are not in it
	Error   string   `json:"error,omitempty"` // why it ended by itself
}

// Meta is what a Source is.
type Meta struct {
	Mode     string   `json:"mode"`
	Title    string   `json:"title"`
	Version  string   `json:"version"` // of this program
	ReadOnly bool     `json:"readOnly"`
	Begin    Seconds  `json:"begin"` // the first time that can be asked for
	End      Seconds  `json:"end"`   // the last, or now
	EpochMS  int64    `json:"epochUnix,omitempty"`
	Poll     Seconds  `json:"poll,omitempty"`
	Nodes    int      `json:"nodes"`
	Links    int      `json:"links"`
	Control  []string `json:"control"` // actions that may be asked for
	Has      Has      `json:"has"`

	Twin bool `json:"twin,omitempty"` // a second source is beside this one, at /api/v1/twin/

	Observer     string        `json:"observer,omitempty"` // address that nodes are given, of a live one
	Scenario     string        `json:"scenario,omitempty"` // its text
	Expectations []Expectation `json:"expectations,omitempty"`
}

// Has says what a Source has.
type Has struct {
	Transfers bool `json:"transfers"`
	States    bool `json:"states"`
	Places    bool `json:"places"`
}

// Expectation is one of a scenario and what came of it.
type Expectation struct {
	Text string `json:"text"`
	Held bool   `json:"held"`
}

// Seconds is a time or a duration in JSON.
type Seconds = record.Time

// SeriesQuery asks for the values of one field.
type SeriesQuery struct {
	Link     bool   // of a link, else of a node
	Node     uint32 // index of the node, or of the link's beginning
	Peer     uint32 // index of the link's end
	Field    string
	From, To record.Time // Latest: until now
	Points   int         // at most
}

// Series is values over time. A value that is NaN says that there is none from then on; in JSON it is null.
type Series struct {
	T []record.Time
	V []float64
}

// LogLine is a line of the log.
type LogLine struct {
	T    Seconds `json:"t"`
	At   string  `json:"at,omitempty"` // time of day, RFC 3339
	Kind string  `json:"kind"`
	Node string  `json:"node,omitempty"` // address
	Name string  `json:"name,omitempty"`
	By   string  `json:"by,omitempty"`
	Text string  `json:"text"`
}
