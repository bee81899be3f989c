package printed_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/icmp"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/evidence/printed"
)

const (
	reset = "12:00:00.000001 IP 192.0.2.1.443 > 192.0.2.2.50000: Flags [R.], seq 1, ack 2, win 0, length 0\n"
	noTTL = evidence.FieldTTL | evidence.FieldIPID
)

// TestTexts reads one segment from what people paste.
func TestTexts(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		from, to string
		want     string // flags, numbers and length in words
		unknown  evidence.Fields
	}{
		"a line": {reset, "192.0.2.1:443", "192.0.2.2:50000", "RST ACK seq 1 ack 2",
			noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"quoted in a mail and broken": {"Hi,\n> > 12:00:00.000001 IP 192.0.2.1.443 >\n> > 192.0.2.2.50000: Flags [R.], seq 1,\n> > ack 2, win 0, length\n> > 0\nregards",
			"192.0.2.1:443", "192.0.2.2:50000", "RST ACK seq 1 ack 2", noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"in Markdown": {"we see\n```\n" + reset + "```\nhelp", "192.0.2.1:443", "192.0.2.2:50000", "RST ACK seq 1 ack 2",
			noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"in HTML": {strings.ReplaceAll(reset, ">", "&gt;"), "192.0.2.1:443", "192.0.2.2:50000", "RST ACK seq 1 ack 2",
			noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"in colours": {"\x1b[31m" + strings.TrimSpace(reset) + "\x1b[0m", "192.0.2.1:443", "192.0.2.2:50000", "RST ACK seq 1 ack 2",
			noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"behind the prefix of a log": {"Nov 29 11:59:59 web tcpdump[7]: " + reset, "192.0.2.1:443", "192.0.2.2:50000", "RST ACK seq 1 ack 2",
			noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"without a time": {reset[16:], "192.0.2.1:443", "192.0.2.2:50000", "RST ACK seq 1 ack 2",
			noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"in two lines": {"12:00:00.000001 IP (tos 0x0, ttl 53, id 7, offset 0, flags [DF], proto TCP (6), length 40)\n" +
			"    192.0.2.1.443 > 192.0.2.2.50000: Flags [R], cksum 0x1234 (correct), seq 77, win 0, length 0\n",
			"192.0.2.1:443", "192.0.2.2:50000", "RST seq 77", evidence.FieldDate | evidence.FieldOrigin},
		"with the text of a RST": {"12:00:00.1 IP 192.0.2.1.443 > 192.0.2.2.50000: Flags [R], seq 77:116, win 0, length 39 [RST+ [0x24:12] Flow, expired]",
			"192.0.2.1:443", "192.0.2.2:50000", "RST seq 77 len 39", evidence.FieldDate | evidence.FieldTTL | evidence.FieldIPID | evidence.FieldOrigin},
		"IPv6": {"12:00:00 IP6 (hlim 60, next-header TCP (6) payload length: 20) 2001:db8::1.443 > 2001:db8::2.50000: Flags [R], seq 77, win 0, length 0",
			"[2001:db8::1]:443", "[2001:db8::2]:50000", "RST seq 77", evidence.FieldDate | evidence.FieldOrigin},
		"names": {"12:00:00.1 IP web-1.example.org.https > localhost.ssh: Flags [R], seq 77, win 0, length 0",
			"[100::1%web-1.example.org]:443", "[100::1%localhost]:22", "RST seq 77", noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"with Ethernet": {"12:00:00.1 02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 802.1Q (0x8100), length 58: vlan 5, p 0, ethertype IPv4 (0x0800), 192.0.2.1.443 > 192.0.2.2.50000: Flags [R], seq 77, win 0, length 0",
			"192.0.2.1:443", "192.0.2.2:50000", "RST seq 77", noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"in a tunnel": {"12:00:00.1 IP 203.0.113.1 > 203.0.113.2: GREv0, length 44: IP 192.0.2.1.443 > 192.0.2.2.50000: Flags [R], seq 77, win 0, length 0",
			"192.0.2.1:443", "192.0.2.2:50000", "RST seq 77", noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"a bare ACK": {"1700000000.1 IP 192.0.2.1.443 > 192.0.2.2.50000: Flags [.], ack 2, win 5, length 0",
			"192.0.2.1:443", "192.0.2.2:50000", "ACK ack 2", noTTL | evidence.FieldSeq | evidence.FieldOrigin},
		"the notation of before 2009": {"12:00:00.1 192.0.2.1.443 > 192.0.2.2.50000: R 77:77(0) win 0 (DF) (ttl 64, id 9, len 40)",
			"192.0.2.1:443", "192.0.2.2:50000", "RST seq 77", evidence.FieldDate | evidence.FieldOrigin},
		"that with data and options": {"12:00:00.1 IP 192.0.2.1.443 > 192.0.2.2.50000: P 1:101(100) ack 5 win 9 <nop,nop,timestamp 1 2>",
			"192.0.2.1:443", "192.0.2.2:50000", "PSH ACK seq 1 ack 5 len 100", noTTL | evidence.FieldDate | evidence.FieldOrigin},
		"tshark": {"    6 1.5  192.0.2.1 → 192.0.2.2  TCP 54 443 → 50000 [RST, ACK] Seq=1 Ack=2 Win=0 Len=0",
			"192.0.2.1:443", "192.0.2.2:50000", "RST ACK seq 1 ack 2", noTTL | evidence.FieldDate | evidence.FieldOrigin | evidence.FieldOptions},
		"Wireshark": {"6\t1.5\t2001:db8::1\t2001:db8::2\tTCP\t74\t[TCP Dup ACK 4#1] https(443) → 50000 [ACK] Seq=1 Ack=2 Win=65536 Len=0",
			"[2001:db8::1]:443", "[2001:db8::2]:50000", "ACK seq 1 ack 2", evidence.FieldTTL | evidence.FieldWindow | evidence.FieldDate |
				evidence.FieldOrigin | evidence.FieldOptions},
		"Wireshark's CSV": {`"6","1.5","192.0.2.1","192.0.2.2","TCP","54","443  >  50000 [RST] Seq=1 Win=0 Len=0"`,
			"192.0.2.1:443", "192.0.2.2:50000", "RST seq 1", noTTL | evidence.FieldDate | evidence.FieldOrigin | evidence.FieldOptions},
	} {
		segments, omitted := read(t, test.text)
		if len(segments) != 1 || len(omitted) != 0 {
			t.Errorf("%s: %+v, %+v", name, segments, omitted)
			continue
		}
		s := segments[0]
		if s.From.String() != test.from || s.To.String() != test.to || s.Packet.String() != test.want || s.Packet.Unknown != test.unknown {
			t.Errorf("%s: %v → %v %v, unknown %b, want %s → %s %s, %b", name, s.From, s.To, &s.Packet, s.Packet.Unknown,
				test.from, test.to, test.want, test.unknown)
		}
	}
}

// TestLeftOut reports the lines that look like packets and were not read.
func TestLeftOut(t *testing.T) {
	const ip = "12:00:00.1 IP 192.0.2.1.443 > 192.0.2.2.50000: "
	for text, want := range map[string]string{
		ip + "Flags [R], seq 7x, win 0, length 0":                          "line not understood",
		ip + "Flags [S], seq 7, win 65\n495, length 0":                     "line not understood", // broken within a number
		ip + "Flags [P.], seq 1:15, ack 1, win 9, length 1":                "line not understood",
		ip + "Flags [Q], seq 7, win 0, length 0":                           "line not understood",
		ip + "tcp 0":                                                       "line of tcpdump -q, which shows no flags",
		ip + "[|tcp]":                                                      "cut off by the snap length before the end of the TCP header",
		"12:00:00.1 IP 192.0.2.1.53 > 192.0.2.2.50000: 7 A 192.0.2.3 (40)": "not TCP",
		"12:00:00.1 IP 192.0.2.1 > 192.0.2.2: ICMP 192.0.2.1 tcp port 80 unreachable, length 68": "ICMP or ICMPv6",
		"12:00:00.1 IP 192.0.2.1 > 192.0.2.2: tcp":                                               "IP fragment behind the first",
		"3 packets captured\n2 packets dropped by kernel":                                        "dropped by the capture (as tcpdump says)",
		"4 0.1 192.0.2.1 → 192.0.2.2 TLSv1.2 583 Client Hello":                                   "line that shows a protocol above TCP, if it is TCP, and not the header",
		"4 0.1 192.0.2.1 → 192.0.2.2 TCP 54 443 → x [RST] Seq=1 Win=0 Len=0":                     "line not understood",
	} {
		segments, omitted := read(t, "hello\n"+text+"\n")
		if len(segments) != 0 || len(omitted) != 1 || omitted[0].What != want {
			t.Errorf("%q: %+v, %+v, want %q", text, segments, omitted, want)
			continue
		}
		if example := omitted[0].Example; example != "" && !strings.HasPrefix(example, "line 2: ") {
			t.Errorf("%q: the example is %q", text, example)
		}
	}
	for _, prose := range []string{"", "The IP of the server changed.", "read: connection reset by peer", "a > b and c > d", "IP 7 > 6"} {
		if segments, omitted := read(t, prose); len(segments) != 0 || len(omitted) > 1 {
			t.Errorf("%q: %+v, %+v", prose, segments, omitted)
		}
	}
}

// TestQuotedByICMP takes no segment for one that only an error quotes.
func TestQuotedByICMP(t *testing.T) {
	r, err := printed.Open(strings.NewReader("12:00:00.1 IP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto ICMP (1), length 96)\n" +
		"    192.0.2.9 > 192.0.2.2: ICMP host 192.0.2.1 unreachable, length 76\n" +
		"\tIP (tos 0x0, ttl 63, id 2, offset 0, flags [DF], proto TCP (6), length 60)\n" +
		"    192.0.2.2.50000 > 192.0.2.1.443: Flags [S], seq 7, win 9, length 0\n" + reset))
	if err != nil {
		t.Fatal(err)
	}
	var told []packets.ICMPError
	r.OnICMP(func(e *packets.ICMPError) { told = append(told, *e) })
	segments, omitted := all(t, r, nil)
	if len(segments) != 1 || len(omitted) != 0 || len(told) != 1 || told[0].What.Message != icmp.HostUnreachable ||
		told[0].From.Port() != 50000 || told[0].To.Port() != 443 || told[0].What.Seq != 7 || told[0].Sender.String() != "192.0.2.9" {
		t.Errorf("%+v, %+v, %+v", segments, omitted, told)
	}
}

// TestOrigins makes relative numbers whole, or says that it cannot.
func TestOrigins(t *testing.T) {
	client := func(rest string) string {
		return "12:00:00.1 IP 192.0.2.2.50000 > 192.0.2.1.443: Flags " + rest + ", length 0\n"
	}
	server := func(rest string) string {
		return "12:00:00.1 IP 192.0.2.1.443 > 192.0.2.2.50000: Flags " + rest + ", length 0\n"
	}
	handshake := client("[S], seq 4000000000, win 9") + server("[S.], seq 3000000000, ack 4000000001, win 9")
	for name, test := range map[string]struct {
		text     string
		seq, ack uint32 // of the last
		unknown  evidence.Fields
	}{
		"relative":                         {handshake + server("[R.], seq 5, ack 6, win 0"), 3000000005, 4000000006, 0},
		"with -S":                          {handshake + server("[R.], seq 3000000005, ack 4000000006, win 0"), 3000000005, 4000000006, 0},
		"without ACK, as it is":            {handshake + client("[.], ack 1, win 9") + server("[R], seq 3000000005, win 0"), 3000000005, 0, 0},
		"an answer to a SYN":               {client("[S], seq 4000000000, win 9") + server("[R.], seq 0, ack 4000000001, win 0"), 0, 4000000001, 0},
		"an excerpt":                       {server("[R.], seq 5, ack 6, win 0"), 5, 6, evidence.FieldOrigin},
		"an excerpt from its beginning":    {client("[P.], seq 4000000000, ack 3000000001, win 9") + server("[R.], seq 5, ack 6, win 0"), 3000000005, 4000000006, 0},
		"an excerpt without the SYN's ACK": {client("[S], seq 4000000000, win 9") + client("[.], seq 5, ack 6, win 0"), 4000000005, 6, evidence.FieldOrigin},
		"as it is among relative ones": {server("[.], seq 5, ack 6, win 9") + client("[.], seq 6, ack 5, win 9") + server("[R], seq 3000000005, win 0"),
			3000000005, 0, evidence.FieldSeq | evidence.FieldOrigin},
		"as it is among others that are": {server("[P.], seq 3000000005, ack 4000000006, win 9") + client("[.], ack 3000000005, win 9") + server("[R], seq 3000000007, win 0"),
			3000000007, 0, evidence.FieldOrigin},
		"as it is behind bare ones": {client("[.], ack 5, win 9") + server("[R], seq 3000000005, win 0"), 3000000005, 0, evidence.FieldOrigin | evidence.FieldSeq},
	} {
		segments, omitted := read(t, test.text)
		if len(segments) == 0 || len(omitted) != 0 {
			t.Fatalf("%s: %+v, %+v", name, segments, omitted)
		}
		p := segments[len(segments)-1].Packet
		if p.Seq != test.seq || p.Ack != test.ack || p.Unknown&(evidence.FieldOrigin|evidence.FieldSeq) != test.unknown {
			t.Errorf("%s: seq %d ack %d, unknown %b, want %d, %d, %b", name, p.Seq, p.Ack, p.Unknown, test.seq, test.ack, test.unknown)
		}
	}
}

// TestTimes reads the times that tcpdump prints.
func TestTimes(t *testing.T) {
	const rest = " IP 192.0.2.1.443 > 192.0.2.2.50000: Flags [R], seq 1, win 0, length 0\n"
	for name, test := range map[string]struct {
		times []string
		want  string
	}{
		"of day":                  {[]string{"12:00:00.5", "12:00:01.5"}, "1970-01-01T12:00:01.5Z"},
		"over midnight":           {[]string{"23:59:59.5", "00:00:01.5", "00:00:02"}, "1970-01-02T00:00:02Z"},
		"going back a little":     {[]string{"12:00:00.5", "12:00:00.4"}, "1970-01-01T12:00:00.4Z"},
		"since the first":         {[]string{"00:00:00.000000", "00:00:01.5", "00:00:02.5"}, "1970-01-01T00:00:02.5Z"},
		"since the one before":    {[]string{"00:00:00.000000", "00:00:01.5", "00:00:00.5"}, "1970-01-01T00:00:02Z"},
		"since one that is later": {[]string{"00:00:00.000000", "00:00:01.5", "-00:00:00.5"}, "1970-01-01T00:00:01Z"},
		"with a day":              {[]string{"2026-11-29 12:00:00.123456789"}, "2026-11-29T12:00:00.123456789Z"},
		"of the epoch":            {[]string{"1700000000.123456"}, "2023-11-14T22:13:20.123456Z"},
		"over a second midnight":  {[]string{"23:00:00.1", "01:00:00.1", "23:00:00.1", "01:00:00.1"}, "1970-01-03T01:00:00.1Z"},
		"none after one with one": {[]string{"12:00:00.5", ""}, "0001-01-01T00:00:00Z"},
	} {
		segments, _ := read(t, strings.Join(test.times, rest)+rest)
		if len(segments) != len(test.times) {
			t.Fatalf("%s: %+v", name, segments)
		}
		last := segments[len(segments)-1]
		if got := last.At.Format("2006-01-02T15:04:05.999999999Z07:00"); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestAllInterfaces reads what tcpdump -i any prints first.
func TestAllInterfaces(t *testing.T) {
	text := ""
	for _, where := range []string{"eth0  In ", "docker0 Out", "eth0  Out"} {
		text += strings.Replace(reset, "IP", where+" IP", 1)
	}
	segments, omitted := read(t, text)
	if len(segments) != 3 || len(omitted) != 0 {
		t.Fatalf("%+v, %+v", segments, omitted)
	}
	for i, want := range []struct {
		point   int
		leaving bool
	}{{0, false}, {1, true}, {0, true}} {
		if s := segments[i]; s.Point != want.point || s.Leaving != want.leaving {
			t.Errorf("%d: point %d, leaving %v, want %+v", i, s.Point, s.Leaving, want)
		}
	}
}

func TestEncodings(t *testing.T) {
	if _, err := printed.Open(strings.NewReader("\xd4\xc3\xb2\xa1\x02\x00")); !errors.Is(err, printed.ErrFormat) {
		t.Errorf("a capture: %v", err)
	}
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		var text []byte
		for _, unit := range append([]uint16{0xfeff}, utf16.Encode([]rune("𝄞 4 0.1 192.0.2.1 → 192.0.2.2 TCP 54 443 → 50000 [RST] Seq=1 Win=0 Len=0\r\n"+reset))...) {
			text = order.AppendUint16(text, unit)
		}
		if segments, omitted := read(t, string(text)); len(segments) != 2 || len(omitted) != 0 {
			t.Errorf("%v: %+v, %+v", order, segments, omitted)
		}
	}
}

// FuzzReader reads texts as strangers paste them.
func FuzzReader(f *testing.F) {
	f.Add(reset + reset)
	f.Add("> 12:00:00 IP (tos 0x0, ttl 53, id 7, proto TCP (6), length 40)\n> a.443 > b.9: R 1:1(0) ack 2 win 0 <mss 1460,eol>")
	f.Add(`"6","1.5","192.0.2.1","192.0.2.2","TCP","54","443  >  50000 [RST] Seq=1 Win=0 Len=0 MSS=1 WS=4"`)
	f.Add("\xff\xfe1\x00")
	f.Add(reset + "12:00:00.1 IP 192.0.2.9 > 192.0.2.1: ICMP 192.0.2.2 tcp port 50000 unreachable, length 60\n" +
		"12:00:01 IP6 (hlim 63) 2001:db8::1 > 2001:db8::10: [icmp6 sum ok] ICMP6, destination unreachable, unreachable port, 2001:db8::80 tcp port 80\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := printed.Open(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, printed.ErrFormat) {
				t.Error(err)
			}
			return
		}
		r.OnICMP(func(e *packets.ICMPError) {
			if !e.From.IsValid() || !e.To.IsValid() || !e.Sender.IsValid() || e.What.Message == "" || e.What.Errno == "" || e.At.Year() > 9999 {
				t.Errorf("%+v", e)
			}
		})
		segments, omitted := all(t, r, nil)
		for _, s := range segments {
			if p := s.Packet; !s.From.IsValid() || !s.To.IsValid() || p.Len < 0 || p.Length < p.Len || p.Window > 65535 || s.At.Year() > 9999 {
				t.Errorf("%+v", s)
			}
		}
		for _, o := range omitted {
			if o.What == "" || o.Count == 0 || len(o.Example) > 200 {
				t.Errorf("%+v", o)
			}
		}
	})
}
