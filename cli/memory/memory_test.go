package memory

import (
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
)

func TestReadMemory(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "64MB": 64e6, "64MiB": 64 << 20, "1.5GiB": 3 << 29, "16 MiB": 16 << 20, "20000000B": 2e7} {
		if got, err := Read(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"64", "1MB", "-1GB", "x", "MB", "NaNMB", "1e9GiB", "64 mb"} {
		if _, err := Read(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// Under a limit on the address space the default shrinks to what fits; what was asked for
// does not, and what does not fit is an error that says what to do.
func TestFitBudget(t *testing.T) {
	const gib, mib = 1 << 30, 1 << 20
	for _, c := range []struct {
		asked, limit, used, want int64
		says                     string
	}{
		{0, 0, 0, bufpool.DefaultBudget, ""},
		{64 * mib, 0, 0, 64 * mib, ""},
		{0, 8 * gib, gib, bufpool.DefaultBudget, ""},
		{0, 2 * gib, gib, 384 * mib, ""},
		{384 * mib, 2 * gib, gib, 384 * mib, ""},
		{400 * mib, 2 * gib, gib, 0, "limited to 2048 MiB (ulimit -v), and it needs 2080 MiB with 400 MiB for messages: raise it (ulimit -v 2129920, or ulimit -v unlimited), or give --memory 384MiB or less"},
		{0, gib + 100*mib, gib, 0, "needs 1312 MiB with 16 MiB for messages: raise it (ulimit -v 1343488"},
	} {
		got, err := fitBudget(c.asked, c.limit, c.used)
		if got != c.want || (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %d, %v", c, got, err)
		}
	}
}
