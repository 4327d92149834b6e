package perf

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Call is one kind of trip to the kernel in the measured window. It is counted, not sampled.
type Call struct {
	// Name says which calls they are, "read" for example.
	Name string `json:"call"`
	// Count is how many there were, or that there were at least so many.
	Count   uint64 `json:"count"`
	AtLeast bool   `json:"at_least,omitempty"`
	// PerMessage is Count for each message-hop.
	PerMessage float64 `json:"per_message"`
	// MeanBytes is what a call moved on average, in bytes; 0 for calls that move none.
	MeanBytes float64 `json:"mean_bytes,omitempty"`
}

// AddCall adds a kind of call to the report: count of them in the window, which moved bytes in all.
func (r *Report) AddCall(name string, count, bytes uint64) {
	c := Call{Name: name, Count: count, PerMessage: float64(count) / float64(r.Messages)}
	if count > 0 {
		c.MeanBytes = float64(bytes) / float64(count)
	}
	r.Calls = append(r.Calls, c)
}

// AddCallAtLeast is AddCall for what can only be bounded from below.
func (r *Report) AddCallAtLeast(name string, count uint64) {
	r.AddCall(name, count, 0)
	r.Calls[len(r.Calls)-1].AtLeast = true
}

func (r *Report) callTable() string {
	t := newTable("", 2, 3, 4)
	t.AppendHeader(table.Row{"system calls, counted", "a message", "bytes each", "count"})
	for _, c := range r.Calls {
		bytes, least := "", ""
		if c.MeanBytes > 0 {
			bytes = fmt.Sprintf("%.0f", c.MeanBytes)
		}
		if c.AtLeast {
			least = "≥ "
		}
		t.AppendRow(table.Row{c.Name, least + fmt.Sprintf("%.4f", c.PerMessage), bytes, least + fmt.Sprint(c.Count)})
	}
	return strings.TrimRight(t.Render(), "\n") + "\n"
}
