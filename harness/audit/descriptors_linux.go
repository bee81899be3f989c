package audit

import (
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness/internal/sockdiag"
)

// inodeOf returns the inode of the socket of this machine that is the other
// end of conn, by which its descriptor is known; 0 if there is none. It is
// asked while the connection lives: the kernel knows no dead one's.
func inodeOf(conn net.Conn) uint32 {
	peer, _ := sockdiag.Peer(conn.(*net.TCPConn))
	return peer.Inode
}

// A descriptor is that of an open socket of this process.
type descriptor struct {
	path   string // in /proc
	target string // what that is called
}

// open says whether it still is.
func (d descriptor) open() bool {
	target, err := os.Readlink(d.path)
	return err == nil && target == d.target
}

// openSockets returns the sockets that this process has open, by inode.
func openSockets() map[uint32]descriptor {
	all := map[uint32]descriptor{}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return all // no /proc: descriptors are not looked at
	}
	for _, entry := range entries {
		path := "/proc/self/fd/" + entry.Name()
		target, err := os.Readlink(path)
		number, isSocket := strings.CutPrefix(target, "socket:[")
		if err != nil || !isSocket {
			continue
		}
		if n, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 32); err == nil {
			all[uint32(n)] = descriptor{path, target}
		}
	}
	return all
}
