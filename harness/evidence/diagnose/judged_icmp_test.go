package diagnose_test

import (
	"encoding/binary"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/offline"
	"github.com/resetlab/resetlab/harness/tcp"
)

// icmp adds an ICMP error of a line of a sheet, about the last segment that an
// end sent:
//
//	+1ms icmp c 3/1 from=198.51.100.1
//
// "cut" has it quote eight bytes of TCP, "seq=+N" another number, "mtu=N" is the
// next hop's.
func (s *sheet) icmp(words []string) {
	wait, err := time.ParseDuration(words[0])
	if err != nil {
		panic(err)
	}
	s.at = s.at.Add(wait)
	var quoted []byte
	for _, f := range s.frames {
		if f.from == words[2] {
			quoted = slices.Clone(f.ip)
		}
	}
	sender, mtu := net.IPv4(198, 51, 100, 1), 0
	for _, w := range words[4:] {
		switch key, value, _ := strings.Cut(w, "="); key {
		case "from":
			sender = net.ParseIP(value)
		case "cut":
			quoted = quoted[:28]
		case "seq":
			at := quoted[24:]
			binary.BigEndian.PutUint32(at, moveNumber(value, binary.BigEndian.Uint32(at), 0))
		case "mtu":
			mtu = number(value)
		default:
			panic("no field " + key)
		}
	}
	kind, code, _ := strings.Cut(words[3], "/")
	body := []byte{byte(number(kind)), byte(number(code)), 0, 0, 0, 0, byte(mtu >> 8), byte(mtu)}
	body = append(body, quoted...)
	head := []byte{0x45, 0xc0, 0, byte(20 + len(body)), 0, 1, 0, 0, 62, byte(layers.IPProtocolICMPv4), 0, 0}
	head[2] = byte((20 + len(body)) >> 8)
	head = append(append(head, sender.To4()...), s.ends[words[2]].address.To4()...)
	s.frames = append(s.frames, sheetFrame{s.at, "i", append(head, body...)})
}

// A judgedICMP is a capture with ICMP, and what somebody says of it who knows
// the sources of Linux, FreeBSD and RFC 5927.
type judgedICMP struct {
	name, sheet string
	link        string
	end         diagnose.End
	cause       string     // the first, where ICMP decides
	read        tcp.Ending // what the client's call got; "": it must not be said
	sure        diagnose.Sureness
	says        string // in the words for why or what decided
	never       string // must be in neither
	numbered    bool   // the numbers decide, which texts leave out
}

const (
	linuxes    = "client linux ttl=64 port=40000 seq=1000\nserver linux ttl=55 port=443 seq=9000\n"
	handshaken = linuxes + "+0ms c S\n+20ms s SA\n+0ms c A\n"
	toWin      = "client windows ttl=128 port=50000 seq=77\nserver linux ttl=55 port=443 seq=9000\n"
	fromMac    = "client mac ttl=64 port=50000 seq=77\nserver linux ttl=55 port=443 seq=9000\n"
	finishes   = "+10ms c FA\n+20ms s FA\n+0ms c A\n"
)

