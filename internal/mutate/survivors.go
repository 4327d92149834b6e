package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// known is the list of survivors that are understood: why no test can tell them from the original.
type known map[string]string

// readKnown reads lines "KEY  # reason". A file that is not there is an empty list.
func readKnown(file string) (known, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return known{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	k := known{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, reason, ok := strings.Cut(line, "  # ")
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: no reason: want KEY, two spaces, #, and why no test can tell it from the original", file, n)
		}
		k[strings.TrimSpace(key)] = reason
	}
	return k, lines.Err()
}
