//go:build !linux

package bench

import "errors"

// statusBytes needs /proc.
func statusBytes(string) (int64, error) {
	return 0, errors.New("resident memory is read from /proc, which only Linux has")
}
