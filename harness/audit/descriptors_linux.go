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

// openSockets returns the inodes of the sockets that this process has open.
func openSockets() map[uint32]bool {
	open := map[uint32]bool{}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return open // no /proc: descriptors are not looked at
	}
	for _, entry := range entries {
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		number, isSocket := strings.CutPrefix(target, "socket:[")
		if err != nil || !isSocket {
			continue
		}
		if n, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 32); err == nil {
			open[uint32(n)] = true
		}
	}
	return open
}
