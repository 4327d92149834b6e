package core

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
)

// Config.Strict: what an algorithm may not do with a message is noticed.
//
// An algorithm gets no view of a slab but a copy, of every message that it is handed or
// makes. What it makes is put into the slab by the first Send. When the message is not
// its own any more, the copy is compared with what is in the slab and overwritten with
// poison, and the Msg is never used again. So
//
//   - a write after Send, or into a message that came from elsewhere, panics when the call that did
//     it is over, and reaches nobody;
//   - a Msg that was kept has no bytes, and whoever touches it panics;
//   - a payload that was kept is poison, and one that was not written to the end has poison in it: the run
//     takes another way than one that is not strict.
//
// Messages are shown one by one. The hot path has nothing of this but comparisons with
// states that it does not expect anyway.

// poison fills what is nobody's; bufpool has the same byte.
const poison = 0xDB

// Misuse is the value of a node's Crash if its algorithm did with a message what it may not do. Some of it every shard finds,
// such as a message that is sent, set or released when it is not the node's any more; a strict one finds the rest.
type Misuse string

// Error implements error.
func (m Misuse) Error() string { return string(m) }

// strict is the algorithm of a node in a strict shard.
type strict struct {
	Algorithm
	shard *Shard
}

// Unwrap implements Wrapper.
func (a *strict) Unwrap() Algorithm { return a.Algorithm }

// Process implements Algorithm.
func (a *strict) Process(m *Msg) Verdict {
	if m.made { // settleMade looks at it
		return a.Algorithm.Process(m)
	}
	slab, one := m.slab, a.shard.one
	if one != m { // one that the switch has handed out before, such as a held message
		return a.Algorithm.Process(m)
	}
	slab.Retain() // the lane may end in the call
	defer slab.Release()
	m.frame, m.alone = bytes.Clone(m.frame), true
	v := a.Algorithm.Process(m)
	if a.shard.one != m || v == Hold {
		return v // Release looks at it
	}
	bad := m.disown()
	m.state, m.frame, m.alone = msgFree, nil, false
	a.shard.one = nil // a struct that was kept never shows another message
	if bad != "" {
		panic(Misuse(bad))
	}
	return v
}

// draft makes a message that was made here the algorithm's own copy.
func (m *Msg) draft() {
	at := m.frame
	m.frame = bytes.Clone(at)
	m.alone, m.loose = true, true
	if m.state == msgCurrent {
		m.state = msgDraft
	}
}

// publish puts a draft into its slab: with the first Send its bytes are final.
func (m *Msg) publish() {
	copy(m.inSlab(), m.frame)
	m.loose = false
	if m.state == msgDraft {
		m.state = msgCurrent
	}
}

// inSlab is the message as others see it.
func (m *Msg) inSlab() []byte { return m.slab.Bytes()[m.off : int(m.off)+len(m.frame)] }

// disown ends the algorithm's use of its copy, and says what was wrong with it, or "".
func (m *Msg) disown() (bad string) {
	if !m.alone { // the switch's own
		return ""
	}
	if final := m.inSlab(); m.sent || !m.made {
		for i := range m.frame {
			if m.frame[i] != final[i] {
				bad = fmt.Sprintf("core: byte %d of a message of type %v, made by %v, was written to after it had been sent here or elsewhere (%#02x became %#02x): "+
					"write before Send, or Clone it", i, m.Type(), m.Sender(), final[i], m.frame[i])
				break
			}
		}
	}
	blot(m.frame)
	return bad
}

func blot(b []byte) {
	for i := range b {
		b[i] = poison
	}
}

// madeForAlgorithm is called for what NewMsg, Clone and events hand out.
func (s *Shard) madeForAlgorithm(m *Msg) *Msg {
	if s.cfg.Strict {
		m.draft()
	}
	return m
}

// explain says what a panic of the Go runtime inside of a Msg means in a strict shard.
func explain(v any, stack []byte) any {
	err, ok := v.(runtime.Error)
	if !ok {
		return v
	}
	lines := strings.Split(string(stack), "\n")
	thrown := -1
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") {
			thrown = i
		}
	}
	for i := thrown + 2; thrown >= 0 && i < len(lines); i += 2 { // a function and its file
		switch f := lines[i]; {
		case strings.HasPrefix(f, "runtime."), strings.HasPrefix(f, "encoding/binary."):
			continue
		case strings.Contains(f, "/core/wire."), strings.Contains(f, "/core.(*Msg)."):
			return Misuse(fmt.Sprintf("core: a message was used after the Process call it belonged to: Retain it, return Hold, or copy what is needed (%v)", err))
		}
		break
	}
	return v
}
