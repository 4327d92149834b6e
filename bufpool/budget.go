package bufpool

import "fmt"

// Need describes a configuration whose worst case Options.Budget should cover.
type Need struct {
	Loops      int // event loops
	Links      int // links with traffic at the same time; an idle link owns no slab
	QueueBytes int // the send queue of one link, in bytes
	SlabSize   int // as in Options; 0 means DefaultSlabSize
	MaxFrame   int // the largest frame, header included, in bytes; 0 means that every frame fits in a standard slab
}

// Bytes is the most bytes of blocks that the configuration holds at once: a sum with one line for each holder, so that
// whoever adds a holder adds a line. All links are taken to be at their limits at the same time.
//
// A queue's bytes are taken to lie next to each other in their slabs, as they do when they come from few upstreams. A
// queue of small messages each from another slab pins more than is counted here; the budget then refuses slabs, which
// pauses reading, until some are sent.
//
// It panics if a field is negative or asks for a slab larger than MaxSize.
func (n Need) Bytes() int64 {
	n.check()
	std := n.class(n.SlabSize)
	slab, queue, frame := int64(std.block()), n.queue(std), int64(n.class(n.MaxFrame).block())
	loops, links := int64(n.Loops), int64(n.Links)

	var sum int64
	sum += loops * slab             // read slab: what the loop reads into this turn
	sum += loops * slab             // build slab: messages that the loop's algorithms are making
	sum += loops * slab             // source slab: a loop lets its sources produce one a turn, when it is idle
	sum += links * queue            // send queue: views that wait for the socket
	sum += links * queue            // held messages: charged to their link's buffer, which has the same limit
	sum += links * max(slab, frame) // unfinished frame: what a link has received of its next message
	return sum
}

func (n Need) check() {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"Loops", n.Loops}, {"Links", n.Links}, {"QueueBytes", n.QueueBytes}, {"SlabSize", n.SlabSize},
		{"MaxFrame", n.MaxFrame},
	} {
		if f.value < 0 {
			panic(fmt.Sprintf("bufpool: Need.%s is %d; it cannot be negative", f.name, f.value))
		}
	}
}

// class is that of slabs with size usable bytes; 0 means a standard one.
func (n Need) class(size int) class {
	if size == 0 {
		size = n.SlabSize
	}
	if size == 0 {
		size = DefaultSlabSize
	}
	c, ok := classFor(size)
	if !ok {
		panic(fmt.Sprintf("bufpool: Need asks for a slab of %d bytes; the largest has %d", size, MaxSize))
	}
	return c
}

// queue is the bytes of blocks that one queue pins: the slabs it fills, and one more because it may begin and end
// within one. A limit of 0 is no queue.
func (n Need) queue(std class) int64 {
	if n.QueueBytes == 0 {
		return 0
	}
	usable := int64(std.usable())
	slabs := (int64(n.QueueBytes)-1)/usable + 2
	return slabs * int64(std.block())
}
