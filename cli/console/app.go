package console

import (
	"io"

	"github.com/ioverlay/ioverlay/scenario"
)

// Streams are the standard input, output and error.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// App is a program under way, as its commands see it.
type App struct {
	Streams
	Name     string             // of the program, as it calls itself
	Command  string             // what its user types to start it
	Args     []string           // exactly as given, the program's name first
	Registry *scenario.Registry // the algorithms that scenarios and nodes can name

	Started bool // the command line was understood and its command began
}
