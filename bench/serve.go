package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrOrphaned ends a point whose parent is gone.
var ErrOrphaned = errors.New("standard input ended: the process that asked for this point is gone")

// ServePoint is the child's side of Process: it measures the point that specJSON describes in this process and writes
// it to stdout. The end of stdin ends the measurement. It is called once in the life of a process, since a
// goroutine of it may go on waiting for stdin.
func ServePoint(ctx context.Context, kinds []Kind, specJSON string, stdin io.Reader, stdout io.Writer) error {
	spec, err := decodeSpec(specJSON)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		// Nothing is ever sent this way. If reading fails the parent cannot be watched, which is treated alike.
		_, err := io.Copy(io.Discard, stdin)
		cancel(errors.Join(ErrOrphaned, err))
	}()
	point, err := RunPoint(ctx, kinds, spec)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode(point); err != nil {
		return fmt.Errorf("write the point: %w", err)
	}
	return nil
}

func decodeSpec(text string) (Spec, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var s Spec
	if err := decoder.Decode(&s); err != nil {
		return Spec{}, fmt.Errorf("%w: %q: %w", ErrSpec, text, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Spec{}, fmt.Errorf("%w: %q: there is more than one JSON object", ErrSpec, text)
	}
	return s, nil
}
