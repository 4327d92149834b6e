package stream

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/ioverlay/ioverlay/apps/stream"
	"github.com/ioverlay/ioverlay/apps/stream/endpoint"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/peer"
)

// saySource reports what a source has counted.
func saySource(to io.Writer, format string, c stream.SourceCounts) error {
	if format == console.FormatJSON {
		return json.NewEncoder(to).Encode(c)
	}
	_, err := fmt.Fprintf(to, "media %d  repair %d  sent %d  dropped %d  junk %d bytes\n", c.Media, c.Repair, c.Sent, c.Dropped, c.Junk)
	return err
}

// sinkReport is what a sink has counted, and its output.
type sinkReport struct {
	Node string `json:"node"`
	stream.SinkCounts
	MeanDelay float64 `json:"mean_delay_s"`
	Viewers   int     `json:"viewers"`
	Unread    uint64  `json:"unread"` // transport packets that readers did not get
}

func saySink(to io.Writer, format string, n *peer.Node, c stream.SinkCounts, out *endpoint.Output) error {
	r := sinkReport{Node: n.ID().String(), SinkCounts: c, MeanDelay: meanDelay(c).Seconds()}
	if out != nil {
		r.Viewers, r.Unread = out.Readers(), out.Dropped()
	}
	if format == console.FormatJSON {
		return json.NewEncoder(to).Encode(r)
	}
	_, err := fmt.Fprintf(to, "played %d (%.1f MB)  lost %d in %d gaps of %.0f ms  late %d  repaired %d  delay %.0f ms, at most %.0f  unread %d\n",
		c.Played, float64(c.Bytes)/1e6, c.Lost, c.Gaps, ms(time.Duration(c.SumGap)), c.Late, c.Repaired, ms(meanDelay(c)), ms(time.Duration(c.MaxDelay)), r.Unread)
	return err
}

func meanDelay(c stream.SinkCounts) time.Duration {
	if c.Played == 0 {
		return 0
	}
	return time.Duration(c.SumDelay / int64(c.Played))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
