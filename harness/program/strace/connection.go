package strace

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// SocketArguments are those of strace for a log of a program that is made into
// [Log.Connections]: the calls that open, use and close sockets, of every thread
// and child. The program stays what this process starts, and strace is a process
// beside it; the path of the log comes next.
func SocketArguments() []string {
	const calls = "socket,accept,accept4,connect,getsockname,getpeername,setsockopt,getsockopt,shutdown,close," +
		"read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,sendfile,splice,io_uring_setup,io_uring_enter"
	return []string{"-DD", "-f", "-q", "-ttt", "-T", "-y", "-s", "16", "--seccomp-bpf", "-e", "trace=" + calls,
		"-e", "signal=none", "-A", "-o"}
}

// A Connection is a TCP socket that was connected or accepted, and what was
// called on it.
type Connection struct {
	Socket uint64 // its inode
	// Local and Remote are its ends, as its calls name them. One that none names
	// is not valid.
	Local, Remote netip.AddrPort
	Accepted      bool
	Calls         []Call // from connect or accept on
}

// Connections returns the TCP connections of a log, by their first calls. Of
// sockets that the log shows no origin of, nothing is told.
func (l *Log) Connections() []*Connection {
	s := sockets{tcp: map[uint64]bool{}, local: map[uint64]netip.AddrPort{}, connected: map[uint64]*Connection{}}
	for _, call := range l.Calls {
		s.take(call)
	}
	return s.list
}

// sockets are those of a log as it is read, by their inodes.
type sockets struct {
	tcp       map[uint64]bool
	local     map[uint64]netip.AddrPort // of those that are not connected
	connected map[uint64]*Connection
	list      []*Connection
}

// take takes the next call.
func (s *sockets) take(call Call) {
	made, first := created(call), call.First()
	switch {
	case call.Name == "socket" && made != 0:
		delete(s.connected, made) // its number may be another's once more
		delete(s.local, made)
		s.tcp[made] = strings.HasPrefix(call.Args, "AF_INET") && strings.Contains(call.Args, "SOCK_STREAM")
		return
	case strings.HasPrefix(call.Name, "accept") && made != 0 && s.tcp[first]:
		s.tcp[made] = true
		s.add(&Connection{Socket: made, Accepted: true, Remote: address(call.Args)}, call)
		return
	case call.Name == "connect" && s.tcp[first] && s.connected[first] == nil && address(call.Args).IsValid():
		s.add(&Connection{Socket: first, Local: s.local[first], Remote: address(call.Args)}, call)
		return
	case call.Name == "getsockname" && s.connected[first] == nil:
		s.local[first] = address(call.Args)
	}
	for _, inode := range call.Sockets {
		if c := s.connected[inode]; c != nil {
			c.learn(call)
			c.Calls = append(c.Calls, call)
		}
	}
}

// add adds a connection that a call has made.
func (s *sockets) add(c *Connection, by Call) {
	c.Calls = []Call{by}
	s.connected[c.Socket] = c
	s.list = append(s.list, c)
}

// learn takes what a call says of the ends.
func (c *Connection) learn(call Call) {
	at := address(call.Args)
	switch {
	case !at.IsValid() || call.Errno != "":
	case call.Name == "getsockname":
		c.Local = at
	case call.Name == "getpeername":
		c.Remote = at
	}
}

// created is the socket that a call has returned, 0 if none.
func created(c Call) (inode uint64) {
	if m := socket.FindStringSubmatch(c.Result); m != nil {
		inode, _ = strconv.ParseUint(m[2], 10, 64)
	}
	return inode
}

// First is the inode of the socket that is the call's first argument, 0 if none.
func (c Call) First() (inode uint64) {
	if at := socket.FindStringSubmatchIndex(c.Args); at != nil && at[0] == 0 {
		inode, _ = strconv.ParseUint(c.Args[at[4]:at[5]], 10, 64)
	}
	return inode
}

var (
	port = regexp.MustCompile(`sin6?_port=htons\((\d+)\)`)
	host = regexp.MustCompile(`(?:inet_addr\(|inet_pton\(AF_INET6, )"([0-9a-fA-F:.]+)"`)
)

// address is the first one that is among arguments; not valid if there is none.
func address(args string) netip.AddrPort {
	p, h := port.FindStringSubmatch(args), host.FindStringSubmatch(args)
	if p == nil || h == nil {
		return netip.AddrPort{}
	}
	number, _ := strconv.ParseUint(p[1], 10, 16)
	ip, err := netip.ParseAddr(h[1])
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(number))
}

// Bytes are those that a call read or wrote.
func (c Call) Bytes() int {
	first, _, _ := strings.Cut(c.Result, " ")
	n, err := strconv.Atoi(first)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Ended says whether a call was told the end of the stream: it read nothing, and
// did not ask for nothing.
func (c Call) Ended() bool {
	if c.Bytes() != 0 || !strings.HasPrefix(c.Result, "0") {
		return false
	}
	switch fields := strings.Split(quoted.ReplaceAllString(c.Args, `""`), ","); c.Name {
	case "read", "recvfrom":
		return len(fields) > 2 && strings.TrimSpace(fields[2]) != "0"
	case "readv", "recvmsg":
		return true
	}
	return false
}
