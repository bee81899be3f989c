package packets_test

import (
	"encoding/binary"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/icmp"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/tcp"
)

// icmp4 is a message of 198.51.100.1 to 192.0.2.10 about its segment from port
// 40000 to port 80 of 203.0.113.80, number 1000, of which it quotes some bytes.
func icmp4(kind, code byte, mtu, quoted int) []byte {
	segment := []byte{0x45, 0, 0, 60, 0, 1, 0x40, 0, 63, 6, 0, 0, 192, 0, 2, 10, 203, 0, 113, 80,
		0x9c, 0x40, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0x50, 2, 1, 0, 0, 0, 0, 0}
	message := []byte{0x45, 0, 0, byte(28 + quoted), 0, 1, 0, 0, 62, 1, 0, 0, 198, 51, 100, 1, 192, 0, 2, 10,
		kind, code, 0, 0, 0, 0, byte(mtu >> 8), byte(mtu)}
	return append(message, segment[:quoted]...)
}

// icmp6 is the same in ICMPv6, behind a header of a fragment that is whole if
// asked for.
func icmp6(kind, code byte, mtu uint32, quoted int, fragment bool) []byte {
	from, to, router := make([]byte, 16), make([]byte, 16), make([]byte, 16)
	from[0], from[15], to[0], to[15], router[0], router[15] = 0x20, 10, 0x20, 80, 0x20, 1
	segment := append(append([]byte{0x60, 0, 0, 0, 0, 20, 6, 63}, from...), to...)
	segment = append(segment, 0x9c, 0x40, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0x50, 2, 1, 0, 0, 0, 0, 0)
	body := binary.BigEndian.AppendUint32([]byte{kind, code, 0, 0}, mtu)
	body, next := append(body, segment[:quoted]...), byte(58)
	if fragment {
		body, next = append([]byte{58, 0, 0, 0, 0, 0, 0, 1}, body...), 44
	}
	return append(append(append([]byte{0x60, 0, 0, 0, 0, byte(len(body)), next, 62}, router...), from...), body...)
}

