package sflow

// Stage is a service at work for one session at one node. Its methods are called on the node's loop, and keep nothing of
// what they are given beyond the call unless they copy it.
type Stage interface {
	// Process takes a message that came from one of the steps before, numbered from 0 in their order, and hands on
	// what the service makes of it, as many messages as it likes, with their numbers. What it hands on is copied,
	// but for payload itself under its own number: then the message goes on as it came.
	// An error drops the message, which counts as spoiled.
	Process(input int, seq uint64, payload []byte, emit func(seq uint64, payload []byte)) error
	// End hands on what the service has kept: nothing more comes.
	End(emit func(seq uint64, payload []byte))
}

// Service begins the work for a session with a number of inputs, from 1. A nil Stage passes on what comes, as it
// is and without a copy.
type Service func(inputs int) Stage

// Pass is the service that changes nothing.
func Pass(int) Stage { return nil }

// Join is the service that hands on one message of each number, the last to come, once all inputs have brought it: where
// branches meet that change nothing. Of the numbers that only some inputs bring, it forgets all but the latest joinWindow.
func Join(inputs int) Stage {
	if inputs == 1 {
		return nil
	}
	return &join{inputs: inputs, seen: make(map[uint64]int)}
}

// joinWindow is how many numbers a Join waits for.
const joinWindow = 4096

type join struct {
	inputs int
	seen   map[uint64]int // inputs that have brought a number
	order  []uint64       // the numbers, in the order in which they came
}

func (j *join) Process(_ int, seq uint64, payload []byte, emit func(uint64, []byte)) error {
	if j.seen[seq]++; j.seen[seq] == 1 {
		if j.order = append(j.order, seq); len(j.order) > joinWindow {
			delete(j.seen, j.order[0])
			j.order = j.order[1:]
		}
	}
	if j.seen[seq] == j.inputs {
		emit(seq, payload)
		delete(j.seen, seq)
	}
	return nil
}

func (j *join) End(func(uint64, []byte)) {}
