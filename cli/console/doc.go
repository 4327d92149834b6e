// Package console is what all commands of a program share: its streams, how a command line ends, what is told of a
// mistake, how far the work is.
//
//	app.go          the program under way
//	execute.go      one command line: Ctrl-C, the last words, the exit code
//	outcome.go      exit codes, and the errors that stand for them
//	unknown.go      words that name no command, and the help of those that do
//	format.go       --format, and values of flags
//	name.go         the program's name, in what is said of it
//	algorithm.go    --algorithm and --param
//	hang.go         --hang-after
//	files.go        directories that --out names
//	progress.go     the bar on a terminal; line_cutter.go keeps it on one line
//	itself.go       whether this program can start itself again
//	version.go      what the program was built from
package console
