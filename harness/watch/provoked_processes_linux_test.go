package watch_test

import (
	"net"
	"os"

	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch"
)

// byProcesses are the ways in which it matters which process has a connection.
var byProcesses = map[string]provocation{
	"a process is killed": func(s *scene) expected {
		client, server := s.pair()
		file, err := server.File()
		s.must(err)
		s.must(server.Close())
		child, _ := s.child("held", file, func() {
			_, err := client.Write([]byte("hello"))
			s.must(err)
		})
		s.must(child.Process.Kill())
		child.Wait()
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_ABORT_ON_CLOSE", was: tcp.StateEstablished,
			causes: []string{"killed"}, sure: true, owner: child.Process.Pid, how: watch.AtHand, signal: "SIGKILL", unread: 4, peer: os.Getpid()}
	},
	"a process exits": func(s *scene) expected {
		client, server := s.pair()
		file, err := server.File()
		s.must(err)
		s.must(server.Close())
		child, release := s.child("exits", file, func() {
			_, err := client.Write([]byte("hello"))
			s.must(err)
		})
		s.must(release.Close())
		child.Wait()
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_ABORT_ON_CLOSE", was: tcp.StateEstablished,
			causes: []string{"unread"}, owner: child.Process.Pid, how: watch.AtHand, unread: 4, peer: os.Getpid()}
	},
	"the client aborts what a worker has": func(s *scene) expected {
		file, err := s.listener.File()
		s.must(err)
		var client *net.TCPConn
		child, _ := s.child("worker", file, func() {
			client = s.dial()
			_, err := client.Write([]byte("a"))
			s.must(err)
		})
		s.must(client.SetLinger(0))
		s.must(client.Close())
		return expected{kind: watch.Sent, end: client.LocalAddr().String(), reason: "TCP_STATE", was: tcp.StateEstablished,
			causes: []string{"linger-zero"}, sure: true, owner: os.Getpid(), how: watch.AtHand, call: "close", peer: child.Process.Pid}
	},
}
