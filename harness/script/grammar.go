package script

import (
	"strings"
	"time"
)

// words reads the words behind a verb, those of the syntax in its manual, into
// the call. The functions below do so for one verb or option each.
func (w *words) words(c *Call) {
	switch c.Verb {
	case Connect:
		connectWords(w, c)
	case Accept:
		acceptWords(w, c)
	case Read, Sendfile:
		countWords(w, c)
	case Write:
		textWords(w, c)
	case Recv:
		recvWords(w, c)
	case Send:
		sendWords(w, c)
	case Shutdown:
		shutdownWords(w, c)
	case Dup:
		dupWords(w, c)
	case Socket:
		socketWords(w, c)
	case Bind:
		bindWords(w, c)
	case Listen:
		listenWords(w, c)
	case Set:
		setWords(w, c)
	case Poll:
		pollWords(w, c)
	case Watch:
		watchWords(w, c)
	case Splice:
		spliceWords(w, c)
	case Returns:
		withinWords(w, c)
	case Await:
		awaitWords(w, c)
	case Drops:
		dropsWords(w, c)
	case Passes:
		passesWords(w, c)
	case Destroys:
		destroysWords(w, c)
	case Between:
		betweenWords(w, c)
	case WireRST, WireFIN, WireBytes:
		fromWords(w, c)
	case Reason:
		reasonWords(w, c)
	}
}

func countWords(w *words, c *Call) { c.N = w.number("the number of bytes", 0, mostBytes) }

// textWords reads a string, or a number of bytes.
func textWords(w *words, c *Call) {
	if w.more() && w.peek().kind == text {
		c.Text, c.Quoted = w.peek().text, true
		w.at++
		return
	}
	if t := w.peek(); w.more() && strings.Trim(t.text, "0123456789") != "" {
		w.fail("in double quotes: "+string(w.verb.Verb)+" "+quote(strings.Trim(t.text, "'"))+
			" (and on a shell's command line the script in single quotes)",
			"%s is neither a string nor a number of bytes", t)
	}
	c.N = w.number("a string or a number of bytes", 0, mostBytes)
}

func recvWords(w *words, c *Call) {
	countWords(w, c)
	c.Flags = w.flags("peek", "dontwait", "waitall", "oob", "trunc", "errqueue")
}

func sendWords(w *words, c *Call) {
	textWords(w, c)
	c.Flags = w.flags("nosignal", "dontwait", "oob", "more", "zerocopy")
}

func connectWords(w *words, c *Call) {
	c.Name = Listener
	if w.take("to") {
		c.Name = w.name(true)
	}
}

func acceptWords(w *words, c *Call) {
	c.Name = Listener
	if w.take("from") {
		c.Name = w.name(false)
	}
}

func shutdownWords(w *words, c *Call) { c.How = w.oneOf("read", "write", "both") }

func dupWords(w *words, c *Call) {
	w.keyword("as")
	c.Name = w.name(false)
}

func socketWords(w *words, c *Call) {
	if w.take("mptcp") {
		c.How = "mptcp"
	}
}

func bindWords(w *words, c *Call) {
	if w.take("same") {
		w.keyword("as")
		c.Name = w.name(false)
	}
}

// listenWords reads the backlog; defaultBacklog without one.
func listenWords(w *words, c *Call) {
	c.N = defaultBacklog
	if w.take("backlog") {
		c.N = w.number("the backlog", 0, 4096)
	}
}

// defaultBacklog is what listen asks for unless the script says what.
const defaultBacklog = 128

func pollWords(w *words, c *Call) {
	if w.take("for") {
		if c.Events = w.events(); c.Events == 0 {
			w.missing("an event: " + list(eventNames))
		}
	}
	c.Forever = w.take("forever")
}

func watchWords(w *words, c *Call) {
	c.Events = w.events()
	for _, how := range []string{"edge", "once"} {
		if w.take(how) {
			c.How = how
			return
		}
	}
}

func spliceWords(w *words, c *Call) {
	c.How = w.oneOf("in", "out")
	countWords(w, c)
}

// withinWords reads how long is waited.
func withinWords(w *words, c *Call) {
	if w.take("within") {
		c.Within = w.duration(time.Millisecond, mostTime, time.Millisecond)
	}
}

