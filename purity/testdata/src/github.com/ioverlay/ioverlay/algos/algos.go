// Package algos has as much of the real one as the analyzer looks at.
package algos

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
)

type Base struct{ *core.Node }

func (b *Base) Process(m *core.Msg) core.Verdict           { return core.Done }
func (b *Base) Known() []core.NodeID                       { return nil }
func (b *Base) AfterFunc(d time.Duration, fn func())       {}
func (b *Base) Disseminate(m *core.Msg, to ...core.NodeID) {}

func (b *Base) Every(d time.Duration, fn func())             {}
func (b *Base) OnUp(fn func())                               {}
func (b *Base) Handle(t int, fn func(*core.Msg))             {}
func (b *Base) Bind(n *core.Node)                            { b.Node = n }
func On[T any](b *Base, t int, fn func(m *core.Msg, body T)) {}
