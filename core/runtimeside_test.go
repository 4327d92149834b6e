package core_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/ioverlay/ioverlay/core"
)

// What only a runtime may do is not on the type that algorithms get, and nothing on that
// type leads to one that has it: called from within Process it would corrupt the switch.
func TestAlgorithmsHaveATypeOfTheirOwn(t *testing.T) {
	node := reflect.TypeFor[*core.Node]()
	sw := reflect.TypeFor[*core.Switch]()
	for _, name := range []string{"Accept", "Accepts", "Algorithm", "Call", "Deliver", "Fire", "Kill", "Node", "RuntimeData",
		"SetRuntimeData", "Shard", "Start", "TellDeadlock", "TellStopping", "TellWorldUp"} {
		if _, has := node.MethodByName(name); has {
			t.Errorf("algorithms have %s, which is the runtime's", name)
		}
		if _, has := sw.MethodByName(name); !has {
			t.Errorf("the runtime has no %s any more: this test does not know what is its own now", name)
		}
	}
	runtimes := []reflect.Type{sw, reflect.TypeFor[*core.Shard](), reflect.TypeFor[*core.InLane](), reflect.TypeFor[*core.OutLane](),
		reflect.TypeFor[*core.Link](), reflect.TypeFor[core.Runtime](), reflect.TypeFor[core.InTransport](), reflect.TypeFor[core.OutTransport]()}
	for m := range node.Methods() {
		for in := range m.Type.Ins() {
			if slices.Contains(runtimes, in) {
				t.Errorf("algorithms' %s takes a %v", m.Name, in)
			}
		}
		for out := range m.Type.Outs() {
			if slices.Contains(runtimes, out) {
				t.Errorf("algorithms' %s returns a %v", m.Name, out)
			}
		}
	}
	for f := range node.Elem().Fields() {
		if f.IsExported() {
			t.Errorf("algorithms can write the field %s", f.Name)
		}
	}
}
