// Package icmp has the messages of ICMP and ICMPv6 that a TCP heeds, and what Linux
// makes of them.
package icmp

// A Message is what an ICMP or ICMPv6 error says, in the words of RFC 792,
// RFC 1812 (section 5.2.7.1) and RFC 4443.
type Message string

// The messages that TCP heeds.
const (
	NetUnreachable      Message = "net unreachable"
	HostUnreachable     Message = "host unreachable"
	ProtocolUnreachable Message = "protocol unreachable"
	PortUnreachable     Message = "port unreachable"
	PacketTooBig        Message = "packet too big" // IPv4's "fragmentation needed" as well
	SourceRouteFailed   Message = "source route failed"
	HostUnknown         Message = "host unknown"
	SourceHostIsolated  Message = "source host isolated"
	NetProhibited       Message = "net administratively prohibited"
	HostProhibited      Message = "host administratively prohibited"
	Prohibited          Message = "administratively prohibited"
	PrecedenceViolation Message = "precedence violation"
	PrecedenceCutoff    Message = "precedence cutoff"
	NoRoute             Message = "no route to destination" // this and the next four are of ICMPv6
	BeyondScope         Message = "beyond scope of source address"
	AddressUnreachable  Message = "address unreachable"
	PolicyFailed        Message = "source address failed policy"
	RouteRejected       Message = "reject route to destination"
	TimeExceeded        Message = "time exceeded in transit"
	ReassemblyTimedOut  Message = "reassembly time exceeded"
	ParameterProblem    Message = "parameter problem"
)

// Rejects says whether a message is what rules of firewalls say (nft(8),
// reject; iptables-extensions(8), REJECT) and routes of routers as a rule do
// not: that is forbidden, or nobody listens, to which a host itself answers with
// RST.
func (m Message) Rejects() bool {
	switch m {
	case PortUnreachable, ProtocolUnreachable, NetProhibited, HostProhibited, Prohibited, PolicyFailed, RouteRejected:
		return true
	}
	return false
}

// Errno returns the name of the error that Linux makes of a message
// (net/ipv4/icmp.c, icmp_err_convert; net/ipv6/icmp.c, icmpv6_err_convert).
func (m Message) Errno(v6 bool) string {
	switch m {
	case NetUnreachable, NoRoute, NetProhibited:
		return "ENETUNREACH"
	case PortUnreachable:
		return "ECONNREFUSED"
	case PacketTooBig:
		return "EMSGSIZE"
	case ProtocolUnreachable:
		return "ENOPROTOOPT"
	case SourceRouteFailed:
		return "EOPNOTSUPP"
	case HostUnknown:
		return "EHOSTDOWN"
	case SourceHostIsolated:
		return "ENONET"
	case PolicyFailed, RouteRejected:
		return "EACCES"
	case ParameterProblem:
		return "EPROTO"
	case Prohibited:
		if v6 {
			return "EACCES"
		}
	}
	return "EHOSTUNREACH"
}
