package strace_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/program/strace"
)

// sample is what strace 6.1 prints of two threads that share a socket.
const sample = `12 1795943334.259265 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 4<socket:[98]> <0.000044>
12 1795943334.259516 connect(4<socket:[98]>, {sa_family=AF_INET, sin_port=htons(43849), sin_addr=inet_addr("127.0.0.1")}, 16) = 0 <0.000157>
12 1795943334.260085 epoll_ctl(6<anon_inode:[eventpoll]>, EPOLL_CTL_ADD, 4<socket:[98]>, {events=EPOLLIN, data={u32=4, u64=4}}) = 0 <0.000022>
13 1795943334.260901 recvfrom(4<socket:[98]>,  <unfinished ...>
12 1795943334.300000 close(3)                = 0 <0.000010>
13 1795943334.315422 <... recvfrom resumed>0x7f1d996ca180, 100, 0, NULL, NULL) = -1 ECONNRESET (Connection reset by peer) <0.054479>
12 1795943334.315579 epoll_wait(6<anon_inode:[eventpoll]>,  <unfinished ...>
12 1795943334.315665 <... epoll_wait resumed>[{events=EPOLLIN|EPOLLHUP, data={u32=4, u64=4}}], 1023, 1000) = 1 <0.000060>
12 1795943334.316068 poll([{fd=4<socket:[98]>, events=POLLIN}], 1, 1) = 1 ([{fd=4, revents=POLLIN|POLLHUP}]) <0.000015>
12 1795943334.316390 sendto(4<socket:[98]>, "\") = 5 <socket:["..., 22, 0, NULL, 0) = -1 EPIPE (Broken pipe) <0.000019>
12 1795943334.316500 write(1</dev/null>, "9<socket:[98]>", 14) = 14 <0.000019>
13 1795943334.316600 read(4<socket:[98]>,  <unfinished ...>
13 1795943334.316700 +++ exited with 0 +++
`

func TestRead(t *testing.T) {
	log, err := strace.Read(strings.NewReader(sample))
	if err != nil || log.Unread != 0 || log.IOUring {
		t.Fatalf("got %+v, %v", log, err)
	}
	want := []string{
		`socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 4`,
		`connect(4, {sa_family=AF_INET, sin_port=htons(43849), sin_addr=inet_addr("127.0.0.1")}, 16) = 0`,
		`epoll_ctl(6, EPOLL_CTL_ADD, 4, {events=EPOLLIN, data={u32=4, u64=4}}) = 0`,
		`recvfrom(4, 0x7f1d996ca180, 100, 0, NULL, NULL) = -1 ECONNRESET (Connection reset by peer)`,
		`epoll_wait(6, [{events=EPOLLIN|EPOLLHUP, data={u32=4, u64=4}}], 1023, 1000) = 1`,
		`poll([{fd=4, events=POLLIN}], 1, 1) = 1 ([{fd=4, revents=POLLIN|POLLHUP}])`,
		`sendto(4, "\") = 5 <socket:["..., 22, 0, NULL, 0) = -1 EPIPE (Broken pipe)`,
		`read(4) did not return`,
	}
	var got []string
	for _, c := range log.Calls {
		got = append(got, c.String())
		if !c.On(98) || len(c.Sockets) != 1 {
			t.Errorf("%v is about the sockets %v", c, c.Sockets)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	reset := log.Calls[3]
	if reset.Errno != "ECONNRESET" || reset.Took != 54479*time.Microsecond || reset.PID != 13 || reset.At.UnixMicro() != 1795943334260901 {
		t.Errorf("the call that two lines tell is %+v", reset)
	}
	for i, over := range []int64{0: 1795943334259516, 3: 1795943334315422, 5: 1795943334316390} {
		if over != 0 && log.Calls[i].Over.UnixMicro() != over {
			t.Errorf("%v was over at the latest at %d: want %d", log.Calls[i], log.Calls[i].Over.UnixMicro(), over)
		}
	}
	if never := log.Calls[7]; !never.Over.IsZero() {
		t.Errorf("%v was over at %v", never, never.Over)
	}
	for i, events := range map[int]string{4: "EPOLLIN|EPOLLHUP", 5: "POLLIN|POLLHUP"} {
		if ready := log.Calls[i].Ready; !slices.Equal(ready, []strace.Ready{{98, events}}) {
			t.Errorf("%s said %v", log.Calls[i].Name, ready)
		}
	}
}

// What is not strace's is counted, and nothing is made of it.
func TestReadOfOther(t *testing.T) {
	for _, line := range []string{
		"", "x", "1 2 read(3<socket:[1]>) = 0", "1 2.000000 read 3", "1 2.000000 <... read resumed>) = 0",
		"1 2.000000 read(3<socket:[1]>", "1 2.0 read(3<socket:[1]>) = 0", "-1 2.000000 read(3<socket:[1]>) = 0",
	} {
		log, err := strace.Read(strings.NewReader(line + "\n"))
		if err != nil || log.Unread != 1 || len(log.Calls) != 0 {
			t.Errorf("%q: got %+v, %v", line, log, err)
		}
	}
	if _, err := strace.Read(strings.NewReader(strings.Repeat("x", 1<<20))); err == nil {
		t.Error("a line without an end is read")
	}
	log, _ := strace.Read(strings.NewReader("1 2.000000 io_uring_enter(3<anon_inode:[io_uring]>, 1, 1, 0, NULL, 8) = 1 <0.000001>\n"))
	if !log.IOUring {
		t.Error("io_uring is not noticed")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add("1 2.000000 a(<unfinished ...>\n1 2.000001 <... a resumed>) = ? <0.1>\n")
	f.Fuzz(func(t *testing.T, text string) {
		log, err := strace.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		if lines := strings.Count(text, "\n") + 1; len(log.Calls)+log.Unread > lines {
			t.Errorf("%d calls and %d unread lines of %d", len(log.Calls), log.Unread, lines)
		}
		for _, c := range log.Calls {
			if c.Name == "" || len(c.Sockets) == 0 || c.Took < 0 || c.String() == "" {
				t.Errorf("%+v", c)
			}
		}
	})
}
