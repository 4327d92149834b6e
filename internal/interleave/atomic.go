//go:build !interleave

package interleave

import "sync/atomic"

// Aliases, so that there is no difference to compile. The inner ones belong to a data structure that is tested on its own.
type (
	// Bool is a variable whose accesses are steps.
	Bool = atomic.Bool
	// Int64 is a variable whose accesses are steps.
	Int64 = atomic.Int64
	// Uint32 is a variable whose accesses are steps.
	Uint32 = atomic.Uint32
	// InnerBool is one whose accesses are none.
	InnerBool = atomic.Bool
	// InnerUint64 is one whose accesses are none.
	InnerUint64 = atomic.Uint64
)

// Writes says that the caller is about to change something that others can see and that is no atomic variable, such
// as whether a descriptor is readable. In this build it does nothing.
func Writes[T any](*T) {}

// Calls is a field of a data structure with inner variables. It has no size, and in this build its methods do nothing.
type Calls struct{}

// Begin says that a call begins which may change the data structure.
func (*Calls) Begin() {}

// Look says that a call begins which does not.
func (*Calls) Look() {}