var judgedICMPs = []judgedICMP{
	{name: "a router has no ARP entry", sheet: linuxes + "+0ms c S\n+3000ms icmp c 3/1",
		end: diagnose.EndUnreachable, cause: "icmp-unreachable", read: tcp.Unreachable, sure: diagnose.Likely, says: "host unreachable"},
	{name: "behind two VLAN tags", link: "vlan", sheet: linuxes + "+0ms c S\n+3000ms icmp c 3/1",
		end: diagnose.EndUnreachable, cause: "icmp-unreachable", read: tcp.Unreachable, sure: diagnose.Likely, says: "198.51.100.1"},
	{name: "captured twice", link: "any", sheet: linuxes + "+0ms c S\n+3ms icmp c 3/0",
		end: diagnose.EndUnreachable, cause: "icmp-unreachable", read: tcp.Unreachable, sure: diagnose.Likely, says: "ENETUNREACH"},
	{name: "REJECT as iptables does it, in the server's name", sheet: linuxes + "+0ms c S\n+20ms icmp c 3/3 from=203.0.113.80",
		end: diagnose.EndUnreachable, cause: "firewall-rejects", read: tcp.Refused, sure: diagnose.Likely, says: "in its name"},
	{name: "prohibited, and eight bytes quoted", sheet: linuxes + "+0ms c S\n+20ms icmp c 3/13 cut",
		end: diagnose.EndUnreachable, cause: "firewall-rejects", read: tcp.Unreachable, sure: diagnose.Likely, says: "administratively prohibited"},
	{name: "a loop of routes", sheet: linuxes + "+0ms c S\n+20ms icmp c 11/0",
		end: diagnose.EndUnreachable, cause: "icmp-unreachable", read: tcp.Unreachable, sure: diagnose.Likely, says: "time exceeded"},
	{name: "Windows tries again", sheet: toWin + "+0ms c S\n+20ms icmp c 3/1\n+1000ms c S seq=77\n+20ms icmp c 3/1 cut\n+2000ms c S seq=77\n+20ms icmp c 3/1",
		end: diagnose.EndUnreachable, cause: "icmp-unreachable", sure: diagnose.Likely, says: "3 times", never: "EHOSTUNREACH"},
	{name: "a Mac may try again", sheet: fromMac + "+0ms c S\n+20ms icmp c 3/1",
		end: diagnose.EndUnreachable, cause: "icmp-unreachable", sure: diagnose.Likely},
	{name: "the outage passes before the next SYN", sheet: linuxes + "+0ms c S\n+20ms icmp c 3/1\n+1000ms c S seq=1000\n+20ms s SA\n+0ms c A\n" + finishes,
		end: diagnose.EndFinished},
	{name: "a hint to an open connection", sheet: handshaken + "+5ms c PA \"hello\"\n+10ms icmp c 3/1\n+300ms c PA seq=1001 \"hello\"\n+20ms s A\n" + finishes,
		end: diagnose.EndFinished},
	{name: "an open connection goes on trying", sheet: handshaken + "+5ms c PA \"hello\"\n+10ms icmp c 3/1\n+300ms c PA seq=1001 \"hello\"\n+10ms icmp c 3/1",
		end: diagnose.EndOpen},
	{name: "an open connection is not heard any more", sheet: handshaken + "+5ms c PA \"hello\"\n+10ms icmp c 3/1\n+300ms c PA seq=1001 \"hello\"\n+10ms icmp c 3/1\n" +
		"+600ms c PA seq=1001 \"hello\"\n+1200ms c PA seq=1001 \"hello\"\n+10ms icmp c 3/13 cut\n+2400ms c PA seq=1001 \"hello\"",
		end: diagnose.EndUnreachable, cause: "firewall-rejects", read: tcp.Unreachable, sure: diagnose.Likely, says: "again and again"},
	{name: "late: what it quotes is acknowledged", sheet: handshaken + "+5ms c PA \"hello\"\n+10ms s A\n+50ms icmp c 3/1\n+5ms c PA \"world\"\n" +
		"+300ms c PA seq=1006 \"world\"\n+600ms c PA seq=1006 \"world\"\n+1200ms c PA seq=1006 \"world\"",
		end: diagnose.EndTimedOut, never: "hint", numbered: true},
	{name: "forged at a connect: a number that was never sent", sheet: linuxes + "+0ms c S\n+20ms icmp c 3/3 seq=+70000\n+1000ms c S seq=1000\n+2000ms c S seq=1000",
		end: diagnose.EndUnanswered, never: "nobody listens", numbered: true},
	{name: "forged at an open connection", sheet: handshaken + "+5ms c PA \"hello\"\n+10ms icmp c 3/3 seq=-500\n+300ms c PA seq=1001 \"hello\"\n" +
		"+600ms c PA seq=1001 \"hello\"\n+1200ms c PA seq=1001 \"hello\"",
		end: diagnose.EndTimedOut, never: "hint", numbered: true},
	{name: "a path with a smaller MTU", sheet: handshaken + "+5ms c PA len=1448\n+10ms icmp c 3/4 mtu=1400\n+300ms c PA seq=1001 len=1448\n" +
		"+600ms c PA seq=1001 len=1448\n+1200ms c PA seq=1001 len=1448",
		end: diagnose.EndTimedOut},
	{name: "a RST decides, whatever ICMP said", sheet: handshaken + "+5ms c PA \"hello\"\n+10ms icmp c 3/1\n+300ms c PA seq=1001 \"hello\"\n+20ms s RA",
		end: diagnose.EndReset},
	{name: "a RST of Linux behind forged ICMP", sheet: linuxes + "+0ms c S\n+1ms icmp c 3/3 seq=+9\n+20ms s RA seq=none win=0 id=0 bare",
		end: diagnose.EndReset},
}

