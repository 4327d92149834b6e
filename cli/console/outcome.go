package console

import (
	"context"
	"errors"
	"fmt"
)

// The exit codes of a program, which its help documents.
const (
	ExitOK          = 0
	ExitViolation   = 1
	ExitUsage       = 2
	ExitFailed      = 3
	ExitInterrupted = 130 // 128 + SIGINT, as shells report it
)

// Outcomes of a command that are not failures of doing it. An error that wraps none of them means ExitFailed, or
// ExitUsage if it is a mistake in the command line or a file that it names, or came before the command began.
var (
	ErrViolation   = errors.New("messages were lost, out of order or damaged")
	ErrMissed      = errors.New("what was measured is not what was asked for")
	ErrNotSent     = errors.New("the order was not sent")
	ErrRefused     = errors.New("the observer refuses")
	ErrExpectation = errors.New("an expectation did not hold, or could not be measured")
	ErrDiffer      = errors.New("the traces differ")
	ErrImpure      = errors.New("an algorithm is impure: runs of one seed are not the same")
	ErrMisuse      = errors.New("an algorithm did with a message what it may not do")
	ErrInterrupted = errors.New("interrupted")
)

// usageError says which flag has a value that is not allowed, and what is.
type usageError struct {
	flag, value, allowed string
}

// Usage is the error of a flag's value that is not allowed: it says what is.
func Usage(flag, value, allowed string) error { return &usageError{flag, value, allowed} }

func (e *usageError) Error() string {
	return fmt.Sprintf("--%s %q: allowed: %s", e.flag, e.value, e.allowed)
}

// Wrong is the error of a command line that is wrong in another way than a flag's value: it says what is allowed.
func Wrong(format string, args ...any) error { return &fileError{fmt.Errorf(format, args...)} }

// fileError is a mistake in a file that was named on the command line.
type fileError struct{ error }

// InFile marks an error as a mistake in a file that was named on the command line, which is wrong usage.
func InFile(err error) error { return &fileError{err} }

func (e *fileError) Unwrap() error { return e.error }

// Interruption is an error that came after Ctrl-C.
func Interruption(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrInterrupted) {
		return ErrInterrupted
	}
	return fmt.Errorf("%w: %w", ErrInterrupted, err)
}

// ExitCode is what a command's error, which is not nil, comes to.
func (a *App) ExitCode(err error) int {
	var wrong *usageError
	var mistake *fileError
	var noCommand *unknownCommandError
	switch {
	case errors.As(err, &wrong) || errors.As(err, &mistake) || errors.As(err, &noCommand) || !a.Started:
		return ExitUsage
	case errors.Is(err, ErrViolation), errors.Is(err, ErrMissed), errors.Is(err, ErrNotSent), errors.Is(err, ErrRefused), errors.Is(err, ErrDiffer), errors.Is(err, ErrImpure), errors.Is(err, ErrMisuse), errors.Is(err, ErrExpectation):
		return ExitViolation
	case errors.Is(err, ErrInterrupted):
		return ExitInterrupted
	default:
		return ExitFailed
	}
}
