package bench

import (
	"fmt"
	"os"
	"strings"
)

// statusBytes reads a field of this process's status that is in kB, in bytes.
func statusBytes(field string) (int64, error) {
	const file = "/proc/self/status"
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("read the memory of this process: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, field+": %d kB", &kib); n == 1 {
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("read the memory of this process: no %s in %s", field, file)
}
