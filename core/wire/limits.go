package wire

import "github.com/ioverlay/ioverlay/bufpool"

// Version is the version of the wire format that this package speaks. It is stated in the hello.
const Version = 1

// HeaderSize is the length in bytes of every frame's header. The paper fixes 24 (section 2.2).
const HeaderSize = 24

// addr6Size is what an IPv6 sender adds to the front of the payload, in bytes.
const addr6Size = 16

// DefaultMaxPayload is the largest payload in bytes, as counted in the size field, that a node accepts
// unless it is configured otherwise. 1 MiB leaves room for any sensible block of a file or a coded
// generation, and bounds what one peer can make us assemble.
const DefaultMaxPayload = 1 << 20

// MaxPayloadLimit is the largest maximum that can be configured, in bytes: a frame has to fit the largest slab. It
// also keeps every offset in a slab inside an int32.
const MaxPayloadLimit = bufpool.MaxSize - HeaderSize

// MaxAuth is the largest authentication field of a hello, in bytes. Version 1 sends none; the bound leaves
// room for a signature with its public key.
const MaxAuth = 256

// MaxHello is the largest hello frame in bytes, header included. Until a stranger has sent a valid hello
// it is never given more memory than this.
const MaxHello = HeaderSize + addr6Size + helloFixed + MaxAuth

// carryMax is the longest unfinished tail, in bytes, that is carried in front of the next read. Copying up
// to 8 KiB twice costs less than the system call that an assembly block's exact read would add.
const carryMax = 8 << 10
