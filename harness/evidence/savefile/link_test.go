package savefile_test

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// be joins what is sent in network byte order.
func be(parts ...any) []byte { return join(binary.BigEndian, parts...) }

const macs = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"

// TestLinkLayers reads the same segment from behind everything that a capture
// may have before it.
func TestLinkLayers(t *testing.T) {
	snap := "\xaa\xaa\x03\x00\x00\x00\x08\x00"
	radiotap := "\x00\x00\x08\x00\x00\x00\x00\x00"
	pktap := func(dlt uint32) []byte {
		h := make([]byte, 156)
		copy(h, join(binary.LittleEndian, uint32(156), uint32(1), dlt, "en0"))
		return h
	}
	for name, test := range map[string]struct {
		link uint32
		data []byte
	}{
		"Ethernet":                     {1, be(macs, uint16(0x0800), ipv4)},
		"Ethernet, IPv6":               {1, be(macs, uint16(0x86dd), ipv6)},
		"Ethernet with padding":        {1, be(macs, uint16(0x0800), ipv4, make([]byte, 5))},
		"802.1Q":                       {1, be(macs, uint16(0x8100), uint16(7), uint16(0x0800), ipv4)},
		"QinQ":                         {1, be(macs, uint16(0x88a8), uint16(7), uint16(0x8100), uint16(8), uint16(0x86dd), ipv6)},
		"QinQ before it was standard":  {1, be(macs, uint16(0x9100), uint16(7), uint16(0x8100), uint16(8), uint16(0x0800), ipv4)},
		"802.3 with LLC and SNAP":      {1, be(macs, uint16(8+len(ipv4)), snap, ipv4)},
		"MPLS":                         {1, be(macs, uint16(0x8847), "\x00\x01\x00\xff", "\x00\x02\x01\xff", ipv4)},
		"MPLS alone":                   {219, be("\x00\x02\x01\xff", ipv6)},
		"PPPoE":                        {1, be(macs, uint16(0x8864), "\x11\x00\x00\x01", uint16(2+len(ipv4)), uint16(0x21), ipv4)},
		"PPPoE, IPv6":                  {1, be(macs, uint16(0x8864), "\x11\x00\x00\x01", uint16(2+len(ipv6)), uint16(0x57), ipv6)},
		"PPPoE alone":                  {51, be("\x11\x00\x00\x01", uint16(2+len(ipv4)), uint16(0x21), ipv4)},
		"Linux cooked":                 {113, be(uint16(0), uint16(1), uint16(6), "12345678", uint16(0x0800), ipv4)},
		"Linux cooked, IPv6":           {113, be(uint16(4), uint16(772), uint16(6), "12345678", uint16(0x86dd), ipv6)},
		"Linux cooked with 802.1Q":     {113, be(uint16(0), uint16(1), uint16(6), "12345678", uint16(0x8100), uint16(7), uint16(0x0800), ipv4)},
		"Linux cooked with LLC":        {113, be(uint16(0), uint16(1), uint16(6), "12345678", uint16(4), snap, ipv4)},
		"Linux cooked with GRE":        {276, be(uint16(0x0800), uint16(0), uint32(0), uint16(778), "\x00\x04", "12345678", ipv4)},
		"Linux cooked v2":              {276, be(uint16(0x0800), uint16(0), uint32(0), uint16(1), "\x00\x06", "12345678", ipv4)},
		"Linux cooked v2, IPv6":        {276, be(uint16(0x86dd), uint16(0), uint32(0), uint16(1), "\x04\x06", "12345678", ipv6)},
		"raw IP":                       {101, ipv4},
		"raw IPv6":                     {101, ipv6},
		"raw IP by BSD's number":       {12, ipv4},
		"raw IP by OpenBSD's number":   {14, ipv6},
		"IPv4":                         {228, ipv4},
		"IPv6":                         {229, ipv6},
		"loopback of a BSD":            {0, be("\x02\x00\x00\x00", ipv4)},
		"loopback, the other order":    {0, be("\x00\x00\x00\x02", ipv4)},
		"loopback of macOS, IPv6":      {0, be("\x1e\x00\x00\x00", ipv6)},
		"loopback of FreeBSD, IPv6":    {0, be("\x00\x00\x00\x1c", ipv6)},
		"loopback of NetBSD, IPv6":     {0, be("\x18\x00\x00\x00", ipv6)},
		"loopback of Npcap, IPv6":      {0, be("\x17\x00\x00\x00", ipv6)},
		"loopback of OpenBSD":          {108, be("\x00\x00\x00\x02", ipv4)},
		"PPP":                          {9, be(uint16(0x21), ipv4)},
		"PPP, IPv6":                    {9, be("\xff\x03", uint16(0x57), ipv6)},
		"PPP with a short protocol":    {9, be("\x21", ipv4)},
		"PPP in HDLC":                  {50, be("\xff\x03", uint16(0x21), ipv4)},
		"Cisco HDLC":                   {104, be("\x0f\x00", uint16(0x0800), ipv4)},
		"Wi-Fi":                        {105, be("\x08\x01\x00\x00", "123456abcdef123456", "\x00\x00", snap, ipv4)},
		"Wi-Fi, QoS":                   {105, be("\x88\x01\x00\x00", "123456abcdef123456", "\x00\x00", "\x00\x00", snap, ipv4)},
		"Wi-Fi behind radiotap":        {127, be(radiotap, "\x08\x01\x00\x00", "123456abcdef123456", "\x00\x00", snap, ipv4, "sums")},
		"pktap, Ethernet":              {149, be(pktap(1), macs, uint16(0x0800), ipv4)},
		"pktap by its number in files": {258, be(pktap(1), macs, uint16(0x86dd), ipv6)},
		"pktap, raw IP":                {258, be(pktap(12), ipv4)},
		"pktap, loopback":              {258, be(pktap(0), "\x02\x00\x00\x00", ipv4)},
		"Linux cooked with radiotap":   {276, be(uint16(0), uint16(0), uint32(0), uint16(803), "\x00\x06", "12345678", radiotap, "\x08\x01\x00\x00", "123456abcdef123456", "\x00\x00", snap, ipv4, "sums")},
	} {
		t.Run(name, func(t *testing.T) { checkFrame(t, test.link, test.data) })
	}
}

