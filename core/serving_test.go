package core

import (
	"testing"

	"github.com/ioverlay/ioverlay/core/wire"
)

// typeOf reads what package wire reads.
func TestServing(t *testing.T) {
	for _, sender := range []string{"10.0.0.1:7001", "[2001:db8::1]:7001"} {
		id, err := ParseNodeID(sender)
		if err != nil {
			t.Fatal(err)
		}
		for _, typ := range []Type{wire.TypeData, wire.TypeTimer, wire.FirstAlgorithmType, wire.FirstUserType, 0x7fff} {
			frame := make([]byte, wire.HeaderLen(id))
			wire.PutHeader(frame, wire.Header{Type: typ, Sender: id})
			if got, want := typeOf(frame), wire.TypeOf(frame); got != want || got != typ {
				t.Errorf("a frame of %v from %s: typeOf says %v, package wire %v", typ, sender, got, want)
			}
		}
	}
}
