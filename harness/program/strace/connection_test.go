package strace_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/program/strace"
)

// ends is what strace 6.1 prints of a server that forks for a connection, of a
// client that does not wait for connect, and of what is no connection of TCP.
const ends = `7 1.000001 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3<socket:[1]> <0.000017>
7 1.000002 setsockopt(3<socket:[1]>, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0 <0.000007>
7 1.000003 accept4(3<socket:[1]>, {sa_family=AF_INET, sin_port=htons(5000), sin_addr=inet_addr("127.0.0.1")}, [128 => 16], SOCK_CLOEXEC) = 4<socket:[2]> <0.1>
8 1.000004 getsockname(4<socket:[2]>, {sa_family=AF_INET, sin_port=htons(22), sin_addr=inet_addr("127.0.0.1")}, [128 => 16]) = 0 <0.000003>
7 1.000005 close(4<socket:[2]>) = 0 <0.000003>
8 1.000006 read(4<socket:[2]>, "", 8192) = 0 <0.000003>
8 1.000007 write(4<socket:[2]>, "sin_port=htons(9"..., 22) = -1 EPIPE (Broken pipe) <0.000003>
8 1.000008 close(4<socket:[2]>) = 0 <0.000003>
9 1.000009 socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 5<socket:[3]> <0.000017>
9 1.000010 connect(5<socket:[3]>, {sa_family=AF_INET6, sin6_port=htons(22), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::ffff:127.0.0.1", &sin6_addr), sin6_scope_id=0}, 28) = -1 EINPROGRESS (Operation now in progress) <0.000073>
9 1.000011 recvmsg(5<socket:[3]>, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="", iov_len=16}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 0 <0.000003>
9 1.000012 socket(AF_UNIX, SOCK_STREAM, 0) = 6<socket:[4]> <0.000023>
9 1.000013 connect(6<socket:[4]>, {sa_family=AF_UNIX, sun_path="/run/a"}, 110) = -1 ENOENT (No such file or directory) <0.000023>
9 1.000014 socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 7<socket:[5]> <0.000023>
9 1.000015 connect(7<socket:[5]>, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.1")}, 16) = 0 <0.000023>
7 1.000016 accept(3<socket:[1]>, NULL, NULL) = 4<socket:[6]> <0.000003>
7 1.000017 read(4<socket:[6]>, "", 0) = 0 <0.000003>
8 1.000018 +++ exited with 0 +++
9 1.000019 +++ killed by SIGKILL +++
`

func TestConnections(t *testing.T) {
	log, err := strace.Read(strings.NewReader(ends))
	if err != nil || log.Unread != 0 {
		t.Fatalf("got %+v, %v", log, err)
	}
	if log.Unended != 1 {
		t.Errorf("%d threads have not ended, want 1", log.Unended)
	}
	var got []string
	for _, c := range log.Connections() {
		got = append(got, fmt.Sprintf("%d %v %v %v", c.Socket, c.Accepted, c.Local, c.Remote))
		for _, call := range c.Calls {
			got = append(got, fmt.Sprintf("  %s %d %s %v", call.Name, call.Bytes(), call.Errno, call.Ended()))
		}
	}
	want := []string{
		"2 true 127.0.0.1:22 127.0.0.1:5000", "  accept4 0  false", "  getsockname 0  false", "  close 0  false",
		"  read 0  true", "  write 0 EPIPE false", "  close 0  false",
		"3 false invalid AddrPort 127.0.0.1:22", "  connect 0 EINPROGRESS false", "  recvmsg 0  true",
		"6 true invalid AddrPort invalid AddrPort", "  accept 0  false", "  read 0  false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
