package script

import (
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

// A Verb says what is called. [Verbs] has how each is written, what it does and
// what it gives.
type Verb string

// The verbs of sockets.
const (
	Socket     Verb = "socket"
	Bind       Verb = "bind"
	Listen     Verb = "listen"
	Connect    Verb = "connect"
	Accept     Verb = "accept"
	Read       Verb = "read"
	Write      Verb = "write"
	Recv       Verb = "recv"
	Send       Verb = "send"
	Fill       Verb = "fill"
	Drain      Verb = "drain"
	Close      Verb = "close"
	Shutdown   Verb = "shutdown"
	Abort      Verb = "abort"
	Disconnect Verb = "disconnect"
	Kill       Verb = "kill"
	Dup        Verb = "dup"
	Poll       Verb = "poll"
	Select     Verb = "select"
	Watch      Verb = "watch"
	Wait       Verb = "events"
	SocketErr  Verb = "so_error"
	GetState   Verb = "state"
	Unread     Verb = "unread"
	Unacked    Verb = "unacked"
	Peername   Verb = "peername"
	Sockname   Verb = "sockname"
	Set        Verb = "set"
	Sendfile   Verb = "sendfile"
	Splice     Verb = "splice"
	Vanish     Verb = "vanish"
	Returns    Verb = "returns"
	Await      Verb = "await"
)

// The verbs of the network, the proxy, the wire and the kernel.
const (
	Drops     Verb = "drops"
	Passes    Verb = "passes"
	Destroys  Verb = "destroys"
	Between   Verb = "between"
	WireRST   Verb = "rst"
	WireFIN   Verb = "fin"
	WireBytes Verb = "bytes"
	Reason    Verb = "reason"
)

// A Call is a verb with its words. Which fields mean something depends on the
// verb; all others are zero.
type Call struct {
	Verb Verb

	// N is a number: the bytes of read, recv, sendfile and splice, those of
	// write and send that have no text, and of await bytes; the backlog of
	// listen; the value of an option; keepalive's count of probes.
	N int
	// Text is what write and send send if Quoted; else they send N bytes.
	Text   string
	Quoted bool

	// Name is the other name: connect to (Nobody, too), accept from, bind same
	// as (else empty), dup as, drops and passes toward, destroys, rst, fin, bytes
	// and reason from ([Proxy], too), and the first of proxy between, which connects. Other is its
	// second, which listens.
	Name, Other string

	// How is one word: read, write or both of shutdown; in or out of splice; edge
	// or once of watch; mptcp of socket; what drops: all, rst, all-but-rst; what
	// await awaits: rst, fin, error, data, bytes, room, gone, state; stock of a
	// proxy.
	How string

	// Cut is where ResetLab's proxy ends connections, in the words of 'resetlab
	// proxy --cut'; empty if it does not. Whoever runs the script reads it.
	Cut string

	Flags   []string  // of recv and send, without MSG_ and in small letters
	Events  Events    // that poll and watch ask for; none if they name none
	Forever bool      // poll waits
	State   tcp.State // that await awaits

	Option Option        // of set
	On     bool          // a switch is set on; linger and keepalive are not off
	Time   time.Duration // of linger and the time-outs, and keepalive's idle time
	Every  time.Duration // between keepalive's probes

	Within time.Duration // how long returns and await wait; 0 if not said
}

// An Option is a socket option of set, by the kernel's name for it in small
// letters, but for nonblocking, which is O_NONBLOCK, and keepalive, which is
// SO_KEEPALIVE with TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT (socket(7),
// tcp(7), fcntl(2)).
type Option string

// The options.
const (
	Nonblocking Option = "nonblocking"
	NoDelay     Option = "nodelay"
	Cork        Option = "cork"
	ReuseAddr   Option = "reuseaddr"
	Linger      Option = "linger"
	Keepalive   Option = "keepalive"
	UserTimeout Option = "user_timeout"
	Linger2     Option = "linger2"
	RcvTimeo    Option = "rcvtimeo"
	SndTimeo    Option = "sndtimeo"
	RcvBuf      Option = "rcvbuf"
	SndBuf      Option = "sndbuf"
	RcvLowat    Option = "rcvlowat"
	SynCnt      Option = "syncnt"
	DeferAccept Option = "defer_accept"
)

// filler is what "write 100" writes, from its beginning and over again.
const filler = "0123456789"

// Bytes returns what write and send send: the text, or N bytes of
// "01234567890123…".
func (c Call) Bytes() []byte {
	if c.Quoted {
		return []byte(c.Text)
	}
	bytes := make([]byte, c.N)
	for i := range bytes {
		bytes[i] = filler[i%len(filler)]
	}
	return bytes
}

// Asked is how many bytes the call asks for or sends; 0 if it is about none.
func (c Call) Asked() int {
	switch c.Verb {
	case Read, Recv, Sendfile, Splice:
		return c.N
	case Write, Send:
		if c.Quoted {
			return len(c.Text)
		}
		return c.N
	}
	return 0
}

// Limit is how long the call waits in all for what it awaits: what within says;
// else 5 s for await, and for returns no time.
func (c Call) Limit() time.Duration {
	if c.Within == 0 && c.Verb == Await {
		return patience
	}
	return c.Within
}

// Has says whether recv or send has the flag.
func (c Call) Has(flag string) bool {
	for _, f := range c.Flags {
		if f == flag {
			return true
		}
	}
	return false
}

// Corks says whether bytes may be kept back from here on: TCP_CORK is set, or
// something is sent with MSG_MORE.
func (c Call) Corks() bool {
	return c.Verb == Set && c.Option == Cork && c.On || c.Has("more")
}

// Ends says whether the call gives the descriptor up: there is no socket of that
// name any more.
func (v Verb) Ends() bool {
	switch v {
	case Close, Abort, Kill, Vanish:
		return true
	}
	return false
}
