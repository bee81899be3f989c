package script

import "slices"

// A Manual says how a verb is written, what it is and what it gives.
type Manual struct {
	Actor  string // Network, Proxy, Wire or Kernel; empty for sockets
	Verb   Verb
	Syntax string // the verb with its words
	Is     string // what it does, with the source
	Gives  []Kind // what comes of it
}

// Verbs returns the manual of each verb, those of sockets first.
func Verbs() []Manual {
	return slices.Clone(verbs)
}

// What calls give, by what they do.
var (
	making   = []Kind{OK, Failed}
	waiting  = []Kind{OK, Failed, Waits}
	reading  = []Kind{Data, Count, EOF, Failed, Waits, Partial, Some}
	moving   = []Kind{Count, Failed, Waits, Partial, Some}
	watching = []Kind{Happens, Nothing, Failed}
	counting = []Kind{Count, Some, Failed}
	naming   = []Kind{Word, None, Failed}
	ruling   = []Kind{OK}
)

// verbs are in the order in which one would learn them. Nothing changes them.
var verbs = []Manual{
	{"", Connect, "connect [to NAME|to nobody]", "connect(2)", waiting},
	{"", Accept, "accept [from NAME]", "accept(2): the name's socket comes of it", waiting},
	{"", Read, "read N", "read(2)", reading},
	{"", Write, `write "text"|N`, "write(2)", moving},
	{"", Recv, "recv N FLAG…", "recv(2): peek dontwait waitall oob trunc errqueue", reading},
	{"", Send, `send "text"|N FLAG…`, "send(2): nosignal dontwait oob more zerocopy", moving},
	{"", Fill, "fill", "send(2) with MSG_DONTWAIT until it would wait", []Kind{Full, Failed}},
	{"", Drain, "drain", "recv(2) with MSG_DONTWAIT until it would wait", []Kind{Then}},
	{"", Close, "close", "close(2)", waiting},
	{"", Shutdown, "shutdown read|write|both", "shutdown(2)", making},
	{"", Abort, "abort", "SO_LINGER {1, 0} and close(2) (socket(7))", making},
	{"", Disconnect, "disconnect", "connect(2) to AF_UNSPEC", making},
	{"", Kill, "kill", "SIGKILL for the only process that has the socket", making},
	{"", Vanish, "vanish", "gone without a segment, as by a power cut (TCP_REPAIR)", making},
	{"", Dup, "dup as NAME", "dup(2): a second name of the same socket", making},
	{"", Socket, "socket [mptcp]", "socket(2)", making},
	{"", Bind, "bind [same as NAME]", "bind(2)", making},
	{"", Listen, "listen [backlog N]", "listen(2)", making},
	{"", Set, "set OPTION VALUE…", "setsockopt(2)", making},
	{"", Poll, "poll [for EVENT…] [forever]", "poll(2), not waiting unless forever",
		append([]Kind{Waits}, watching...)},
	{"", Select, "select", "select(2), not waiting", watching},
	{"", Watch, "watch [EVENT…] [edge|once]", "epoll_ctl(2)", making},
	{"", Wait, "events", "epoll_wait(2), not waiting", watching},
	{"", SocketErr, "so_error", "getsockopt SO_ERROR, which takes the error (socket(7))",
		[]Kind{None, Failed}},
	{"", GetState, "state", "the state of the connection (TCP_INFO, tcp(7))", []Kind{InState, Failed}},
	{"", Unread, "unread", "bytes received and not read (SIOCINQ, tcp(7))", counting},
	{"", Unacked, "unacked", "bytes written and not acknowledged (SIOCOUTQ, tcp(7))", counting},
	{"", Peername, "peername", "getpeername(2): the name that had the address first", naming},
	{"", Sockname, "sockname", "getsockname(2): the name that had the address first", naming},
	{"", Sendfile, "sendfile N", "sendfile(2)", moving},
	{"", Splice, "splice in|out N", "splice(2) to or from a pipe", append([]Kind{EOF}, moving...)},
	{"", Returns, "returns [within DURATION]", "what the waiting call of this thread gave",
		append([]Kind{OK, NotYet, Happens, Nothing}, reading...)},
	{"", Await, "await rst|fin|error|data|bytes N|room|gone|state S [within DURATION]",
		"waiting for an event, taking nothing", []Kind{OK, NotYet}},
	{Network, Drops, "drops all|rst|all-but-rst toward NAME", "a packet filter", ruling},
	{Network, Passes, "passes all toward NAME", "no packet filter any more", ruling},
	{Network, Destroys, "destroys NAME", "SOCK_DESTROY (sock_diag(7), ss -K)", making},
	{Proxy, Between, "between NAME and NAME [stock|cut CUT]",
		"what the first connects to the second goes through ResetLab's proxy, which can cut (CUT is as in resetlab proxy --cut), or a stock toxiproxy", ruling},
	{Wire, WireRST, "rst from NAME", "segments with RST that were captured", counting},
	{Wire, WireFIN, "fin from NAME", "segments with FIN that were captured", counting},
	{Wire, WireBytes, "bytes from NAME", "bytes that were captured", counting},
	{Kernel, Reason, "reason of rst from NAME", "the kernel's reason for the last RST (tcp_send_reset)",
		[]Kind{Word, None}},
}

