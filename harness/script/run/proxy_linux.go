package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/script"
)

// A proxy is a process in the script's network namespace that passes connections
// on, and does nothing else.
//
// Bytes and endings may be under way in it, and its sockets do not tell: what was
// read and not yet written is in none of them, and a stock toxiproxy never has the
// one state of which it could be said that the two legs agree. But a process whose
// threads all sleep, with no timer, has nothing that it could do: Go runs a
// goroutine that can run as long as there is one. So the proxy is idle when each
// of its threads sleeps in futex(2), for which it is given nothing to do, or in
// epoll_wait(2) without a limit (/proc/PID/task/TID/syscall). Go's own monitor
// sleeps in nanosleep(2) as long as a goroutine is in a system call, from which it
// may have to take a processor, and in a futex when there is none (sysmon in
// runtime/proc.go). A proxy that waits for a timer, as one that gives an end time
// to take its bytes before the RST, is not idle.
//
// What wakes it comes by the same processor's queue as all else, behind which is
// the barrier. That nothing of it is left, of connections without a descriptor
// neither, say the segments that were counted in the namespace (/proc/PID/net/snmp).
type proxy struct {
	client, listener string // between whom
	address          netip.AddrPort
	pid              int
	control          *os.File // it ends when this is closed
	wait             func()
}

// between starts a proxy.
func (c *course) between(line script.Line) (script.Result, error) {
	port := c.port(line.Call.Other)
	if port == 0 {
		return script.Result{}, mistakef(line, "%s has no address: it neither listens nor is bound", line.Call.Other)
	}
	order := proxyOrder{How: line.Call.How, Cut: line.Call.Cut, Upstream: netip.AddrPortFrom(c.address, port).String(), Processor: c.processor}
	if _, err := order.cuts(); err != nil {
		return script.Result{}, mistakef(line, "%v", err)
	}
	p, err := c.startProxy(order)
	if err != nil {
		return script.Result{}, mistakef(line, "start the proxy: %v", err)
	}
	p.client, p.listener = line.Call.Name, line.Call.Other
	c.proxy = p
	if c.lab != nil {
		c.lab.AddEndpoint(lab.Endpoint{Host: script.Proxy, Address: p.address.String(), Proxy: true})
	}
	return done(nil), c.settle()
}

// startProxy starts the process of a proxy.
func (c *course) startProxy(o proxyOrder) (*proxy, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "control")
	defer theirs.Close()
	p := &proxy{control: os.NewFile(uintptr(pair[0]), "control")}
	order, err := json.Marshal(o)
	if err != nil {
		return nil, errors.Join(err, p.control.Close())
	}
	if p.wait, err = c.host.Fork(proxyName, []string{proxyVariable + "=" + string(order)}, 0, theirs); err != nil {
		return nil, errors.Join(err, p.control.Close())
	}
	theirs.Close()
	if err := p.ready(c.ctx); err != nil {
		return nil, errors.Join(err, p.end())
	}
	return p, nil
}

// ready reads where the proxy listens, and finds its process.
func (p *proxy) ready(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = unix.Shutdown(int(p.control.Fd()), unix.SHUT_RDWR) })()
	var text [1024]byte
	n, err := p.control.Read(text[:])
	if err != nil {
		return fmt.Errorf("it ended: %w", err)
	}
	var word proxyWord
	if err := json.Unmarshal(text[:n], &word); err != nil {
		return err
	}
	if word.Failure != "" {
		return errors.New(word.Failure)
	}
	p.pid, p.address = word.PID, word.Address
	return nil
}

// end ends the process, and returns when it is gone with its sockets.
func (p *proxy) end() error {
	err := p.control.Close()
	p.wait()
	return err
}

// reach is the port at which a name reaches another.
func (c *course) reach(from, to string) uint16 {
	if p := c.proxy; p != nil && p.client == from && p.listener == to {
		return p.address.Port()
	}
	return c.port(to)
}

