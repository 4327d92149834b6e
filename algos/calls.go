package algos

import "github.com/ioverlay/ioverlay/core"

// call is one that is open.
type call struct {
	number uint32 // 0: the slot is free
	timer  uint32 // slot of its timeout
	typ    core.Type
	peer   core.NodeID
	fn     func(*core.Msg, error)
}

// calls are the open calls of a node, by number: the slot of a call is its number modulo
// the length of the table, a power of two. A number whose slot is taken is left out, so a
// call is found at once, and there is no map.
type calls struct {
	slots []call
	open  int
	last  uint32 // number that was given last; 0: none yet
	stats CallStats
}

// fewCalls is the length of the smallest table.
const fewCalls = 8

// maxNumber is the last number: those in a message are signed, and 0 asks for nothing.
const maxNumber = 1<<31 - 1

func (cs *calls) slot(number uint32) *call { return &cs.slots[number&uint32(len(cs.slots)-1)] }

// find is an open call, or nil.
func (cs *calls) find(number uint32) *call {
	if len(cs.slots) == 0 || number == 0 {
		return nil
	}
	if e := cs.slot(number); e.number == number {
		return e
	}
	return nil
}

// add takes the next number that has a slot. The call is valid until the next add.
func (cs *calls) add() *call {
	if 2*cs.open >= len(cs.slots) {
		cs.resize(max(fewCalls, 2*len(cs.slots)))
	}
	for {
		cs.last = cs.last%maxNumber + 1
		if e := cs.slot(cs.last); e.number == 0 {
			e.number = cs.last
			cs.open++
			return e
		}
	}
}

// resize makes the table longer. Calls that had slots of their own still have.
func (cs *calls) resize(length int) {
	before := cs.slots
	cs.slots = make([]call, length)
	for _, e := range before {
		if e.number != 0 {
			*cs.slot(e.number) = e
		}
	}
}

func (cs *calls) remove(e *call) {
	*e = call{}
	if cs.open--; cs.open == 0 && len(cs.slots) > 8*fewCalls {
		cs.slots = nil // many calls at once are no reason to keep their memory
	}
}

// to are the numbers of the calls to a node, about in the order in which they were made.
func (cs *calls) to(peer core.NodeID) (numbers []uint32) {
	for i := range uint32(len(cs.slots)) {
		if e := cs.slot(cs.last + 1 + i); e.number != 0 && e.peer == peer {
			numbers = append(numbers, e.number)
		}
	}
	return numbers
}
