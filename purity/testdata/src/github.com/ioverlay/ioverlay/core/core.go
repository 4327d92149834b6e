// Package core has as much of the real one as the analyzer looks at.
package core

import (
	"math/rand/v2"
	"time"
)

type (
	Msg     struct{ frame []byte }
	Verdict int
	NodeID  string
	Node    struct{ rng *rand.Rand }
	Supply  struct{}
)

const (
	Done Verdict = iota
	Hold
)

func (m *Msg) Payload() []byte    { return m.frame }
func (m *Msg) Frame() []byte      { return m.frame }
func (m *Msg) Seq() uint64        { return 0 }
func (m *Msg) SetSeq(uint64)      {}
func (m *Msg) SetParams(a, b int) {}
func (m *Msg) From() NodeID       { return "" }

func (n *Node) Send(m *Msg, dest NodeID)                   {}
func (n *Node) NewMsg(t int, app uint32, s int) *Msg       { return &Msg{} }
func (n *Node) Clone(m *Msg) *Msg                          { return m }
func (n *Node) Retain(m *Msg)                              {}
func (n *Node) Release(m *Msg)                             {}
func (n *Node) After(d time.Duration, id uint64)           {}
func (n *Node) Now() time.Duration                         { return 0 }
func (n *Node) Rand() *rand.Rand                           { return n.rng }
func (n *Node) Pull(to NodeID, app uint32, fn func() bool) {}