func awaitWords(w *words, c *Call) {
	c.How = w.oneOf("rst", "fin", "error", "data", "bytes", "room", "gone", "state")
	switch c.How {
	case "bytes":
		c.N = w.number("the number of bytes", 1, mostBytes)
	case "state":
		c.State = w.state()
	}
	withinWords(w, c)
}

func dropsWords(w *words, c *Call) {
	c.How = w.oneOf("all", "rst", "all-but-rst")
	w.keyword("toward")
	c.Name = w.name(false)
}

func passesWords(w *words, c *Call) {
	w.keyword("all")
	w.keyword("toward")
	c.Name = w.name(false)
}

func destroysWords(w *words, c *Call) { c.Name = w.name(false) }

func fromWords(w *words, c *Call) {
	w.keyword("from")
	if w.take(Proxy) {
		c.Name = Proxy
		return
	}
	c.Name = w.name(false)
}

func reasonWords(w *words, c *Call) {
	w.keyword("of")
	w.keyword("rst")
	fromWords(w, c)
}

// betweenWords reads the two ends, and which proxy it is, or where that cuts.
func betweenWords(w *words, c *Call) {
	c.Name = w.name(false)
	w.keyword("and")
	c.Other = w.name(false)
	if w.take("stock") {
		c.How = "stock"
	}
	if w.take("cut") {
		if c.How == "stock" {
			w.at--
			w.fail("leave out stock: ResetLab's own proxy cuts at a byte", "a stock toxiproxy has no cuts")
			return
		}
		c.Cut = w.plainWord("where to cut, as toward=client,after=1")
	}
}

// setWords reads an option and its values.
func setWords(w *words, c *Call) {
	names := optionNames()
	if !w.more() {
		w.missing("an option: " + list(names))
		return
	}
	c.Option = Option(w.oneOf(names...))
	read, ok := options[c.Option]
	if !ok {
		return
	}
	if !w.more() {
		w.fail("set "+string(c.Option)+" "+read.values, "%s needs a value", c.Option)
		return
	}
	read.words(w, c)
}

// An option of set: what its values look like, and what reads them.
type option struct {
	values string
	words  func(*words, *Call)
}

// options has the options of socket(7) and tcp(7). Nothing changes it.
var options = map[Option]option{
	Nonblocking: {"on|off", switchWords},
	NoDelay:     {"on|off", switchWords},
	Cork:        {"on|off", switchWords},
	ReuseAddr:   {"on|off", switchWords},
	Linger:      {"off|DURATION", lingerWords},
	Keepalive:   {"off|IDLE EVERY COUNT", keepaliveWords},
	UserTimeout: {"DURATION", timeWords},
	Linger2:     {"DURATION", linger2Words},
	RcvTimeo:    {"DURATION", timeWords},
	SndTimeo:    {"DURATION", timeWords},
	RcvBuf:      {"N", valueWords},
	SndBuf:      {"N", valueWords},
	RcvLowat:    {"N", valueWords},
	SynCnt:      {"N", valueWords},
	DeferAccept: {"N", valueWords},
}

// optionNames are in the order in which scripts need them.
func optionNames() []string {
	return []string{
		"nonblocking", "nodelay", "cork", "reuseaddr", "linger", "keepalive", "user_timeout", "linger2",
		"rcvtimeo", "sndtimeo", "rcvbuf", "sndbuf", "rcvlowat", "syncnt", "defer_accept",
	}
}

func switchWords(w *words, c *Call) { c.On = w.oneOf("on", "off") == "on" }

func valueWords(w *words, c *Call) { c.N = w.number("the value", 0, mostValue) }

func timeWords(w *words, c *Call) {
	c.Time = w.duration(0, mostTime, time.Millisecond)
}

// lingerWords reads seconds, as in struct linger (socket(7)).
func lingerWords(w *words, c *Call) {
	if c.On = !w.take("off"); c.On {
		c.Time = w.duration(0, mostTime, time.Second)
	}
}

// linger2Words reads seconds, of which the kernel takes negative ones for never
// (tcp(7)).
func linger2Words(w *words, c *Call) { c.Time = w.duration(-time.Second, mostTime, time.Second) }

func keepaliveWords(w *words, c *Call) {
	if c.On = !w.take("off"); c.On {
		c.Time = w.duration(time.Second, mostTime, time.Second)
		c.Every = w.duration(time.Second, mostTime, time.Second)
		c.N = w.number("the count of probes", 1, 127)
	}
}
