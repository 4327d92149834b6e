// Package coding is linear and random linear network coding over GF(2^8).
package coding
