package agent_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// watchful says whether the RST was there when the program learnt of data, as
// poll(2) told it. It makes as many attempts as its argument has letters, and says
// it of each.
func watchful() {
	for range os.Args[3] {
		fmt.Fprint(os.Stderr, watch(), " ")
	}
	os.Exit(1)
}

func watch() string {
	conn, err := net.Dial("tcp", os.Getenv("RESETLAB_ADDRESS"))
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	fmt.Fprintln(conn, os.Getenv("RESETLAB_OPERATION"), os.Getenv("RESETLAB_ID"))
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err.Error()
	}
	said := "?"
	raw.Control(func(fd uintptr) { said = firstEvents(int(fd)) })
	return said
}

func firstEvents(fd int) string {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLRDHUP}}
	for {
		if _, err := unix.Poll(fds, -1); err != unix.EINTR {
			break
		}
	}
	n, err := unix.Read(fd, make([]byte, 1<<10))
	switch events := fds[0].Revents; {
	case err != nil || n == 0:
		return fmt.Sprintf("nothing-read(%v)", err)
	case events&unix.POLLERR != 0:
		return "together"
	}
	const patience = 300     // ms: none comes to the call afterwards
	unix.Poll(fds, patience) // for the RST: who is gone cannot be struck
	return "apart"
}

// TestDataAndRST: a program gets a RST together with the data before it, or once it
// has read those, as the fault says, every time.
func TestDataAndRST(t *testing.T) {
	const runs = 3
	server := origin(t)
	for _, kind := range []struct {
		name    string
		command []string
	}{
		{"a program", program("watchful", "x")},
		{"its child", []string{"sh", "-c", `"$0" program watchful "$1"; exit 1`, os.Args[0], "x"}},
		{"three attempts", program("watchful", "xxx")},
	} {
		command := agent.Command{Args: kind.command, Output: agent.Line, Reply: server.Reply}
		s := audit.Subject{Name: kind.name, Protocol: protocols.Lines(), Origin: server, Open: command.Open, Suspends: true}
		n := strings.Count(kind.command[len(kind.command)-1], "x")
		var cells []point.Cell
		for _, place := range []string{"P10", "P11", "client@3"} {
			for _, fault := range []point.Fault{point.DataRST, point.ReadRST} {
				cells = append(cells, point.Cell{Place: place, Fault: fault, Repeat: point.Always, Operation: point.Read})
			}
		}
		for range runs {
			report, err := audit.Run(t.Context(), s, audit.Options{Cells: cells})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range report.Cells {
				want := map[point.Fault]string{point.DataRST: "together", point.ReadRST: "apart"}[c.Fault]
				if c.Verdict.Has(verdict.Broken, verdict.NotStruck) || c.Strikes != n || strings.Count(c.Said(), want) != n {
					t.Errorf("%s: %s: the program says %q, want %d times %q: %v, %s", kind.name, c.ID, c.Said(), n, want, c.Verdict, c.Verdict.Reason)
				}
			}
		}
	}
}
