package printed

import (
	"net/netip"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
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
		m.what.Message = evidence.TimeExceeded
		return true
	case strings.HasPrefix(text, "ip reassembly time exceeded"):
		m.what.Message = evidence.ReassemblyTimedOut
		return true
	case strings.HasPrefix(text, "parameter problem"):
		m.what.Message = evidence.ParameterProblem
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
		m.what.Message = evidence.PortUnreachable
		m.port, ok = names.number(port)
		return ok
	}
	if mtu, is := between(rest, "unreachable - need to frag (mtu ", ")"); is {
		n, _ := digits(mtu)
		m.what.Message, m.what.MTU = evidence.PacketTooBig, int(min(n, 1<<16))
		return true
	}
	m.what.Message = map[string]evidence.ICMPMessage{
		"net unreachable":                              evidence.NetUnreachable,
		"host unreachable":                             evidence.HostUnreachable,
		" protocol 6 unreachable":                      evidence.ProtocolUnreachable,
		" unreachable - need to frag":                  evidence.PacketTooBig,
		" unreachable - source route failed":           evidence.SourceRouteFailed,
		" unreachable - source host isolated":          evidence.SourceHostIsolated,
		"net unreachable - unknown":                    evidence.NetUnreachable,
		"host unreachable - unknown":                   evidence.HostUnknown,
		"net unreachable - admin prohibited":           evidence.NetProhibited,
		"host unreachable - admin prohibited":          evidence.HostProhibited,
		"net unreachable - tos prohibited":             evidence.NetUnreachable,
		"host unreachable - tos prohibited":            evidence.HostUnreachable,
		"host unreachable - admin prohibited filter":   evidence.Prohibited,
		"host unreachable - host precedence violation": evidence.PrecedenceViolation,
		"host unreachable - precedence cutoff":         evidence.PrecedenceCutoff,
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
		m.what.Message, m.what.MTU = evidence.PacketTooBig, int(min(n, 1<<16))
	case strings.HasPrefix(text, "time exceeded in-transit (reassembly)"):
		m.what.Message = evidence.ReassemblyTimedOut
	case strings.HasPrefix(text, "time exceeded in-transit"):
		m.what.Message = evidence.TimeExceeded
		if to, is := strings.CutPrefix(text, "time exceeded in-transit for "); is {
			m.host, is = host(to)
			return is
		}
	case strings.HasPrefix(text, "parameter problem"):
		m.what.Message = evidence.ParameterProblem
	}
	return m.what.Message != ""
}

func (m *message) unreachable6(text string, names *ports) (ok bool) {
	for start, message := range map[string]evidence.ICMPMessage{
		"unreachable route ": evidence.NoRoute, "unreachable prohibited ": evidence.Prohibited, "beyond scope ": evidence.BeyondScope,
		"unreachable address ": evidence.AddressUnreachable, "unreachable port, ": evidence.PortUnreachable,
	} {
		rest, is := strings.CutPrefix(text, start)
		if !is {
			continue
		}
		m.what.Message = message
		to, rest, _ := strings.Cut(rest, " ")
		if m.host, ok = host(strings.TrimSuffix(to, ",")); ok && message == evidence.PortUnreachable {
			port, is := strings.CutPrefix(rest, "tcp port ")
			m.port, ok = names.number(strings.TrimRight(port, " "))
			ok = ok && is
		}
		return ok
	}
	m.what.Message = map[string]evidence.ICMPMessage{"unknown unreach code (5)": evidence.PolicyFailed,
		"unknown unreach code (6)": evidence.RouteRejected}[strings.TrimRight(text, " ")]
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
		m.what.Message = map[string]evidence.ICMPMessage{
			"network unreachable": evidence.NetUnreachable, "host unreachable": evidence.HostUnreachable,
			"protocol unreachable": evidence.ProtocolUnreachable, "port unreachable": evidence.PortUnreachable,
			"fragmentation needed": evidence.PacketTooBig, "source route failed": evidence.SourceRouteFailed,
			"destination network unknown": evidence.NetUnreachable, "destination host unknown": evidence.HostUnknown,
			"source host isolated": evidence.SourceHostIsolated, "network administratively prohibited": evidence.NetProhibited,
			"host administratively prohibited": evidence.HostProhibited, "network unreachable for tos": evidence.NetUnreachable,
			"host unreachable for tos": evidence.HostUnreachable, "communication administratively filtered": evidence.Prohibited,
			"host precedence violation": evidence.PrecedenceViolation, "precedence cutoff in effect": evidence.PrecedenceCutoff,
			"no route to destination": evidence.NoRoute, "administratively prohibited": evidence.Prohibited,
			"beyond scope of source address": evidence.BeyondScope, "address unreachable": evidence.AddressUnreachable,
			"source address failed ingress/egress policy": evidence.PolicyFailed, "reject route to destination": evidence.RouteRejected,
		}[code]
	case "packet too big":
		m.what.Message = evidence.PacketTooBig
	case "time-to-live exceeded", "time exceeded":
		m.what.Message = evidence.TimeExceeded
		if strings.HasPrefix(code, "fragment reassembly") {
			m.what.Message = evidence.ReassemblyTimedOut
		}
	case "parameter problem":
		m.what.Message = evidence.ParameterProblem
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
