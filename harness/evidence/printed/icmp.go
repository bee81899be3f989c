package printed

import (
	"net/netip"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/icmp"
)

// A message is an ICMP error as one record says it. What it quotes follows in a
// record of its own (tcpdump -v), or is not shown.
type message struct {
	stamp            stamp
	sender, receiver netip.Addr
	host             netip.Addr // to which the segment went, if that is said
	port             uint16     // likewise; 0: it is not said
	what             evidence.ICMP
}

// errorIn reads an ICMP error that may quote a TCP segment.
func errorIn(text string, names *ports) (m message, ok bool) {
	if info, head, is := columns(text); is {
		return errorInColumns(info, head)
	}
	before, rest, _ := strings.Cut(text, " > ")
	to, rest, _ := strings.Cut(rest, ": ")
	start := strings.LastIndexByte(before, ' ') + 1
	m.stamp = stampOf(before[:start])
	sender, ok1 := host(before[start:])
	receiver, ok2 := host(to)
	m.sender, m.receiver = sender, receiver
	if _, after, sums := strings.Cut(rest, "] ICMP6, "); sums && strings.HasPrefix(rest, "[") {
		rest = "ICMP6, " + after
	}
	rest, _, _ = strings.Cut(rest, ", length ")
	six := false
	switch {
	case strings.HasPrefix(rest, "ICMP6, "):
		six, ok = true, m.says6(strings.TrimPrefix(rest, "ICMP6, "), names)
	case strings.HasPrefix(rest, "ICMP "):
		ok = m.says4(strings.TrimPrefix(rest, "ICMP "), names)
	}
	m.what.Errno = m.what.Message.Errno(six)
	return m, ok && ok1 && ok2
}

// says4 reads "host 192.0.2.1 unreachable - admin prohibited" and the like
// (print-icmp.c of tcpdump).
func (m *message) says4(text string, names *ports) bool {
	switch {
	case strings.HasPrefix(text, "time exceeded in-transit"):
		m.what.Message = icmp.TimeExceeded
		return true
	case strings.HasPrefix(text, "ip reassembly time exceeded"):
		m.what.Message = icmp.ReassemblyTimedOut
		return true
	case strings.HasPrefix(text, "parameter problem"):
		m.what.Message = icmp.ParameterProblem
		return true
	}
	kind, rest, _ := strings.Cut(text, " ")
	if kind != "net" && kind != "host" {
		kind, rest = "", text
	}
	to, rest, _ := strings.Cut(rest, " ")
	var ok bool
	if m.host, ok = host(to); !ok {
		return false
	}
	if port, is := between(rest, "tcp port ", " unreachable"); is {
		m.what.Message = icmp.PortUnreachable
		m.port, ok = names.number(port)
		return ok
	}
	if mtu, is := between(rest, "unreachable - need to frag (mtu ", ")"); is {
		n, _ := digits(mtu)
		m.what.Message, m.what.MTU = icmp.PacketTooBig, int(min(n, 1<<16))
		return true
	}
	m.what.Message = map[string]icmp.Message{
		"net unreachable":                              icmp.NetUnreachable,
		"host unreachable":                             icmp.HostUnreachable,
		" protocol 6 unreachable":                      icmp.ProtocolUnreachable,
		" unreachable - need to frag":                  icmp.PacketTooBig,
		" unreachable - source route failed":           icmp.SourceRouteFailed,
		" unreachable - source host isolated":          icmp.SourceHostIsolated,
		"net unreachable - unknown":                    icmp.NetUnreachable,
		"host unreachable - unknown":                   icmp.HostUnknown,
		"net unreachable - admin prohibited":           icmp.NetProhibited,
		"host unreachable - admin prohibited":          icmp.HostProhibited,
		"net unreachable - tos prohibited":             icmp.NetUnreachable,
		"host unreachable - tos prohibited":            icmp.HostUnreachable,
		"host unreachable - admin prohibited filter":   icmp.Prohibited,
		"host unreachable - host precedence violation": icmp.PrecedenceViolation,
		"host unreachable - precedence cutoff":         icmp.PrecedenceCutoff,
	}[kind+" "+strings.TrimRight(rest, " ")]
	return m.what.Message != ""
}

// says6 reads "destination unreachable, unreachable prohibited 2001:db8::80" and
// the like (print-icmp6.c of tcpdump).
func (m *message) says6(text string, names *ports) bool {
	rest, is := strings.CutPrefix(text, "destination unreachable, ")
	switch {
	case is:
		return m.unreachable6(strings.TrimLeft(rest, " "), names)
	case strings.HasPrefix(text, "packet too big"):
		mtu, _ := between(text+",", "packet too big, mtu ", ",")
		n, _ := digits(mtu)
		m.what.Message, m.what.MTU = icmp.PacketTooBig, int(min(n, 1<<16))
	case strings.HasPrefix(text, "time exceeded in-transit (reassembly)"):
		m.what.Message = icmp.ReassemblyTimedOut
	case strings.HasPrefix(text, "time exceeded in-transit"):
		m.what.Message = icmp.TimeExceeded
		if to, is := strings.CutPrefix(text, "time exceeded in-transit for "); is {
			m.host, is = host(to)
			return is
		}
	case strings.HasPrefix(text, "parameter problem"):
		m.what.Message = icmp.ParameterProblem
	}
	return m.what.Message != ""
}

