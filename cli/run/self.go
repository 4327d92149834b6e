package run

import "github.com/ioverlay/ioverlay/internal/subprocess"

// Self is the command line that makes a process of a node of this program: for commands that run scenarios in the proc
// world.
func Self() ([]string, error) { return subprocess.Self(childCommand) }
