package file

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/ioverlay/ioverlay/apps/file"
	"github.com/ioverlay/ioverlay/apps/file/disk"
	"github.com/ioverlay/ioverlay/cli/console"
)

// sourceReport is what a source has counted.
type sourceReport struct {
	Transfer string `json:"transfer"`
	Blocks   int    `json:"blocks"`
	Left     int    `json:"left"` // of the round under way
	Came     bool   `json:"came"` // somebody has, to whom it could be sent
	file.SourceCounts
}

func saySource(to io.Writer, format string, src *file.Source) error {
	left, _ := src.Left()
	r := sourceReport{Transfer: src.ID().String(), Blocks: src.Blocks(), Left: left, Came: src.Came(), SourceCounts: src.Counts()}
	if format == console.FormatJSON {
		return json.NewEncoder(to).Encode(r)
	}
	if !r.Came {
		_, err := fmt.Fprintf(to, "nobody has come yet, and nothing was sent  polls %d\n", r.Polls)
		return err
	}
	_, err := fmt.Fprintf(to, "sent %d blocks (%.1f MB), %d of them again  round %d, %d left  requests %d  receivers with all %d\n",
		r.Sent, float64(r.Bytes)/1e6, r.Repeated, r.Rounds, r.Left, r.Requests, r.Whole)
	return err
}

// sinkReport is what a sink has counted, and its transfers.
type sinkReport struct {
	Node string `json:"node"`
	file.SinkCounts
	Transfers []transferReport `json:"transfers"`
}

type transferReport struct {
	Transfer string  `json:"transfer"`
	Path     string  `json:"path"` // where it is now
	Length   int64   `json:"length"`
	Blocks   int     `json:"of"`   // in all
	Have     int     `json:"have"` // of them, those that are there
	Had      int     `json:"had"`  // of them, those that were there before
	Whole    bool    `json:"whole"`
	SHA256   string  `json:"sha256"`
	Seconds  float64 `json:"seconds"` // from the first message to the verified file
}

func saySink(to io.Writer, format, node string, dir *disk.Dir, sink *file.Sink) error {
	r := sinkReport{Node: node, SinkCounts: sink.Counts(), Transfers: []transferReport{}}
	for _, t := range sink.Transfers() {
		m := t.Manifest()
		whole, part := dir.Path(m)
		o := transferReport{Transfer: t.ID().String(), Path: part, Length: m.Length, Blocks: m.Blocks(), Have: t.Have().Count(), Had: t.Had(),
			Whole: t.Whole(), SHA256: fmt.Sprintf("%x", m.Sum), Seconds: t.Took().Seconds()}
		if o.Whole {
			o.Path = whole
		}
		r.Transfers = append(r.Transfers, o)
	}
	if format == console.FormatJSON {
		return json.NewEncoder(to).Encode(r)
	}
	for _, t := range r.Transfers {
		how := "on its way"
		if t.Whole {
			how = fmt.Sprintf("whole after %.1f s, SHA-256 %s", t.Seconds, t.SHA256)
		}
		if _, err := fmt.Fprintf(to, "%s  %d of %d blocks, %d of them from before  %s\n", t.Path, t.Have, t.Blocks, t.Had, how); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(to, "blocks %d (%.1f MB)  duplicate %d  bad %d  no room %d  requests %d  not needed %d\n",
		r.SinkCounts.Blocks, float64(r.Bytes)/1e6, r.Duplicate, r.Bad, r.Busy, r.Requests, r.Suppressed)
	return err
}
