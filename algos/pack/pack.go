// Package pack is a compact codec for the payloads of control messages. A type says
// once what its fields are, and is written and read by the same method:
//
//	type Join struct {
//		Who   core.NodeID
//		TTL   uint8
//		Peers []core.NodeID
//	}
//
//	func (j *Join) Fields(f *pack.Fields) {
//		f.Node(&j.Who)
//		f.Uint8(&j.TTL)
//		f.Nodes(&j.Peers)
//	}
//
// Fields are written one after another with nothing between them, so reader and writer
// must have the same type: a field that is added changes the format. What must stay
// readable by programs of another version, or by an observer, is better in CBOR
// (algos.NewControl). docs/wire.md, section 9, has the format.
//
// What is read may come from anybody: a payload that is not exactly what a writer would
// have written is an error, never a panic, and makes nobody allocate more than it is
// long times the size of one element of a list. Every value has one form, so equal
// payloads are equal bytes.
package pack

import (
	"errors"
	"fmt"
)

// Body is a payload: a struct whose Fields names its fields, in their order. The method
// is used for writing and for reading, so it must name the same fields whatever they
// hold; only a field that stands before may decide about one behind it.
type Body interface {
	Fields(f *Fields)
}

// BodyOf says that *T is a Body. Generic functions that make a T to read into need it.
type BodyOf[T any] interface {
	*T
	Body
}

// MaxList is how many elements a list may have.
const MaxList = 4096

// ErrMalformed means that a payload is not what the body that it was read into
// requires. All errors of this package wrap it.
var ErrMalformed = errors.New("pack: malformed payload")

// malformed says where. A peer decides how often there is one, so its text is not made
// until somebody asks for it.
type malformed struct {
	field int // from 1; 0: behind the last
	why   string
}

func (e *malformed) Error() string {
	if e.field == 0 {
		return fmt.Sprintf("%v: %s", ErrMalformed, e.why)
	}
	return fmt.Sprintf("%v: field %d: %s", ErrMalformed, e.field, e.why)
}

func (e *malformed) Unwrap() error { return ErrMalformed }

// Append appends a body to dst, and returns the longer slice. It panics if a list has
// more than MaxList elements.
func Append(dst []byte, body Body) []byte {
	var f Fields
	return f.Append(dst, body)
}

// Read reads a whole payload into a body, which should be a zero one: it may be left
// half read. Strings, bytes and lists in it are copies. Errors wrap ErrMalformed.
func Read(payload []byte, body Body) error {
	var f Fields
	return f.Read(payload, body)
}

// Append is the function Append, without an allocation for the Fields. It must not be
// called by a body that is being written or read by the same Fields.
func (f *Fields) Append(dst []byte, body Body) []byte {
	*f = Fields{b: dst}
	body.Fields(f)
	dst = f.b
	*f = Fields{}
	return dst
}

// Read is the function Read, likewise.
func (f *Fields) Read(payload []byte, body Body) error {
	*f = Fields{b: payload, reading: true}
	body.Fields(f)
	if len(f.b) > 0 && f.err == nil {
		f.err = &malformed{why: fmt.Sprintf("%d bytes behind the last field", len(f.b))}
	}
	err := f.err
	*f = Fields{}
	if err != nil {
		return err
	}
	return nil
}