// find returns the verb of an actor.
func find(actor, name string) (Manual, bool) {
	if !reserved(actor) {
		actor = ""
	}
	i := slices.IndexFunc(verbs, func(v Manual) bool { return v.Actor == actor && string(v.Verb) == name })
	if i < 0 {
		return Manual{}, false
	}
	return verbs[i], true
}

// namesOf are the verbs of an actor.
func namesOf(actor string) []string {
	if !reserved(actor) {
		actor = ""
	}
	var names []string
	for _, v := range verbs {
		if v.Actor == actor {
			names = append(names, string(v.Verb))
		}
	}
	return names
}

// otherwise are words that people try, and what says it here.
var otherwise = map[string]string{
	"sleep":       `there is no sleep: a line is over when everything has arrived; a timer of the kernel is awaited: await error within 2s`,
	"wait":        `a call that cannot return waits by itself; what comes later is awaited: await rst, await data`,
	"reset":       `abort sends a RST; await rst waits for one`,
	"rst":         `abort sends a RST; wire rst from NAME counts those that were sent`,
	"fin":         `shutdown write sends a FIN; wire fin from NAME counts those that were sent`,
	"finish":      `shutdown write sends a FIN`,
	"half-close":  `shutdown write sends a FIN`,
	"closewrite":  `shutdown write sends a FIN`,
	"dial":        `connect`,
	"open":        `connect, or socket`,
	"receive":     `read 10, or recv 10 with flags`,
	"recvfrom":    `recv`,
	"recvmsg":     `recv`,
	"sendto":      `send`,
	"sendmsg":     `send`,
	"exit":        `kill ends the process that has the socket`,
	"crash":       `vanish: as by a power cut; kill: its process gets SIGKILL`,
	"die":         `vanish: as by a power cut; kill: its process gets SIGKILL`,
	"getsockopt":  `so_error, state`,
	"setsockopt":  `set`,
	"linger":      `set linger 0s, or abort`,
	"keepalive":   `set keepalive 1s 1s 1`,
	"nonblocking": `set nonblocking on`,
	"epoll":       `watch, then events`,
	"epoll_ctl":   `watch`,
	"epoll_wait":  `events`,
	"peek":        `recv 10 peek`,
	"expect":      `what is expected stands behind an arrow: client read 10 → EOF`,
	"getpeername": `peername`,
	"getsockname": `sockname`,
	"info":        `state`,
	"drop":        `network drops all toward NAME`,
	"destroy":     `network destroys NAME`,
}

// isCall says whether a word is the verb of a socket.
func isCall(name string) bool {
	_, found := find("", name)
	return found
}

// examples lists what the verb gives, for somebody who expected something else.
func (v Manual) examples() string {
	var all []string
	for _, kind := range v.Gives {
		all = append(all, example(v.Verb, kind))
	}
	return string(v.Verb) + " gives " + list(all)
}

// example is a result of the kind as one writes it.
func example(of Verb, kind Kind) string {
	switch kind {
	case Data:
		return `bytes such as "ab"`
	case Count:
		return "a number"
	case Failed:
		return "an errno such as " + string(usual(of))
	case Happens:
		return "events such as IN OUT"
	case InState:
		return "a state such as CLOSE_WAIT"
	case Then:
		return "2 then EOF, all then nothing, less then ECONNRESET"
	case Word:
		if of == Reason {
			return "a reason such as TCP_ABORT_ON_CLOSE"
		}
		return "a name such as listener"
	}
	return string(kind)
}

// usual is an error that the verb often has.
func usual(of Verb) Errno {
	switch of {
	case Write, Send, Sendfile:
		return "EPIPE"
	case Connect:
		return "ECONNREFUSED"
	case Shutdown, Disconnect, Peername:
		return "ENOTCONN"
	case Bind, Listen:
		return "EADDRINUSE"
	case Read, Recv, Fill, Splice, SocketErr, Returns:
		return "ECONNRESET"
	}
	return "EINVAL"
}

// results are the words of what the verb gives, for a word that is mistyped.
func (v Manual) results() []string {
	var all []string
	for _, kind := range v.Gives {
		switch kind {
		case Failed:
			all = append(all, errnos...)
		case Happens:
			all = append(all, eventNames...)
		case InState:
			all = append(all, stateNames()...)
		case OK, EOF, None, Nothing, Waits, NotYet, Full, Partial, Some:
			all = append(all, string(kind))
		}
	}
	return all
}
