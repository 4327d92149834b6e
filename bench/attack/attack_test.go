package attack

import (
	"strings"
	"testing"
	"time"
)

// The table has a row for each attack, and no message of the stream may arrive wrong.
func TestTable(t *testing.T) {
	text := Table([]Result{{Attack: "none, before", Messages: 1000, OfQuiet: 1, Peak: 30e6}, {Attack: "garbage", Attempts: 600, PerS: 100, Messages: 900, OfQuiet: 0.9, Peak: 31e6, Grown: 1e6, Corrupt: 3}})
	for _, want := range []string{"none, before", "garbage", "600", "0.90", "31.0"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// Attacks begin and end with quiet, so that what one has left behind is seen.
func TestAttacksEndInQuiet(t *testing.T) {
	list := attacks(Spec{Silent: 10, Duration: time.Second})
	if first, last := list[0].name, list[len(list)-1].name; first != "none, before" || last != "none, after" {
		t.Errorf("the first is %q and the last %q", first, last)
	}
}
