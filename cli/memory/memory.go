// Package memory says how much memory messages may take, and whether that fits under a limit on the address
// space (ulimit -v). The Go runtime ends a process that finds no memory with a fatal error of its own, in the middle
// of its work, so it is found out before the work begins.
package memory

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/cli/console"
)

// Help is the help of --memory.
const Help = "memory for messages on their way, such as 64MB or 1GiB; peers wait when it is used up; default 1GiB, or what fits under the limit on the address space (ulimit -v)"

const (
	// leastMemory is enough for a link's buffers and two of the largest messages beside
	// them; with less, peers wait for each other most of the time.
	leastMemory = 16 << 20
	mostMemory  = 1 << 40

	// runtimeShare is what the Go runtime may take for a byte in use, before it collects
	// what is not (GOGC=100), and runtimeSpare what else a process asks for when it works:
	// stacks, threads (8 MiB of address space each), the reserve and the runtime's arenas
	// (64 MiB each).
	runtimeShare = 2
	runtimeSpare = 256 << 20
)

var sizeUnits = []struct {
	name  string
	bytes float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}}

// Read reads --memory; 0 if it is not given.
func Read(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	for _, u := range sizeUnits {
		number, is := strings.CutSuffix(text, u.name)
		if !is {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if b := n * u.bytes; err == nil && b >= leastMemory && b <= mostMemory {
			return int64(b), nil
		}
		break
	}
	return 0, console.Usage("memory", text, "an amount such as 64MB, 256MiB or 1GiB, from 16MiB to 1TiB")
}

// Budget is the memory for messages: what --memory says, or the default, or what is
// left of it under the limit on the address space. What does not fit is an error.
func Budget(memory string) (int64, error) {
	asked, err := Read(memory)
	if err != nil {
		return 0, err
	}
	limit, used := addressSpace()
	return fitBudget(asked, limit, used)
}

// fitBudget is Budget for a process that uses so much of its address space, of which
// it may have limit bytes; 0 is no limit.
func fitBudget(asked, limit, used int64) (int64, error) {
	budget := asked
	if asked == 0 {
		budget = bufpool.DefaultBudget
	}
	if limit == 0 {
		return budget, nil
	}
	fits := (limit - used - runtimeSpare) / runtimeShare
	if asked == 0 && fits >= leastMemory {
		return min(budget, fits), nil
	}
	if asked == 0 {
		budget = leastMemory
	}
	if budget <= fits {
		return budget, nil
	}
	need := used + runtimeSpare + runtimeShare*budget
	advice := fmt.Sprintf("raise it (ulimit -v %d, or ulimit -v unlimited)", (need+1023)/1024)
	if asked != 0 && fits >= leastMemory {
		advice += fmt.Sprintf(", or give --memory %dMiB or less", fits>>20)
	}
	return 0, fmt.Errorf("the address space of this process is limited to %s (ulimit -v), and it needs %s with %s for messages: %s",
		mebibytes(limit), mebibytes(need), mebibytes(budget), advice)
}

func mebibytes(n int64) string { return fmt.Sprintf("%.0f MiB", math.Ceil(float64(n)/(1<<20))) }

// Fits checks, for a command whose engines have the default budget, that there
// is room for it.
func Fits() error {
	limit, used := addressSpace()
	if budget, err := fitBudget(0, limit, used); err != nil || budget == bufpool.DefaultBudget {
		return err
	}
	need := used + runtimeSpare + runtimeShare*bufpool.DefaultBudget
	return fmt.Errorf("the address space of this process is limited to %s (ulimit -v), and its engines may need %s: raise it (ulimit -v %d, or ulimit -v unlimited)",
		mebibytes(limit), mebibytes(need), (need+1023)/1024)
}
