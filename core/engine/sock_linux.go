package engine

import "golang.org/x/sys/unix"

// keepIdle is the option for how long a peer may say nothing before it is probed.
const keepIdle = unix.TCP_KEEPIDLE

func socketCloexec(family int) (int, error) {
	return unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
}

func acceptCloexec(fd int) (int, unix.Sockaddr, error) {
	for {
		c, from, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != unix.EINTR && err != unix.ECONNABORTED {
			return c, from, err
		}
	}
}
