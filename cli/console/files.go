package console

import (
	"errors"
	"fmt"
	"os"
)

// MakeOut makes the directory of --out.
func MakeOut(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory for results, --out %q: %w", dir, err)
	}
	return nil
}

// TryOut makes the directory of --out and finds out whether files can be made in it: minutes of work later would be a
// bad time to learn that they cannot.
func TryOut(dir string) error {
	if err := MakeOut(dir); err != nil {
		return err
	}
	return TryDirectory(dir, "--out "+dir)
}

// TryDirectory makes a file and takes it away again. flag is what asks for files there.
func TryDirectory(dir, flag string) error {
	file, err := os.CreateTemp(dir, ".ioverlay-*")
	if err == nil {
		err = errors.Join(file.Close(), os.Remove(file.Name()))
	}
	if err != nil {
		return fmt.Errorf("write into the directory of %s: %w", flag, err)
	}
	return nil
}
