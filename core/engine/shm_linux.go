package engine

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
)

// How two processes of one host come to share memory. Names of Unix sockets are
// abstract: they are not files, end with their process, and are those of one network
// namespace, as TCP's addresses are. Packets keep their borders.
//
// Who is at the other end is proved by the system (SO_PEERCRED): only processes of one
// user share memory. A name that another user has taken makes the lanes go by TCP.

// shmSeals keep a ring's memory as large as it is, so that no access to it can fail.
const shmSeals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL

// unmappedUser is whom the kernel names for users of another user namespace.
const unmappedUser = 65534

// shmName is where a listener at an address meets those of its host.
func shmName(id core.NodeID) string { return "\x00ioverlay-ring-1:" + id.String() }

func shmSocket() (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	return fd, nil
}

// listenShm makes the Unix socket of a listener that is bound; nil if it has none.
func (l *listener) listenShm() (*listener, error) {
	at := core.NodeIDFrom(l.bound)
	if l.bound.Addr().IsUnspecified() && l.id.Port() == at.Port() {
		at = l.id
	}
	if !at.Dialable() || needsZone(at.AddrPort().Addr()) {
		return nil, nil
	}
	fd, err := shmSocket()
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: shmName(at)}); err != nil {
		return nil, errors.Join(fmt.Errorf("bind: %w", err), unix.Close(fd))
	}
	if err := unix.Listen(fd, listenBacklog); err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), unix.Close(fd))
	}
	return &listener{fd: fd, id: l.id, bound: l.bound, meets: true}, nil
}

// sameUser checks that the other end of a Unix socket is a process of our user.
func sameUser(fd int) error {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	switch {
	case err != nil:
		return fmt.Errorf("SO_PEERCRED: %w", err)
	case int(c.Uid) != unix.Geteuid() || c.Uid == unmappedUser:
		return fmt.Errorf("the peer is user %d and this process user %d: only processes of one user share memory", c.Uid, unix.Geteuid())
	}
	return nil
}

// refuseFiles keeps others from passing descriptors, which the system may take long to
// close, where it can be told so (Linux 6.16).
func refuseFiles(fd int) {
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSRIGHTS, 0)
}

// meetShm connects to a listener of this host; unix.ECONNREFUSED means that there is
// none.
func meetShm(to core.NodeID) (int, error) {
	fd, err := shmSocket()
	if err != nil {
		return -1, err
	}
	refuseFiles(fd)
	if err = unix.Connect(fd, &unix.SockaddrUnix{Name: shmName(to)}); err == nil {
		err = sameUser(fd)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// newRing makes the memory of a ring of so many bytes: a descriptor to pass on and close,
// and the mapping.
func newRing(size int) (memfd int, mem []byte, err error) {
	memfd, err = unix.MemfdCreate("ioverlay-ring", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return -1, nil, fmt.Errorf("memfd_create: %w", err)
	}
	if err = unix.Ftruncate(memfd, int64(ringHeader+size)); err == nil {
		_, err = unix.FcntlInt(uintptr(memfd), unix.F_ADD_SEALS, shmSeals)
	}
	if err == nil {
		mem, err = mapRing(memfd, size)
	}
	if err != nil {
		return -1, nil, errors.Join(fmt.Errorf("make a ring: %w", err), unix.Close(memfd))
	}
	return memfd, mem, nil
}

func mapRing(memfd, size int) ([]byte, error) {
	mem, err := unix.Mmap(memfd, 0, ringHeader+size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mmap: %w", err)
	}
	return mem, nil
}

// openRing maps the memory that a peer has passed, once it is sure that no access to it
// can fail: it is memory, not a file, of the size that was said, and stays so.
func openRing(memfd, size int) ([]byte, error) {
	seals, err := unix.FcntlInt(uintptr(memfd), unix.F_GET_SEALS, 0)
	if err != nil {
		return nil, fmt.Errorf("what was passed is no memory: F_GET_SEALS: %w", err)
	}
	if seals&shmSeals != shmSeals {
		return nil, fmt.Errorf("the memory can change its size: it has the seals %#x, want %#x", seals, shmSeals)
	}
	var st unix.Stat_t
	switch err := unix.Fstat(memfd, &st); {
	case err != nil:
		return nil, fmt.Errorf("fstat: %w", err)
	case st.Size != int64(ringHeader+size):
		return nil, fmt.Errorf("the memory has %d bytes: a ring of %d needs %d", st.Size, size, ringHeader+size)
	}
	var fs unix.Statfs_t
	switch err := unix.Fstatfs(memfd, &fs); {
	case err != nil:
		return nil, fmt.Errorf("fstatfs: %w", err)
	case int64(fs.Type) != unix.TMPFS_MAGIC: // hugetlbfs has seals too
		return nil, fmt.Errorf("the memory is of file system %#x: its pages may be missing when they are touched", fs.Type)
	}
	return mapRing(memfd, size)
}

// sendOffer passes a ring's memory.
func sendOffer(fd, memfd, size int) error {
	if err := unix.Sendmsg(fd, appendOffer(nil, size), unix.UnixRights(memfd), nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL); err != nil {
		return fmt.Errorf("offer a ring: %w", err)
	}
	return nil
}

// takeOffer reads an offer and maps its memory. The error is unix.EAGAIN if there is
// none yet.
func takeOffer(fd int) (mem []byte, err error) {
	var data [offerSize + 1]byte
	control := make([]byte, unix.CmsgSpace(4)) // the kernel closes what does not fit
	n, got, _, _, err := unix.Recvmsg(fd, data[:], control, unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return nil, err
	}
	fds := rightsOf(control[:got])
	defer closeForeign(fds)
	size, err := parseOffer(data[:n])
	if err != nil {
		return nil, err
	}
	if len(fds) != 1 {
		return nil, fmt.Errorf("%w: it comes with %d descriptors, want 1", errOffer, len(fds))
	}
	return openRing(fds[0], size)
}

// rightsOf lists the descriptors in control messages, which the caller has to close.
func rightsOf(control []byte) (fds []int) {
	msgs, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil // it was written by the kernel
	}
	for i := range msgs {
		if more, err := unix.ParseUnixRights(&msgs[i]); err == nil {
			fds = append(fds, more...)
		}
	}
	return fds
}

// closeForeign closes descriptors of whatever somebody else chose. Closing memory takes
// no time, and what else there is may take as long as its maker likes.
func closeForeign(fds []int) {
	for _, fd := range fds {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0); err == nil {
			_ = unix.Close(fd)
			continue
		}
		go func() { _ = unix.Close(fd) }()
	}
}

// wordsOf are the words at the start of a ring's memory, and bytesOf its bytes.
func wordsOf(mem []byte) *ringWords { return (*ringWords)(unsafe.Pointer(&mem[0])) }

func bytesOf(mem []byte) []byte { return mem[ringHeader:len(mem):len(mem)] }

var _ = [1]struct{}{}[max(0, int(unsafe.Sizeof(ringWords{}))-ringHeader)] // the words fit
