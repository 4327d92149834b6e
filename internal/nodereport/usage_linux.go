package nodereport

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// peakRSS reads VmHWM, in bytes. The ru_maxrss of getrusage will not do: it survives exec, and a child that was
// started with vfork, as Go does, begins with the peak of its parent.
func peakRSS(*unix.Rusage) (int64, error) {
	const file = "/proc/self/status"
	status, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("read the peak memory of this process: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		var kib int64
		if n, _ := fmt.Sscanf(lines.Text(), "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10, nil
		}
	}
	return 0, errors.Join(errors.New("read the peak memory of this process: no VmHWM in "+file), lines.Err())
}