// TestTunnels reads the same segment from within everything that gopacket
// decodes.
func TestTunnels(t *testing.T) {
	ethernet := be(macs, uint16(0x0800), ipv4)
	vxlan := be("\x08\x00\x00\x00\x00\x00\x2a\x00", ethernet)
	for name, packet := range map[string][]byte{
		"IP in IP":                      in4(4, ipv4),
		"IPv6 in IPv4":                  in4(41, ipv6),
		"IPv4 in IPv6":                  in6(4, ipv4),
		"IPv6 in IPv6":                  in6(41, ipv6),
		"three of them":                 in6(4, in4(41, in6(4, ipv4))),
		"GRE":                           in4(47, be(uint16(0), uint16(0x0800), ipv4)),
		"GRE with a key and a number":   in4(47, be(uint16(0x3000), uint16(0x86dd), uint32(1), uint32(2), ipv6)),
		"GRE with Ethernet":             in4(47, be(uint16(0), uint16(0x6558), ethernet)),
		"GRE in IPv6":                   in6(47, be(uint16(0), uint16(0x0800), ipv4)),
		"PPTP":                          in4(47, be(uint16(0x3081), uint16(0x880b), uint16(4+len(ipv4)), uint16(1), uint32(2), uint32(3), "\xff\x03\x00\x21", ipv4)),
		"ERSPAN":                        in4(47, be(uint16(0x1000), uint16(0x88be), uint32(1), uint32(0x10000000), uint32(0), ethernet)),
		"EtherIP":                       in4(97, be(uint16(0x3000), ethernet)),
		"MPLS in IP":                    in4(137, be("\x00\x02\x01\xff", ipv4)),
		"VXLAN":                         in4(17, inUDP(4789, vxlan)),
		"VXLAN at Linux' port":          in6(17, inUDP(8472, vxlan)),
		"VXLAN with 802.1Q":             in4(17, inUDP(4789, be("\x08\x00\x00\x00\x00\x00\x2a\x00", macs, uint16(0x8100), uint16(1), uint16(0x86dd), ipv6))),
		"Geneve":                        in4(17, inUDP(6081, be("\x00\x00\x65\x58\x00\x00\x2a\x00", ethernet))),
		"Geneve with options, IP":       in4(17, inUDP(6081, be("\x01\x00\x08\x00\x00\x00\x2a\x00", "\x01\x02\x03\x00", ipv4))),
		"GTP-U":                         in4(17, inUDP(2152, be("\x30\xff", uint16(len(ipv4)), uint32(7), ipv4))),
		"Teredo":                        in4(17, inUDP(3544, ipv6)),
		"Teredo with an origin":         in4(17, inUDP(3544, be("\x00\x00\x12\x34\x01\x02\x03\x04", ipv6))),
		"Teredo with an authentication": in4(17, inUDP(3544, be("\x00\x01\x00\x00", "12345678", "\x00", ipv6))),
		"Teredo with both":              in4(17, inUDP(3544, be("\x00\x01\x01\x02", "i", "au", "12345678", "\x00", "\x00\x00\x12\x34\x01\x02\x03\x04", ipv6))),
		"an authentication header":      in4(51, be("\x04\x04\x00\x00", uint32(1), uint32(2), "123456789012", in4(4, nil)[:0], ipv4)),
	} {
		t.Run(name, func(t *testing.T) {
			checkFrame(t, 101, packet)
			version := uint16(0x0800)
			if packet[0]>>4 == 6 {
				version = 0x86dd
			}
			checkFrame(t, 1, be(macs, version, packet))
		})
	}
}

func checkFrame(t *testing.T, link uint32, data []byte) {
	t.Helper()
	file := pcap(binary.LittleEndian, microseconds, link, frame{data: data})
	segments, omitted, err := all(t, bytes.NewReader(file))
	if err != nil || len(segments) != 1 || len(omitted) != 0 {
		t.Fatalf("%v, %+v, %v", segments, omitted, err)
	}
	segments[0].Leaving = false // some say so
	checkSegment(t, segments[0])
}
