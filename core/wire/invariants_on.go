//go:build race || slabdebug

package wire

// checked turns the framer's own checks on, in the builds in which bufpool traces its references too.
const checked = true
