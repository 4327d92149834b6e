package wire

import "strconv"

// Type says what a message is. 0 is no type. 1 to 255 belong to the engine and the observer, 256 to 1023 to
// the algorithms shipped with iOverlay, 1024 to 32767 to users. The top bit is not part of the type: on the
// wire it marks an IPv6 sender.
type Type uint16

const (
	// FirstAlgorithmType is the first type of the algorithms shipped with iOverlay.
	FirstAlgorithmType Type = 256
	// FirstUserType is the first type that users may give a meaning to.
	FirstUserType Type = 1024
	// MaxType is the last type.
	MaxType Type = senderIs6 - 1
)

// senderIs6 is the bit of the type field that marks an IPv6 sender.
const senderIs6 = 0x8000

// Types that may cross a link, 1 to 127. The values are part of the wire format and never change; the
// comment says who sends it to whom. Names follow section 2.3 of the paper where it names one.
const (
	TypeHello           Type = 1 + iota // dialler to accepter: first frame of a connection, and only there
	TypeData                            // node to node: payload of an application
	TypeBrokenSource                    // node to downstream: this application's source is lost upstream
	TypeBoot                            // node to observer: I am up, give me some hosts
	TypeBootReply                       // observer to node: a random subset of the nodes alive
	TypeRequest                         // observer to node: report your status
	TypeStatus                          // node to observer: buffers, measurements, neighbours
	TypeDeploy                          // observer to node: start an application's source
	TypeTerminateSource                 // observer to node: stop an application's source
	TypeTerminateNode                   // observer to node: stop
	TypeJoin                            // observer to node: join an application's session
	TypeLeave                           // observer to node: leave an application's session
	TypeAnnounce                        // node to node: here is an application's source
	TypeQuery                           // node to node: who can take me into this session?
	TypeQueryAck                        // node to node: the answer to a query
	TypeSetBandwidth                    // observer to node: change an emulated bandwidth
	TypeControl                         // observer to node: for the algorithm, with two parameters
	TypeTrace                           // node to observer: a line for the log
	TypeSessionEnd                      // node to downstream: this application's source has sent its last
	TypePing                            // node to node: send this back; measures latency
	TypePong                            // node to node: a ping's answer
	TypeProbe                           // node to node: one of a train of messages that measures bandwidth
	TypeProbeReport                     // node to node: how a train arrived
	TypeAnswer                          // node to node: the answer to a call, in a message of whatever type
	TypeSetWeight                       // observer to node: the weight of an upstream

	crossingEnd // one past the last type named above

	// TypeBye is the last frame in either direction of a connection; it is never shown to an algorithm. It is the
	// last type of its range, so that a switch finds it among the types that need a closer look.
	TypeBye Type = firstLocal - 1
)

// Local events, 128 to 255. The engine hands them to the algorithm of its own node as messages. They never
// cross a link: a peer that sends one violates the protocol.
const (
	TypeStarted        Type = firstLocal + iota // the node runs
	TypeTimer                                   // a timer that the algorithm asked for
	TypeLinkUp                                  // a link to or from a peer exists
	TypeLinkDown                                // a link is gone
	TypeSendFailed                              // a message could not be delivered to its destination
	TypeUpThroughput                            // measured throughput of a link from an upstream
	TypeDownThroughput                          // measured throughput of a link to a downstream
	TypeSourceEnd                               // a source of this node has nothing more to send
	TypeStopping                                // the node is about to stop
	TypeMeasured                                // the result of a measurement that the algorithm asked for
	TypeLinkStalled                             // a link makes no progress, or its stream has fallen silent
	TypeLinkRecovered                           // a link that was stalled moves again
	TypeWorldUp                                 // every node that the world begins with has started
	TypeDeadlock                                // data that runs in a circle has come to a stop

	localEnd // one past the last local event named above
)

const firstLocal = 128

var crossingNames = [...]string{
	TypeHello: "hello", TypeData: "data", TypeBrokenSource: "broken-source", TypeBoot: "boot",
	TypeBootReply: "boot-reply", TypeRequest: "request", TypeStatus: "status", TypeDeploy: "deploy",
	TypeTerminateSource: "terminate-source", TypeTerminateNode: "terminate-node", TypeJoin: "join",
	TypeLeave: "leave", TypeAnnounce: "announce", TypeQuery: "query", TypeQueryAck: "query-ack",
	TypeSetBandwidth: "set-bandwidth", TypeControl: "control", TypeTrace: "trace",
	TypeSessionEnd: "session-end", TypePing: "ping", TypePong: "pong",
	TypeProbe: "probe", TypeProbeReport: "probe-report", TypeAnswer: "answer", TypeSetWeight: "set-weight",
}

var localNames = [...]string{
	TypeStarted - firstLocal: "started", TypeTimer - firstLocal: "timer", TypeLinkUp - firstLocal: "link-up",
	TypeLinkDown - firstLocal: "link-down", TypeSendFailed - firstLocal: "send-failed",
	TypeUpThroughput - firstLocal: "up-throughput", TypeDownThroughput - firstLocal: "down-throughput",
	TypeSourceEnd - firstLocal: "source-end", TypeStopping - firstLocal: "stopping",
	TypeMeasured - firstLocal: "measured", TypeLinkStalled - firstLocal: "link-stalled",
	TypeLinkRecovered - firstLocal: "link-recovered", TypeWorldUp - firstLocal: "world-up",
	TypeDeadlock - firstLocal: "deadlock",
}

// Local reports whether t is in the range of local events, 128 to 255, which never cross a link.
func (t Type) Local() bool { return t-firstLocal < 256-firstLocal }

// String returns the name of an engine type, such as "broken-source", and the range and number of any other,
// such as "user-1024".
func (t Type) String() string {
	switch {
	case t > 0 && t < crossingEnd:
		return crossingNames[t]
	case t >= firstLocal && t < localEnd:
		return localNames[t-firstLocal]
	case t == TypeBye:
		return "bye"
	case t == 0:
		return "none"
	case t.Local():
		return "local-" + strconv.Itoa(int(t))
	case t < FirstAlgorithmType:
		return "engine-" + strconv.Itoa(int(t))
	case t < FirstUserType:
		return "algorithm-" + strconv.Itoa(int(t))
	case t <= MaxType:
		return "user-" + strconv.Itoa(int(t))
	default:
		return "invalid-" + strconv.Itoa(int(t))
	}
}
