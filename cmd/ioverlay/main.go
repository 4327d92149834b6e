// Command ioverlay runs, measures and controls iOverlay nodes. See "ioverlay --help".
package main

import "os"

func main() {
	os.Exit(run(os.Args, streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}
