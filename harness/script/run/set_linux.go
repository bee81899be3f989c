package run

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/script"
)

// set sets an option.
func set(fd int, call script.Call) error {
	value := func(level, name, n int) error { return unix.SetsockoptInt(fd, level, name, n) }
	on := 0
	if call.On {
		on = 1
	}
	seconds := int(call.Time / time.Second)
	switch call.Option {
	case script.Nonblocking:
		return unix.SetNonblock(fd, call.On)
	case script.NoDelay:
		return value(unix.IPPROTO_TCP, unix.TCP_NODELAY, on)
	case script.Cork:
		return value(unix.IPPROTO_TCP, unix.TCP_CORK, on)
	case script.ReuseAddr:
		return value(unix.SOL_SOCKET, unix.SO_REUSEADDR, on)
	case script.Linger:
		return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER,
			&unix.Linger{Onoff: int32(on), Linger: int32(seconds)})
	case script.Keepalive:
		return keepalive(fd, call, on, seconds)
	case script.UserTimeout:
		return value(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(call.Time.Milliseconds()))
	case script.Linger2:
		return value(unix.IPPROTO_TCP, unix.TCP_LINGER2, seconds)
	case script.RcvTimeo, script.SndTimeo:
		name := map[script.Option]int{script.RcvTimeo: unix.SO_RCVTIMEO, script.SndTimeo: unix.SO_SNDTIMEO}[call.Option]
		limit := unix.NsecToTimeval(int64(call.Time))
		return unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, name, &limit)
	case script.RcvBuf:
		return value(unix.SOL_SOCKET, unix.SO_RCVBUF, call.N)
	case script.SndBuf:
		return value(unix.SOL_SOCKET, unix.SO_SNDBUF, call.N)
	case script.RcvLowat:
		return value(unix.SOL_SOCKET, unix.SO_RCVLOWAT, call.N)
	case script.SynCnt:
		return value(unix.IPPROTO_TCP, unix.TCP_SYNCNT, call.N)
	case script.DeferAccept:
		return value(unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, call.N)
	}
	return unix.ENOPROTOOPT
}

// keepalive sets its times first: switching it on starts the timer (tcp(7)).
func keepalive(fd int, call script.Call, on, seconds int) error {
	if call.On {
		for _, option := range []struct{ name, value int }{
			{unix.TCP_KEEPIDLE, seconds},
			{unix.TCP_KEEPINTVL, int(call.Every / time.Second)},
			{unix.TCP_KEEPCNT, call.N},
		} {
			if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, option.name, option.value); err != nil {
				return err
			}
		}
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, on)
}
