package host

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/mesh"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// newMesh is a mesh of blocks among the nodes that come to know each other by bootstrap, or by the links of the scenario.
// The file is made of the parameters alone, so that every process has its hashes.
func newMesh() Algorithm {
	const size, block, file, start, peers, inFlight, batch, round = "size", "block", "file", "start", "peers", "in-flight", "batch", "round"
	const empty, whole, app = "empty", "whole", 1
	const mostSize, leastBlock, mostBlock = 1 << 30, 256, 1 << 20
	d := mesh.New(app, nil)
	params := []spec.Param{
		{Name: size, Kind: spec.Whole, Default: 1_000_000, About: "Bytes of the file, from 1 to 1073741824."},
		{Name: block, Kind: spec.Whole, Default: 16 << 10, About: "Bytes of a block, from 256 to 1048576; the file has up to 65536."},
		{Name: file, Kind: spec.Whole, Default: 1, About: "Which file: its contents are drawn from this number."},
		{Name: start, Kind: spec.Text, Default: empty, About: "What of the file a node has when it starts: empty, or whole."},
		{Name: peers, Kind: spec.Whole, Default: d.Peers, About: "A node looks for peers until it has so many, from 1 to 255."},
		{Name: inFlight, Kind: spec.Whole, Default: d.InFlight, About: "Most blocks that a peer is asked for at once, from 1 to 255."},
		{Name: batch, Kind: spec.Time, Default: d.Batch, About: "How long blocks that have come are gathered before peers are told."},
		{Name: round, Kind: spec.Time, Default: d.Round, About: "How often a node looks for peers, and for those that do not answer, from 1ms."},
		{Name: timeout, Kind: spec.Time, Default: d.Timeout, About: "How long an answer, or a block, may take, from 1ms."},
	}
	return Algorithm{Name: "mesh", Params: params, New: func(e Env) (core.Algorithm, error) {
		bytes, each, begin := e.Params.Int(size), e.Params.Int(block), e.Params.Text(start)
		x := mesh.New(app, nil)
		x.Peers, x.InFlight = e.Params.Int(peers), e.Params.Int(inFlight)
		x.Batch, x.Round, x.Timeout = e.Params.Time(batch), e.Params.Time(round), e.Params.Time(timeout)
		switch {
		case bytes < 1 || bytes > mostSize:
			return nil, outOfRange(size, bytes, "a number from 1 to 1073741824")
		case each < leastBlock || each > mostBlock || (bytes+each-1)/each > algos.MaxBits:
			return nil, outOfRange(block, each, fmt.Sprintf("a number from 256 to 1048576, with which %d bytes have up to %d blocks", bytes, algos.MaxBits))
		case begin != empty && begin != whole:
			return nil, outOfRange(start, begin, "empty or whole")
		case x.Peers < 1 || x.Peers > 255:
			return nil, outOfRange(peers, x.Peers, "a number from 1 to 255")
		case x.InFlight < 1 || x.InFlight > 255:
			return nil, outOfRange(inFlight, x.InFlight, "a number from 1 to 255")
		case x.Round < time.Millisecond:
			return nil, outOfRange(round, x.Round, "1ms or more")
		case x.Timeout < time.Millisecond:
			return nil, outOfRange(timeout, x.Timeout, "1ms or more")
		}
		data := meshFile(bytes, e.Params.Int(file))
		sums := mesh.Split(data, each)
		if x.File = sums.Empty(); begin == whole {
			x.File = sums.Whole(data)
		}
		for _, id := range e.Downstreams {
			x.AddHost(id)
		}
		return x, nil
	}}
}

// meshFile is the file of a number: the same in every process.
func meshFile(bytes, number int) []byte {
	data := make([]byte, bytes)
	dice := rand.New(rand.NewPCG(uint64(number), 0))
	for at := 0; at < len(data); at += 8 {
		var eight [8]byte
		binary.LittleEndian.PutUint64(eight[:], dice.Uint64())
		copy(data[at:], eight[:])
	}
	return data
}
