package perf

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Report says where the CPU time of a measured window went. All times are CPU
// time unless they say wall. It is a plain value; its methods do not change it.
type Report struct {
	// Title is the first line of the table; Run takes it from its options.
	Title string `json:"title,omitempty"`

	// Messages is the number of message-hops of the window: each message counts
	// once for each link that it crossed.
	Messages uint64 `json:"messages"`
	// CPU is what the process used in the window as its operating system counts,
	// and Wall how long the window was (0 if not known).
	CPU  time.Duration `json:"cpu_ns"`
	Wall time.Duration `json:"wall_ns,omitempty"`
	// NsPerMessage is CPU divided by Messages.
	NsPerMessage float64 `json:"ns_per_message"`

	// Samples is how many samples the profile has, Period the CPU time that each
	// stands for, and Coverage is Samples*Period/CPU: near 1 if none were lost.
	Samples  int64         `json:"samples"`
	Period   time.Duration `json:"period_ns"`
	Coverage float64       `json:"coverage"`
	// Unknown is how many samples of Other no rule knew.
	Unknown int64 `json:"unknown_samples"`

	// UserShare is all samples outside system calls and the Go scheduler and
	// netpoller. UserMode is all outside system calls. Kernel is the rest of that.
	UserShare Share `json:"user_share"`
	UserMode  Share `json:"user_mode"`
	Kernel    Share `json:"kernel"`

	// OSUserPercent is the user part of the CPU time as the operating system
	// counts it (getrusage), to hold UserMode against; 0 if not known. It is another
	// estimate, not the truth: most Linux kernels count whole clock ticks, and a tick
	// that falls due on the way back from a system call is counted as user.
	OSUserPercent float64 `json:"os_user_percent,omitempty"`

	// Rows has one row for each of Categories, in their order; their Samples add
	// up to the report's.
	Rows []Row `json:"rows"`

	// Calls are the trips to the kernel in the window, if somebody counted them.
	Calls []Call `json:"calls,omitempty"`

	// ProfilePath is where Run saved the raw profile, if it did.
	ProfilePath string `json:"profile,omitempty"`
}

// Row is one category's part.
type Row struct {
	Category Category `json:"category"`
	Share
	// UserPercent is the part of Percent that counts to the user share.
	UserPercent float64 `json:"user_percent"`
	// Top are the functions with most samples, most first: for kernel samples
	// the caller that a rule recognised, for the others the innermost function.
	Top []Function `json:"top,omitempty"`
}

// Function is one function's part in a category.
type Function struct {
	Name    string  `json:"function"`
	Samples int64   `json:"samples"`
	Percent float64 `json:"percent"` // of all samples, as Row.Percent
}

// Row returns the row of a category. It panics if there is none such.
func (r *Report) Row(c Category) Row {
	for _, row := range r.Rows {
		if row.Category == c {
			return row
		}
	}
	panic("perf: the report has no category " + string(c))
}

// WriteJSON writes the report as one indented JSON object. Besides the figures
// it has the counts from which they can be computed again.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("perf: writing the report: %w", err)
	}
	return nil
}
