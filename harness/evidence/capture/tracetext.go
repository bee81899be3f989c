package capture

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// An instant is a time of the wall clock, in nanoseconds since 1970.
type instant int64

func (t instant) time() time.Time { return time.Unix(0, int64(t)) }

// A trace is what a line of a trace says.
type trace struct {
	KernelEvent
	task    string // comm-pid of the thread
	process int    // 0 if the line does not tell
}

// errNoTrace says that a line is not one that we read.
var errNoTrace = errors.New("no trace of TCP")

// parseTrace reads a line of a trace instance's trace_pipe. Its time stamp is
// of CLOCK_TAI, which is ahead of the wall clock by ahead.
//
//	comm-123   (   120) [001] ..s2. 1795219522.067871: tcp_send_reset: skbaddr=… reason=…
//
// The second number is that of the process, which is there with the option
// record-tgid, and "-------" as long as the kernel does not know it.
func parseTrace(line string, ahead time.Duration) (trace, error) {
	var t trace
	var head, tail string
	for _, name := range []string{evidence.StateChanged, evidence.ResetSent, evidence.ResetReceived} {
		if at := strings.Index(line, ": "+name+": "); at >= 0 {
			t.Name, head, tail = name, line[:at], line[at+len(name)+4:]
			break
		}
	}
	fields := strings.Fields(head)
	processor := strings.LastIndex(head, " [")
	if len(fields) < 4 || processor < 0 {
		return t, errNoTrace
	}
	at, err := parseStamp(fields[len(fields)-1])
	if err != nil {
		return t, err
	}
	t.At, t.Precision = (at - instant(ahead)).time(), time.Microsecond
	t.task, t.process = parseTask(head[:processor])
	values := map[string]string{}
	for field := range strings.FieldsSeq(tail) {
		if name, value, ok := strings.Cut(field, "="); ok {
			values[name] = value
		}
	}
	return t, t.fill(values)
}

// parseTask reads the thread and, where it is told, the number of its process.
func parseTask(text string) (task string, process int) {
	task = strings.TrimSpace(text)
	inside, told := strings.CutSuffix(task, ")")
	at := strings.LastIndexByte(inside, '(')
	if !told || at < 0 { // comm-pid ends with a digit
		return task, 0
	}
	process, _ = strconv.Atoi(strings.TrimSpace(inside[at+1:])) // 0 of "-------"
	return strings.TrimSpace(inside[:at]), process
}

// markPrefix begins what we write to a trace_marker; a number follows.
const markPrefix = "resetlab mark "

// parseMark reads a mark that came back.
//
//	comm-123   (-------) [000] ..... 1795219522.067871: tracing_mark_write: resetlab mark 7
func parseMark(line []byte, ahead time.Duration) (id uint64, at instant, ok bool) {
	before, behind, found := bytes.Cut(line, []byte(": tracing_mark_write: "+markPrefix))
	if !found {
		return 0, 0, false
	}
	head := string(before)
	id, err := strconv.ParseUint(string(bytes.TrimSpace(behind)), 10, 64)
	if err != nil {
		return 0, 0, false
	}
	at, err = parseStamp(head[strings.LastIndexByte(head, ' ')+1:])
	return id, at - instant(ahead), err == nil
}

// parseStamp reads seconds and microseconds.
func parseStamp(text string) (instant, error) {
	seconds, fraction, _ := strings.Cut(text, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || len(fraction) != 6 {
		return 0, fmt.Errorf("trace: the time stamp is %q", text)
	}
	micro, err := strconv.ParseInt(fraction, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("trace: the time stamp is %q", text)
	}
	return instant(s)*1e9 + instant(micro)*1e3, nil
}

// fill takes over the fields of the tracepoint.
func (t *trace) fill(values map[string]string) error {
	if protocol, ok := values["protocol"]; ok && protocol != "IPPROTO_TCP" {
		return errNoTrace
	}
	var err error
	if t.Name == evidence.ResetSent {
		t.Passive = strings.Trim(values["skbaddr"], "0x(nil)") != ""
		t.Reason = values["reason"]
		t.Local, err = netip.ParseAddrPort(values["src"])
		if err == nil {
			t.Remote, err = netip.ParseAddrPort(values["dest"])
		}
	} else {
		suffix := ""
		if values["family"] == "AF_INET6" {
			suffix = "v6"
		}
		t.From, t.To = state(values["oldstate"]), state(values["newstate"])
		t.Local, err = netip.ParseAddrPort(joined(values["saddr"+suffix], values["sport"]))
		if err == nil {
			t.Remote, err = netip.ParseAddrPort(joined(values["daddr"+suffix], values["dport"]))
		}
	}
	t.Local, t.Remote = unmapped(t.Local), unmapped(t.Remote)
	if err != nil {
		return fmt.Errorf("trace: %s: %w", t.Name, err)
	}
	return nil
}

// state is a state without the prefix that the tracepoint gives it.
func state(name string) tcp.State { return tcp.State(strings.TrimPrefix(name, "TCP_")) }

func joined(address, port string) string {
	if strings.Contains(address, ":") {
		address = "[" + address + "]"
	}
	return address + ":" + port
}

// unmapped turns an IPv4 address in IPv6's clothes into what it is.
func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// namedReasons reads the names of the reasons from the description of
// tcp_send_reset (events/tcp/tcp_send_reset/format), without the one that ends
// the list. Before Linux 6.12 a socket's own RST had none: then there are none.
//
//	… __print_symbolic(REC->reason, { 0, "NOT_SPECIFIED" }, { 1, "NO_SOCKET" }, …)
func namedReasons(format string) []string {
	_, list, _ := strings.Cut(format, "(REC->reason, ")
	list, _, complete := strings.Cut(list, ")")
	var names []string
	for i, part := range strings.Split(list, `"`) {
		if i%2 == 1 && part != "MAX" {
			names = append(names, part)
		}
	}
	if !complete || !slices.Contains(names, "TCP_ABORT_ON_CLOSE") {
		return nil
	}
	return names
}

// lostTraces reads how many events the kernel had no room for, from a line
// such as "CPU:1 [LOST 12 EVENTS]"; at least 1 where it does not say
// (kernel/trace/trace.c, print_trace_line).
func lostTraces(line []byte) uint64 {
	if !bytes.HasPrefix(line, []byte("CPU:")) { // other lines begin with a process, which may be named anything
		return 0
	}
	_, rest, found := bytes.Cut(line, []byte("[LOST "))
	number, _, complete := bytes.Cut(rest, []byte("EVENTS]"))
	if !found || !complete {
		return 0
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(number)), 10, 64)
	if err != nil {
		return 1
	}
	return n
}