// TestJudgedICMP: what is said of captures with ICMP is what somebody said who
// had not read the rules, whether it comes as bytes or as text.
func TestJudgedICMP(t *testing.T) {
	for _, j := range judgedICMPs {
		t.Run(j.name, func(t *testing.T) {
			s := readSheet(j.sheet)
			if j.link == "" {
				j.link = "raw"
			}
			data := s.file(j.link, func(string) bool { return true })
			j.judge(t, "bytes", data, false)
			for _, options := range []string{"-nn", "-nnv", "-nnS"} {
				if text := printedBy(t, options, data); text != nil {
					j.judge(t, "tcpdump "+options, text, true)
				}
			}
			if text := columnsOf(t, data); text != nil {
				j.judge(t, "tshark", text, true)
			}
		})
	}
}

// columnsOf returns what tshark prints of a capture, nil if it is not there.
func columnsOf(t *testing.T, capture []byte) []byte {
	program, err := exec.LookPath("tshark")
	if err != nil {
		t.Log("tshark is not there: install it to test what it prints")
		return nil
	}
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), program, "-n", "-r", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// judge compares what is told with the verdict. A text shows less: it may leave
// open what the bytes decide, and must not decide otherwise.
func (j judgedICMP) judge(t *testing.T, view string, data []byte, text bool) {
	t.Helper()
	r, err := reported(data)
	if err != nil {
		t.Fatalf("%s: %v", view, err)
	}
	end, all := endAndFound(r)
	if end != j.end {
		// A text without the numbers cannot tell a forged message.
		if !text || !j.numbered || len(all) > 0 && all[0].Diagnosis.Sure == diagnose.Certain {
			t.Errorf("%s: it ended as %s, want %s: %+v", view, end, j.end, all)
		}
		return
	}
	if len(all) != 1 {
		if end == diagnose.EndUnreachable || end == diagnose.EndReset {
			t.Errorf("%s: %d are listed: %+v", view, len(all), all)
		}
		return
	}
	d := all[0].Diagnosis
	said := d.Why + "; " + d.Clue + "; " + d.Client.SawWhy
	t.Logf("%s: %s (%s) %v, the client read %s (%s); %s", view, d.End, d.Sure, d.Causes, d.Client.Read, d.Client.SawSure, said)
	if j.end == diagnose.EndReset {
		return
	}
	if d.Causes[0] != j.cause || d.SureOfCause != diagnose.Undecided {
		t.Errorf("%s: the causes are %v (%s), want %s first, undecided", view, d.Causes, d.SureOfCause, j.cause)
	}
	if d.Client.Read != j.read && !(text && d.Client.SawSure == diagnose.Undecided) || d.Client.SawSure == diagnose.Certain {
		t.Errorf("%s: the client read %q (%s), want %q", view, d.Client.Read, d.Client.SawSure, j.read)
	}
	if !text && d.Sure != j.sure {
		t.Errorf("%s: it is %s, want %s", view, d.Sure, j.sure)
	}
	if !text && !strings.Contains(said, j.says) || j.never != "" && strings.Contains(said, j.never) {
		t.Errorf("%s: said %q, want %q and not %q", view, said, j.says, j.never)
	}
}

// endAndFound returns how the only connection of a report ended.
func endAndFound(r *offline.Report) (diagnose.End, []offline.Found) {
	if len(r.Found) > 0 {
		return diagnose.EndReset, r.Found
	}
	for _, e := range r.Ends {
		return e.End, r.Unreachable
	}
	return "", nil
}
