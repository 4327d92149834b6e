package console

import "testing"

// stuck is a writer that nobody reads.
type stuck struct{}

func (stuck) Write([]byte) (int, error) { select {} }

// A process ends even if nobody reads its last words.
func TestLastWordsDoNotWaitForEver(*testing.T) { sayAtLast(stuck{}, "last words") }