// TestFindICMP reads what ICMP says. The errnos are those of Linux' tables
// icmp_err_convert and icmpv6_err_convert.
func TestFindICMP(t *testing.T) {
	const whole, least = 40, 28
	for _, test := range []struct {
		packet  []byte
		message icmp.Message
		errno   string
		ending  tcp.Ending
	}{
		{icmp4(3, 0, 0, least), icmp.NetUnreachable, "ENETUNREACH", tcp.Unreachable},
		{icmp4(3, 1, 0, whole), icmp.HostUnreachable, "EHOSTUNREACH", tcp.Unreachable},
		{icmp4(3, 2, 0, whole), icmp.ProtocolUnreachable, "ENOPROTOOPT", tcp.Other},
		{icmp4(3, 3, 0, least), icmp.PortUnreachable, "ECONNREFUSED", tcp.Refused},
		{icmp4(3, 4, 1400, whole), icmp.PacketTooBig, "EMSGSIZE", tcp.Other},
		{icmp4(3, 5, 0, whole), icmp.SourceRouteFailed, "EOPNOTSUPP", tcp.Other},
		{icmp4(3, 6, 0, whole), icmp.NetUnreachable, "ENETUNREACH", tcp.Unreachable},
		{icmp4(3, 7, 0, whole), icmp.HostUnknown, "EHOSTDOWN", tcp.Unreachable},
		{icmp4(3, 8, 0, whole), icmp.SourceHostIsolated, "ENONET", tcp.Other},
		{icmp4(3, 9, 0, whole), icmp.NetProhibited, "ENETUNREACH", tcp.Unreachable},
		{icmp4(3, 10, 0, whole), icmp.HostProhibited, "EHOSTUNREACH", tcp.Unreachable},
		{icmp4(3, 11, 0, whole), icmp.NetUnreachable, "ENETUNREACH", tcp.Unreachable},
		{icmp4(3, 12, 0, whole), icmp.HostUnreachable, "EHOSTUNREACH", tcp.Unreachable},
		{icmp4(3, 13, 0, whole), icmp.Prohibited, "EHOSTUNREACH", tcp.Unreachable},
		{icmp4(3, 14, 0, whole), icmp.PrecedenceViolation, "EHOSTUNREACH", tcp.Unreachable},
		{icmp4(3, 15, 0, whole), icmp.PrecedenceCutoff, "EHOSTUNREACH", tcp.Unreachable},
		{icmp4(11, 0, 0, whole), icmp.TimeExceeded, "EHOSTUNREACH", tcp.Unreachable},
		{icmp4(12, 0, 0, whole), icmp.ParameterProblem, "EPROTO", tcp.Other},
		{icmp6(1, 0, 0, 60, false), icmp.NoRoute, "ENETUNREACH", tcp.Unreachable},
		{icmp6(1, 1, 0, 60, true), icmp.Prohibited, "EACCES", tcp.Other},
		{icmp6(1, 2, 0, 60, false), icmp.BeyondScope, "EHOSTUNREACH", tcp.Unreachable},
		{icmp6(1, 3, 0, 48, false), icmp.AddressUnreachable, "EHOSTUNREACH", tcp.Unreachable},
		{icmp6(1, 4, 0, 60, false), icmp.PortUnreachable, "ECONNREFUSED", tcp.Refused},
		{icmp6(1, 5, 0, 60, false), icmp.PolicyFailed, "EACCES", tcp.Other},
		{icmp6(1, 6, 0, 60, false), icmp.RouteRejected, "EACCES", tcp.Other},
		{icmp6(2, 0, 1280, 60, false), icmp.PacketTooBig, "EMSGSIZE", tcp.Other},
		{icmp6(3, 0, 0, 60, false), icmp.TimeExceeded, "EHOSTUNREACH", tcp.Unreachable},
	} {
		e, ok := packets.FindICMP(test.packet)
		if !ok || e.What.Message != test.message || e.What.Errno != test.errno || e.What.Ending() != test.ending ||
			e.From.Port() != 40000 || e.To.Port() != 80 || e.What.Seq != 1000 || e.What.Unknown != 0 ||
			(e.What.MTU > 0) != (test.message == icmp.PacketTooBig) || e.Sender == e.To.Addr() || e.From.Addr() == e.To.Addr() {
			t.Errorf("%s: %v, %+v", test.message, ok, e)
		}
	}
}

// TestFindNoICMP: what quotes no TCP segment, or too little of it, is none.
func TestFindNoICMP(t *testing.T) {
	quench, redirect, echo := icmp4(4, 0, 0, 28), icmp4(5, 1, 0, 28), icmp4(8, 0, 0, 28)
	udp, later := icmp4(3, 3, 0, 28), icmp4(3, 3, 0, 28)
	udp[28+9], later[28+7] = 17, 9
	for name, test := range map[string]struct {
		packet []byte
		quotes bool // it may quote one
	}{
		"source quench": {quench, false}, "redirect": {redirect, false}, "echo": {echo, false}, "of UDP": {udp, false},
		"of a later fragment": {later, false}, "an unknown code": {icmp4(3, 16, 0, 28), false}, "neighbour solicitation": {icmp6(135, 0, 0, 0, false), false},
		"cut before the ports": {icmp4(3, 1, 0, 22), true}, "cut within the quoted header": {icmp4(3, 1, 0, 12), true}, "nothing": {nil, true},
	} {
		if e, ok := packets.FindICMP(test.packet); ok || packets.QuotesTCP(test.packet) != test.quotes {
			t.Errorf("%s: %v %+v, may quote one: %v", name, ok, e, packets.QuotesTCP(test.packet))
		}
	}
	if e, ok := packets.FindICMP(icmp4(3, 1, 0, 24)); !ok || e.What.Unknown != evidence.FieldSeq || e.What.Seq != 0 || e.To.Port() != 80 {
		t.Errorf("four bytes of TCP: %v %+v", ok, e)
	}
}
