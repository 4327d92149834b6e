// Package toy is changed by the tests of the tool.
package toy

// Clamp is v, but at least 0 and at most most.
func Clamp(v, most int) int {
	if v < 0 {
		return 0
	}
	if v > most {
		v = most
	}
	return v
}

// Watched says true and calls fn, which no test looks at.
func Watched(fn func()) bool {
	fn()
	return true
}
