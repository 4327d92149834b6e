package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// counter writes what reads the processor's counter of time.
func counter() {
	TEXT("counter", NOSPLIT, "func() uint64")
	Doc("counter returns the processor's counter of time, when all that comes before is done.")
	LFENCE()
	RDTSC()
	SHLQ(U8(32), RDX)
	ORQ(RDX, RAX)
	Store(RAX, ReturnIndex(0))
	RET()
}
