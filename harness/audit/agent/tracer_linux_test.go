package agent_test

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/verdict"
	"github.com/resetlab/resetlab/harness/program/strace"
)

// blind asks and never looks for the reply.
func blind() {
	askRaw()
	select {}
}

// hasty takes what is there when something is.
func hasty() {
	fd := askRaw()
	reply := make([]byte, 1<<10)
	for {
		if _, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1); err != unix.EINTR {
			break
		}
	}
	n, _ := unix.Read(fd, reply)
	os.Stdout.Write(reply[:max(n, 0)])
}

// askRaw asks over a socket that nothing but the program looks at.
func askRaw() (fd int) {
	server := netip.MustParseAddrPort(os.Getenv("RESETLAB_ADDRESS"))
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		panic(err)
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(server.Port()), Addr: server.Addr().As4()}); err != nil {
		panic(err)
	}
	unix.Write(fd, []byte(os.Getenv("RESETLAB_OPERATION")+" "+os.Getenv("RESETLAB_ID")+"\n"))
	return fd
}

// A waiting tracer is one whose strace waits for a processor for a second, after
// it has noted when a call began and before it lets the call be made.
type waiting struct{ audit.Tracer }

func (w waiting) Trace(c point.Cell) (audit.Tracing, error) {
	tracing, err := w.Tracer.Trace(c)
	return waited{tracing}, err
}

type waited struct{ audit.Tracing }

func (w waited) Stop() (*strace.Log, error) {
	log, err := w.Tracing.Stop()
	for i := range log.Calls {
		log.Calls[i].At = log.Calls[i].At.Add(-time.Second)
	}
	return log, err
}

// traced audits a program at cells, with a trace of each.
func traced(t *testing.T, args []string, below func(audit.Tracer) audit.Tracer, cells ...point.Cell) *verdict.Report {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not in PATH: install it")
	}
	if err := agent.CheckTracing(t.Context()); err != nil {
		t.Skip(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	server := origin(t)
	command := agent.Command{Args: args, Output: agent.Line, Reply: server.Reply}
	s := audit.Subject{Name: "traced", Protocol: protocols.Lines(), Origin: server, Open: command.Open, Suspends: true}
	report, err := audit.Run(t.Context(), s, audit.Options{
		Cells: cells, Limits: audit.Limits{Time: 1500 * time.Millisecond}, Tracer: below(command.Tracer()),
	})
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return report
}

// A lost error is told from a swallowed one, by the calls of the client.
func TestTraces(t *testing.T) {
	cell := func(place string, fault point.Fault) point.Cell {
		return point.Cell{Place: place, Fault: fault, Repeat: point.Once, Operation: point.Read}
	}
	for _, c := range []struct {
		name    string
		program []string
		cell    point.Cell
		verdict verdict.Outcome
		says    []string
		call    string // one of them
	}{
		{
			"lost: it never asks", program("blind"), cell("P7", point.RST), verdict.Hung,
			[]string{"no call on the connection after the strike: the client never asked"}, "write(",
		},
		{
			"swallowed", program("short"), cell("P10", point.ReadRST), verdict.TruncatedOK,
			[]string{"read() returned ECONNRESET ", " the strike, and the client reported success", "swallowed above"}, "ECONNRESET",
		},
		{
			"the end of the stream swallowed", program("short"), cell("P10", point.FIN), verdict.TruncatedOK,
			[]string{"read() returned 0, the end of the stream, ", "swallowed above"}, ") = 0",
		},
		{
			"data and RST together, with the client suspended", program("short"), cell("P10", point.DataRST), verdict.TruncatedOK,
			[]string{"read() returned ECONNRESET ", "swallowed above"}, "ECONNRESET",
		},
		{
			"lost: it does not ask again", program("hasty"), cell("P10", point.DataRST), verdict.TruncatedOK,
			[]string{"the strike read() told it nothing of the RST, and it did not ask again, though ", "poll() reported POLLIN|POLLERR"},
			"POLLERR",
		},
		{
			"told", program("careless"), cell("P7", point.RST), verdict.RetriedRead,
			[]string{"connection 1: read() returned ECONNRESET ", "and the client went on to another attempt"}, "ECONNRESET",
		},
		{
			"silence", program("blind"), cell("P7", point.Stall), verdict.Hung, []string{"silence shows in no call"}, "write(",
		},
		{
			"refused", program("right"), point.Cell{Place: "P0", Fault: point.Refuse, Repeat: point.Always, Operation: point.Write},
			verdict.Surfaced, []string{"nobody listened"}, "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := traced(t, c.program, asIs, c.cell)
			r := report.Cells[0]
			if r.Trace == nil {
				t.Fatalf("%s %v: there is no trace", r.ID, r.Verdict)
			}
			if !r.Verdict.Has(c.verdict) || r.Trace.Otherwise != nil {
				t.Errorf("the verdict is %v, traced otherwise: %v", r.Verdict, r.Trace.Otherwise)
			}
			for _, text := range c.says {
				if !strings.Contains(r.Trace.Says, text) {
					t.Errorf("it says %q: want %q in it", r.Trace.Says, text)
				}
			}
			var calls strings.Builder
			for _, call := range r.Trace.Calls {
				calls.WriteString(call.Text + "\n")
			}
			if !strings.Contains(calls.String(), c.call) {
				t.Errorf("the calls are\n%swant %q", calls.String(), c.call)
			}
		})
	}
}

func asIs(t audit.Tracer) audit.Tracer { return t }

// What strace says of when a call was made is short of when it returned by as long
// as strace waited: a call is not taken for one before the strike.
func TestTracesOfABusyMachine(t *testing.T) {
	for _, c := range []struct {
		program string
		place   string
		fault   point.Fault
		says    string
	}{
		{"short", "P10", point.ReadRST, "read() returned ECONNRESET at the strike, and the client reported success"},
		{"hasty", "P10", point.DataRST, "at the strike read() told it nothing of the RST, and it did not ask again, though "},
	} {
		cell := point.Cell{Place: c.place, Fault: c.fault, Repeat: point.Once, Operation: point.Read}
		report := traced(t, program(c.program), func(t audit.Tracer) audit.Tracer { return waiting{t} }, cell)
		if trace := report.Cells[0].Trace; trace == nil || !strings.Contains(trace.Says, c.says) {
			t.Errorf("%s: it says %+v: want %q in it", c.program, trace, c.says)
		}
	}
}

// That strace is missing, or forbidden, is said before anything runs.
func TestTracingThatIsNotToBeHad(t *testing.T) {
	directory := t.TempDir()
	t.Setenv("PATH", directory)
	if err := agent.CheckTracing(t.Context()); err == nil || !strings.Contains(err.Error(), "strace, which is not in PATH: install it") {
		t.Errorf("without strace: %v", err)
	}
	script := "#!/bin/sh\necho 'strace: ptrace(PTRACE_TRACEME): Operation not permitted' >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(directory, "strace"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	err := agent.CheckTracing(t.Context())
	if err == nil || !strings.Contains(err.Error(), "Operation not permitted (it needs version 5.3 and ptrace(2), which containers may forbid)") {
		t.Errorf("with one that may not trace: %v", err)
	}
}
