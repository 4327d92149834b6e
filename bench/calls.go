package bench

import (
	"fmt"

	"github.com/ioverlay/ioverlay/core/engine"
)

// CallCounter is a chain that counts its trips to the kernel: those of the engine in this process.
type CallCounter interface {
	// Calls is what was counted since the chain was built.
	Calls() (engine.Calls, error)
}

// Calls implements CallCounter.
func (c *engineChain) Calls() (engine.Calls, error) {
	calls, err := c.engine.Calls()
	if err != nil {
		return calls, fmt.Errorf("ask the engine for its calls: %w", err)
	}
	return calls, nil
}
