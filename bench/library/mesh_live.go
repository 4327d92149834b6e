package library

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/algos/mesh"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

const (
	meshLiveNodes = 30
	meshLiveBytes = 4_000_000
)

// meshLive sends a file of 4 MB to 30 nodes in the engine, over TCP, with the bandwidths of the nodes in virtual time. Every node has
// a copy of its own, which is compared byte by byte in the end.
func meshLive(ctx context.Context, o Options) (rows []Row, err error) {
	o.tell("mesh, %d nodes, live", meshLiveNodes)
	file := newMeshFile(meshLiveBytes)
	least := meshBound(file.Size, meshLiveNodes)
	e, err := engine.New(engine.Options{Seed: o.Seed, Links: engine.TCP})
	if err != nil {
		return nil, err
	}
	defer func() {
		e.Close()
		if held := e.Pool().Held(); held != 0 {
			err = errors.Join(err, fmt.Errorf("the engine ended with %d slabs still held", held))
		}
	}()
	began := time.Now()
	done := make([]atomic.Int64, meshLiveNodes) // when a node had all, since then; 0: not yet
	copies := make([]*mesh.Copy, meshLiveNodes)
	source, err := e.AddNode(mesh.New(meshApp, file.whole), engine.NodeOptions{})
	if err != nil {
		return nil, err
	}
	limit := func(n *engine.Node, up emul.Rate) error {
		return n.Do(func(n *core.Node) { n.SetBandwidth(emul.Bandwidth{Up: up, Down: meshDown * up}) })
	}
	err = limit(source, meshSource)
	nodes := []*engine.Node{source}
	for i := range copies {
		copies[i] = file.Empty()
		x := mesh.New(meshApp, copies[i])
		x.OnBlock = func(int) {
			if x.Have().Full() {
				done[i].Store(int64(time.Since(began)))
			}
		}
		x.AddHost(nodes[core.Rand(o.Seed^uint64(i)).IntN(len(nodes))].ID())
		if err != nil {
			return nil, err
		}
		n, err2 := e.AddNode(x, engine.NodeOptions{})
		if err2 != nil {
			return nil, err2
		}
		err = limit(n, meshUp[i%len(meshUp)])
		nodes = append(nodes, n)
	}
	if err != nil {
		return nil, err
	}
	e.AllUp()
	took := make([]float64, meshLiveNodes)
	for range int(20 * least / time.Second) {
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
		for i := range took {
			if took[i] = time.Duration(done[i].Load()).Seconds(); took[i] == 0 {
				took[i] = math.Inf(1)
			}
		}
		if !slices.Contains(took, math.Inf(1)) {
			break
		}
	}
	right := 0
	for i, n := range nodes[1:] {
		if err := n.Do(func(*core.Node) {
			if bytes.Equal(copies[i].Bytes(), file.whole.Bytes()) {
				right++
			}
		}); err != nil {
			return nil, err
		}
	}
	slices.Sort(took)
	claim := func(what, unit string, atLeast *float64, figure float64) {
		rows = append(rows, Claim{Overlay: "mesh", What: what, Unit: unit, AtLeast: atLeast}.Measured(Live, meshLiveNodes, o.Seed, figure))
	}
	claim("share of the nodes that have the file, byte by byte (4 MB)", "", bound(1), float64(right)/meshLiveNodes)
	claim("least time in which all can have it, by the uplinks", "s", nil, least.Seconds())
	claim("time after which 50% have it", "s", nil, took[meshLiveNodes/2-1])
	claim("time after which all have it, of the least", "", nil, took[meshLiveNodes-1]/least.Seconds())
	return rows, nil
}
