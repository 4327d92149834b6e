// Package apps holds sources and sinks: the applications that produce and
// consume the payload of data messages (paper, section 2.2). They know nothing
// of algorithms: a source's messages meet the algorithm of its node like
// messages from upstream, and an algorithm hands a sink what has arrived.
//
// What the sources here send can be checked by the [Checker] here, byte for
// byte. The payload of a message is
//
//	offset 0   8 bytes   intended send time, ns of Node.Now; 0 if unpaced
//	offset 8   8 bytes   check: hash of the body, mixed with sequence number and time
//	offset 16  rest      body: pseudo-random bytes
//
// and a payload too short for that is counted by its sequence number alone.
package apps