// beyondProxy is the other end of a connection through a proxy. Of several nobody
// can tell which are one.
func (c *course) beyondProxy(s *socket) *socket {
	var clients, servers []*socket
	for _, e := range c.order {
		other := e.socket
		switch {
		case c.proxy == nil || !other.remote.IsValid() || e != other.names[0]:
		case other.remote == c.proxy.address:
			clients = append(clients, other)
		case other.accepted && c.nameOf(other.remote) == script.Proxy:
			servers = append(servers, other)
		}
	}
	if len(clients) != 1 || len(servers) != 1 {
		return nil
	}
	return map[*socket]*socket{clients[0]: servers[0], servers[0]: clients[0]}[s]
}

// awaitIdle returns when the proxy has nothing to do.
func (p *proxy) awaitIdle(ctx context.Context) error {
	for {
		idle, err := p.idle()
		if err != nil || idle {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("while the proxy had something to do: %w", context.Cause(ctx))
		}
		yield()
	}
}

// idle says whether there was a moment at which all threads slept: each has been
// found asleep, and none has come to sleep since the first was looked at.
func (p *proxy) idle() (bool, error) {
	threads, before, err := p.threads()
	if err != nil {
		return false, err
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread + "/syscall")
		switch {
		case errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH):
			return false, nil // that thread has ended
		case err != nil:
			return false, fmt.Errorf("the proxy: %w", err)
		case !restful(text):
			return false, nil
		}
	}
	_, after, err := p.threads()
	return err == nil && slices.Equal(before, after), err
}

// threads lists the threads' directories, and how often each has come to sleep, or
// made room for another.
func (p *proxy) threads() (directories, switches []string, err error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.pid))
	if err != nil {
		return nil, nil, fmt.Errorf("the proxy has ended: %w", err)
	}
	for _, entry := range entries {
		directory := fmt.Sprintf("/proc/%d/task/%s", p.pid, entry.Name())
		status, err := os.ReadFile(directory + "/status")
		if err != nil {
			continue // that thread has ended
		}
		_, counts, _ := bytes.Cut(status, []byte("voluntary_ctxt_switches:"))
		directories, switches = append(directories, directory), append(switches, string(counts))
	}
	return directories, switches, nil
}

// restful says whether a thread sleeps for want of anything to do, by its line of
// proc_pid_syscall(5): the number of the call and its arguments.
func restful(text []byte) bool {
	words := bytes.Fields(text)
	if len(words) < 5 {
		return false // "running"
	}
	number, err := strconv.Atoi(string(words[0]))
	if err != nil {
		return false
	}
	switch number {
	case unix.SYS_FUTEX:
		return true
	case unix.SYS_EPOLL_PWAIT:
		timeout, err := strconv.ParseUint(string(words[4]), 0, 64)
		return err == nil && int32(timeout) == -1
	}
	return false
}

// look counts the segments that were sent and received in the namespace.
func (p *proxy) look() (look, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/snmp", p.pid))
	if err != nil {
		return look{}, fmt.Errorf("the proxy has ended: %w", err)
	}
	names, values := tcpLines(text)
	count := func(name string) uint32 {
		i := slices.Index(names, name)
		if i < 0 || i >= len(values) {
			return 0
		}
		n, _ := strconv.ParseUint(values[i], 10, 64)
		return uint32(n)
	}
	return look{segmentsIn: count("InSegs"), segmentsOut: count("OutSegs"), retransmits: count("RetransSegs")}, nil
}

// tcpLines are the two lines about TCP in /proc/net/snmp.
func tcpLines(text []byte) (names, values []string) {
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte("Tcp: ")) {
			continue
		}
		var words []string
		for word := range bytes.FieldsSeq(line) {
			words = append(words, string(word))
		}
		if names == nil {
			names = words
		} else {
			values = words
		}
	}
	return names, values
}
