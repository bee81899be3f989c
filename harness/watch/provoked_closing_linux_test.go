package watch_test

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch"
)

// byClosing are the ways in which a call of a connection's owner resets it.
var byClosing = map[string]provocation{
	"close with bytes unread": func(s *scene) expected {
		client, server := s.pair()
		s.say(client, server, "hello", 1)
		s.must(server.Close())
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_ABORT_ON_CLOSE", was: tcp.StateEstablished,
			causes: []string{"unread"}, owner: os.Getpid(), how: watch.AtHand, call: "close", unread: 4, peer: os.Getpid()}
	},
	"the client closes with bytes unread": func(s *scene) expected {
		client, server := s.pair()
		s.say(server, client, "hello", 2)
		s.must(client.Close())
		return expected{kind: watch.Sent, end: client.LocalAddr().String(), reason: "TCP_ABORT_ON_CLOSE", was: tcp.StateEstablished,
			causes: []string{"unread", "left-early"}, owner: os.Getpid(), how: watch.AtHand, call: "close", unread: 3, peer: os.Getpid()}
	},
	"bytes and a FIN unread": func(s *scene) expected {
		client, server := s.pair()
		s.say(client, server, "hello", 1)
		s.must(client.CloseWrite())
		await(s, server, unix.POLLRDHUP)
		s.must(server.Close())
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_ABORT_ON_CLOSE", was: tcp.StateCloseWait,
			causes: []string{"unread"}, owner: os.Getpid(), how: watch.AtHand, call: "close", unread: 4, peer: os.Getpid()}
	},
	"SO_LINGER 0": func(s *scene) expected {
		client, server := s.pair()
		s.say(client, server, "hello", 5)
		s.must(server.SetLinger(0))
		s.must(server.Close())
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_STATE", was: tcp.StateEstablished,
			causes: []string{"linger-zero"}, owner: os.Getpid(), how: watch.AtHand, call: "close", peer: os.Getpid()}
	},
	"connect(AF_UNSPEC)": func(s *scene) expected {
		client, server := s.pair()
		s.say(client, server, "hello", 5)
		end := client.LocalAddr().String()
		control(s, client, func(fd int) error {
			var unspecified unix.RawSockaddr // AF_UNSPEC is 0
			_, _, errno := syscall.Syscall(syscall.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&unspecified)),
				unsafe.Sizeof(unspecified))
			if errno != 0 {
				return errno
			}
			return nil
		})
		return expected{kind: watch.Sent, end: end, reason: "TCP_STATE", was: tcp.StateEstablished, causes: []string{"disconnected"},
			sure: true, owner: os.Getpid(), how: watch.AtHand, call: "connect", peer: os.Getpid()}
	},
	"the listener is closed": func(s *scene) expected {
		client := s.dial()
		s.must(s.listener.Close())
		return expected{kind: watch.Sent, end: client.RemoteAddr().String(), reason: "TCP_STATE", was: tcp.StateEstablished,
			causes: []string{"listener-closed"}, sure: true, owner: os.Getpid(), how: watch.AtHand, call: "close", peer: os.Getpid()}
	},
	"the client aborts before accept": func(s *scene) expected {
		client := s.dial()
		s.must(client.SetLinger(0))
		s.must(client.Close())
		return expected{kind: watch.Sent, end: client.LocalAddr().String(), reason: "TCP_STATE", was: tcp.StateEstablished,
			causes: []string{"linger-zero", "health-check", "left-before-accept"}, owner: os.Getpid(), how: watch.AtHand, call: "close", peer: -1}
	},
}
