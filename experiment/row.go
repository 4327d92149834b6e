package experiment

import (
	"github.com/ioverlay/ioverlay/experiment/stats"
)

// Status says how a run ended.
type Status string

// The ends of a run.
const (
	Ok       Status = "ok"
	Violated Status = "expectation" // it ran to its end, and an expectation did not hold
	Failed   Status = "failed"      // it could not be run to its end: a panic, a deadlock, no room
)

// Row is what one run came to: a line of runs.jsonl.
type Row struct {
	Key    string            `json:"key"`   // the same for runs that are the same
	Build  string            `json:"build"` // SHA-256 of the program
	World  string            `json:"world"`
	Levels map[string]string `json:"factors"` // names of levels by factor
	Seed   uint64            `json:"seed"`
	Status Status            `json:"status"`
	Error  string            `json:"error,omitempty"`
	// Values by measure. A run that failed has none.
	Values   map[string]Value `json:"values,omitempty"`
	Warnings []string         `json:"warnings,omitempty"` // what makes the values less than they seem
	WallS    float64          `json:"wall_s"`
}

// Value is what a measure came to in a run.
type Value struct {
	// Value is the number, or the mean if the measure is of several nodes or links; null if
	// there is none, or one of several is missing.
	Value stats.Number `json:"value"`
	Unit  string       `json:"unit,omitempty"`
	Why   string       `json:"why,omitempty"`  // there is no number
	Each  []Each       `json:"each,omitempty"` // of a measure of several
}

// Each is the value of one node or link.
type Each struct {
	Of    string       `json:"of"`
	Value stats.Number `json:"value"`
}
