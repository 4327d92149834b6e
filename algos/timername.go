package algos

import (
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
)

// TimerName implements core.TimerNamer: all timers of AfterFunc and Every are one of the node's, so its id says nothing to who wrote them.
// Of that one it names the function that is called next, and where that is.
func (b *Base) TimerName(id uint64) string {
	if id != kitTimer || b.kit == nil || len(b.kit.timers.heap) == 0 {
		return ""
	}
	t := &b.kit.timers.slots[b.kit.timers.heap[0].slot]
	if t.call != 0 {
		return "which is the timeout of a call"
	}
	//ioverlay:impure a name, for a message to whoever wrote the function
	fn := runtime.FuncForPC(reflect.ValueOf(t.fn).Pointer())
	if fn == nil {
		return ""
	}
	//ioverlay:impure likewise
	name, method := strings.CutSuffix(fn.Name(), "-fm")
	if name = path.Base(name); method { // a method value: the compiler's own function, which is in no file
		return "which calls " + name
	}
	//ioverlay:impure likewise
	file, line := fn.FileLine(fn.Entry())
	return fmt.Sprintf("which calls %s (%s:%d)", name, filepath.Base(file), line)
}