func (m *message) unreachable6(text string, names *ports) (ok bool) {
	for start, message := range map[string]icmp.Message{
		"unreachable route ": icmp.NoRoute, "unreachable prohibited ": icmp.Prohibited, "beyond scope ": icmp.BeyondScope,
		"unreachable address ": icmp.AddressUnreachable, "unreachable port, ": icmp.PortUnreachable,
	} {
		rest, is := strings.CutPrefix(text, start)
		if !is {
			continue
		}
		m.what.Message = message
		to, rest, _ := strings.Cut(rest, " ")
		if m.host, ok = host(strings.TrimSuffix(to, ",")); ok && message == icmp.PortUnreachable {
			port, is := strings.CutPrefix(rest, "tcp port ")
			m.port, ok = names.number(strings.TrimRight(port, " "))
			ok = ok && is
		}
		return ok
	}
	m.what.Message = map[string]icmp.Message{"unknown unreach code (5)": icmp.PolicyFailed,
		"unknown unreach code (6)": icmp.RouteRejected}[strings.TrimRight(text, " ")]
	return m.what.Message != ""
}

// between returns what is between two texts, of which the first begins it.
func between(text, start, end string) (string, bool) {
	rest, is := strings.CutPrefix(text, start)
	value, _, ends := strings.Cut(rest, end)
	return value, is && ends
}

// errorInColumns reads "Destination unreachable (Port unreachable)" and the like
// (packet-icmp.c and packet-icmpv6.c of Wireshark). What it quotes is not shown.
func errorInColumns(info string, head []string) (m message, ok bool) {
	to, from := head[len(head)-2], head[len(head)-3]
	rest := head[:len(head)-3]
	if arrow(from) {
		from, rest = head[len(head)-4], head[:len(head)-4]
	}
	m.stamp = stampOf(strings.Join(rest, " "))
	m.sender, ok = host(from)
	receiver, ok2 := host(to)
	m.receiver = receiver
	if length, rest, _ := strings.Cut(info, " "); strings.Trim(length, "0123456789") == "" {
		info = rest
	}
	kind, code, _ := strings.Cut(strings.ToLower(info), "(")
	code, _, _ = strings.Cut(code, ")")
	switch strings.TrimSpace(kind) {
	case "destination unreachable":
		m.what.Message = map[string]icmp.Message{
			"network unreachable": icmp.NetUnreachable, "host unreachable": icmp.HostUnreachable,
			"protocol unreachable": icmp.ProtocolUnreachable, "port unreachable": icmp.PortUnreachable,
			"fragmentation needed": icmp.PacketTooBig, "source route failed": icmp.SourceRouteFailed,
			"destination network unknown": icmp.NetUnreachable, "destination host unknown": icmp.HostUnknown,
			"source host isolated": icmp.SourceHostIsolated, "network administratively prohibited": icmp.NetProhibited,
			"host administratively prohibited": icmp.HostProhibited, "network unreachable for tos": icmp.NetUnreachable,
			"host unreachable for tos": icmp.HostUnreachable, "communication administratively filtered": icmp.Prohibited,
			"host precedence violation": icmp.PrecedenceViolation, "precedence cutoff in effect": icmp.PrecedenceCutoff,
			"no route to destination": icmp.NoRoute, "administratively prohibited": icmp.Prohibited,
			"beyond scope of source address": icmp.BeyondScope, "address unreachable": icmp.AddressUnreachable,
			"source address failed ingress/egress policy": icmp.PolicyFailed, "reject route to destination": icmp.RouteRejected,
		}[code]
	case "packet too big":
		m.what.Message = icmp.PacketTooBig
	case "time-to-live exceeded", "time exceeded":
		m.what.Message = icmp.TimeExceeded
		if strings.HasPrefix(code, "fragment reassembly") {
			m.what.Message = icmp.ReassemblyTimedOut
		}
	case "parameter problem":
		m.what.Message = icmp.ParameterProblem
	}
	m.what.Errno = m.what.Message.Errno(head[len(head)-1] == "ICMPv6")
	return m, ok && ok2 && m.what.Message != ""
}

// shownAgo is how many segments back the one is looked for that an ICMP error
// quotes and the text does not show.
const shownAgo = 64

// A shown is the ends of a segment that the text has shown.
type shown struct{ from, to netip.AddrPort }

// guess finds the segment that a message is about by what it says of it: that is
// the only connection in what came shortly before, or there is no telling.
func (m *message) guess(before []shown) (s shown, ok bool) {
	for _, b := range before {
		if b.from.Addr() != m.receiver || m.host.IsValid() && b.to.Addr() != m.host || m.port != 0 && b.to.Port() != m.port {
			continue
		}
		if ok && s != b {
			return shown{}, false
		}
		s, ok = b, true
	}
	return s, ok
}

// cutEnds reads the ends of a quoted segment of which no more is shown: routers
// quote eight bytes of it (RFC 792), and tcpdump calls that cut off.
func cutEnds(text string, names *ports) (s shown, ok bool) {
	at := strings.LastIndex(text, " > ")
	if at < 0 || !strings.Contains(text[at:], "[|tcp]") {
		return s, false
	}
	to, _, _ := strings.Cut(text[at+3:], ": ")
	var ok2 bool
	s.from, ok = endpoint(text[strings.LastIndexByte(text[:at], ' ')+1:at], names)
	s.to, ok2 = endpoint(to, names)
	return s, ok && ok2
}
