package model

import (
	"fmt"
	"slices"

	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A machine is the kernel with the ends of one script.
type machine struct {
	names   map[string]*sock // open descriptors
	gone    map[string]*sock // those that were closed
	all     []*sock
	waiting []*call // calls that had to wait, and whose results nobody has asked for
	choices *choices

	vanished bool // an end has, so that not every segment finds a socket
}

// A call is a system call that has not returned, or what it returned.
type call struct {
	line        script.Line
	sock        *sock // of its descriptor, which it keeps open
	attempt     attempt
	woken       bool
	disconnects int // sk_disconnects when it began to wait
	result      script.Result
	returned    bool
}

// An attempt goes on with a call until it returns, or until it has to wait.
type attempt func(c *call) (result script.Result, returned bool)

// An outside is a panic: the script has left what the model covers. A fault is
// one, too: the call of a line cannot be made as the others have come out.
type (
	outside string
	fault   string
)

// beyond ends the prediction.
func beyond(format string, arguments ...any) {
	panic(outside(fmt.Sprintf(format, arguments...)))
}

// wrong ends the script.
func wrong(format string, arguments ...any) {
	panic(fault(fmt.Sprintf(format, arguments...)))
}

// anyone is the key of a wake-up that no poller filters out (sock_def_wakeup,
// net/core/sock.c).
const anyone script.Events = 0

// wake wakes the calls that wait on a socket, and puts it on the ready list of
// those who watch it (__wake_up_common, kernel/sched/wait.c; ep_poll_callback,
// fs/eventpoll.c). Of calls of accept only the first is woken by a connection
// (prepare_to_wait_exclusive).
func (m *machine) wake(s *sock, key script.Events) {
	accepting := false
	for _, c := range s.calls {
		if c.line.Call.Verb == script.Accept && key != anyone {
			if accepting || c.woken {
				accepting = true
				continue
			}
			accepting = true
		}
		c.woken = true
	}
	for _, w := range s.watches {
		if w.on && (key == anyone || key&(w.events|script.ERR|script.HUP) != 0) {
			w.ready = true
		}
	}
}

// begin makes a call: it returns at once, or waits.
func (m *machine) begin(line script.Line, s *sock, try attempt) script.Result {
	c := &call{line: line, sock: s, attempt: try, disconnects: s.disconnects}
	result, returned := try(c)
	if returned {
		return result
	}
	if s.timed {
		beyond("a call that waits with SO_RCVTIMEO or SO_SNDTIMEO, which a timer ends")
	}
	s.calls = append(s.calls, c)
	m.waiting = append(m.waiting, c)
	return script.Result{Kind: script.Waits}
}

// mostWoken bounds the calls that one line can wake together: their orders are
// all gone through.
const mostWoken = 4

// settle lets the calls go on that have been woken, until none is. Their order
// is the scheduler's.
func (m *machine) settle() {
	for {
		var woken []*call
		for _, s := range m.all {
			for _, c := range s.calls {
				if c.woken {
					woken = append(woken, c)
				}
			}
		}
		switch {
		case len(woken) == 0:
			return
		case len(woken) > mostWoken:
			beyond("more than %d calls that one line lets return", mostWoken)
		}
		m.goOn(woken[m.choices.next(len(woken))])
	}
}

// goOn lets a waiting call go on. If it returns, it lets go of its file: was
// that closed in the meantime, it is released only now (fput, fs/file_table.c).
func (m *machine) goOn(c *call) {
	c.woken = false
	result, returned := c.attempt(c)
	if !returned {
		c.queueAgain()
		return
	}
	c.result, c.returned = result, true
	s := c.sock
	s.tell(result)
	s.calls = slices.DeleteFunc(s.calls, func(other *call) bool { return other == c })
	m.letGo(s)
}

// queueAgain puts a call of accept that was woken in vain behind the others: the
// wake-up took it off the queue (autoremove_wake_function, kernel/sched/wait.c;
// prepare_to_wait_exclusive in inet_csk_wait_for_connect).
func (c *call) queueAgain() {
	if c.line.Call.Verb == script.Accept {
		s := c.sock
		s.calls = append(slices.DeleteFunc(s.calls, func(other *call) bool { return other == c }), c)
	}
}

// letGo releases a socket that no descriptor and no call holds any more.
func (m *machine) letGo(s *sock) {
	if s.descriptors == 0 && len(s.calls) == 0 && !s.orphan {
		m.release(s)
	}
}

// tell notes that a call was told of the end of the connection.
func (s *sock) tell(r script.Result) {
	switch r.Errno {
	case "ECONNRESET", "EPIPE", "ECONNABORTED":
		s.told = true
	}
}

// add makes a socket (inet_create, net/ipv4/af_inet.c).
func (m *machine) add() *sock {
	s := &sock{state: tcp.StateClosed, lowat: 1}
	m.all = append(m.all, s)
	return s
}

// name opens a descriptor for a socket.
func (m *machine) name(name string, s *sock) {
	if s.name == "" {
		s.name = name
	}
	m.names[name] = s
	s.descriptors++
}

// drop closes a descriptor.
func (m *machine) drop(name string) *sock {
	s := m.names[name]
	delete(m.names, name)
	m.gone[name] = s
	s.descriptors--
	return s
}

// choices are the decisions of the scheduler in one run, and which come next.
type choices struct {
	taken []int // which of them
	of    []int // how many there were
	at    int
}

// next decides between n.
func (c *choices) next(n int) int {
	if n == 1 {
		return 0
	}
	if c.at == len(c.taken) {
		c.taken, c.of = append(c.taken, 0), append(c.of, n)
	}
	c.at++
	return c.taken[c.at-1]
}

// another goes to the next decisions, and says whether there are any.
func (c *choices) another() bool {
	c.at = 0
	for i := len(c.taken) - 1; i >= 0; i-- {
		if c.taken[i]+1 < c.of[i] {
			c.taken[i]++
			c.taken, c.of = c.taken[:i+1], c.of[:i+1]
			return true
		}
	}
	return false
}
