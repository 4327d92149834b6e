//go:build !race && !slabdebug

package wire

// checked turns the framer's own checks on; in this build they compile to nothing.
const checked = false
