package printed_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/evidence/printed"
	"github.com/resetlab/resetlab/harness/evidence/savefile"
)

// told is a SYN in IPv4 and one in IPv6, and all that ICMP can say of them.
func told() []byte {
	v4 := []byte{0x45, 0, 0, 40, 0, 1, 0x40, 0, 63, 6, 0, 0, 192, 0, 2, 10, 203, 0, 113, 80,
		0x9c, 0x40, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0x50, 2, 1, 0, 0, 0, 0, 0}
	v6 := append([]byte{0x60, 0, 0, 0, 0, 20, 6, 63, 0x20, 1, 0xd, 0xb8, 15: 0, 23: 10, 24: 0x20, 25: 1, 26: 0xd, 27: 0xb8, 39: 0x80}, v4[20:]...)
	list := [][]byte{v4, v6}
	add4 := func(kind, code byte, quoted int) {
		body := append([]byte{kind, code, 0, 0, 0, 0, 5, 0x78}, v4[:quoted]...)
		head := []byte{0x45, 0, 0, byte(20 + len(body)), 0, 1, 0, 0, 62, 1, 0, 0, 198, 51, 100, 1, 192, 0, 2, 10}
		list = append(list, append(head, body...))
	}
	for code := range byte(16) {
		add4(3, code, 40)
	}
	add4(3, 1, 28)
	add4(3, 3, 28)
	add4(11, 0, 40)
	add4(11, 1, 40)
	add4(12, 0, 40)
	add6 := func(kind, code byte) {
		body := append(binary.BigEndian.AppendUint32([]byte{kind, code, 0, 0}, 1280), v6...)
		head := append([]byte{0x60, 0, 0, 0, 0, byte(len(body)), 58, 62, 0x20, 1, 0xd, 0xb8, 23: 1}, v6[8:24]...)
		list = append(list, append(head, body...))
	}
	for code := range byte(7) {
		add6(1, code)
	}
	add6(2, 0)
	add6(3, 0)
	add6(3, 1)
	add6(4, 0)
	var file bytes.Buffer
	w := pcapgo.NewWriterNanos(&file)
	w.WriteFileHeader(65535, layers.LinkTypeRaw)
	for i, p := range list {
		at := time.Unix(1_750_000_000+int64(i), 0)
		w.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(p), Length: len(p)}, p)
	}
	return file.Bytes()
}

// icmpOf returns the ICMP errors that a reader hands over.
func icmpOf(t *testing.T, r interface {
	source
	OnICMP(func(*packets.ICMPError))
}) (all []packets.ICMPError) {
	t.Helper()
	r.OnICMP(func(e *packets.ICMPError) { all = append(all, *e) })
	for {
		if _, err := r.Next(); err != nil {
			return all
		}
	}
}

// TestICMPPrinted: what tcpdump and tshark print of ICMP says what the bytes say,
// except what they leave out.
func TestICMPPrinted(t *testing.T) {
	file, err := savefile.Open(bytes.NewReader(told()))
	if err != nil {
		t.Fatal(err)
	}
	want := icmpOf(t, file)
	if len(want) != 32 {
		t.Fatalf("%d messages", len(want))
	}
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, told(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"tcpdump -nn -tttt -r", "tcpdump -nnv -tttt -r", "tcpdump -nnvv -S -e -tttt -r", "tshark -n -t ad -r"} {
		words := strings.Fields(command)
		text, err := exec.CommandContext(t.Context(), need(t, words[0]), append(words[1:], path)...).Output()
		if err != nil {
			t.Fatal(command, err)
		}
		r, err := printed.Open(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		got := icmpOf(t, r)
		if len(got) != len(want) || len(r.Omissions()) > 0 {
			t.Errorf("%s: %d messages, want %d; %+v", command, len(got), len(want), r.Omissions())
			continue
		}
		for i, g := range got {
			w := want[i]
			if g.What.Message != w.What.Message || g.What.Errno != w.What.Errno || g.From != w.From || g.To != w.To || g.Sender != w.Sender {
				t.Errorf("%s: message %d is %+v, want %+v", command, i, g, w)
			}
			shown := strings.Contains(command, "v") && g.To.Addr().Is4() // tcpdump quotes nothing of ICMPv6
			if cut := w.What.Message != "" && i >= 16 && i < 18; shown && !cut && (g.What.Guessed || g.What.Seq != w.What.Seq) || shown && cut && g.What.Unknown != evidence.FieldSeq {
				t.Errorf("%s: message %d is about %+v, want %+v", command, i, g.What, w.What)
			} else if !shown && (!g.What.Guessed || g.What.Unknown != evidence.FieldSeq) {
				t.Errorf("%s: message %d cannot know the number: %+v", command, i, g.What)
			}
		}
	}
}

// TestICMPOpen: where several segments may be meant, none is.
func TestICMPOpen(t *testing.T) {
	const syn = "12:00:00.1 IP 192.0.2.10.%s > 203.0.113.80.%s: Flags [S], seq 1000, win 9, length 0\n"
	line := func(from, to string) string {
		return strings.NewReplacer("%s >", from+" >", "80.%s:", "80."+to+":").Replace(syn)
	}
	const host = "12:00:00.2 IP 198.51.100.1 > 192.0.2.10: ICMP host 203.0.113.80 unreachable, length 60\n"
	const port = "12:00:00.2 IP 198.51.100.1 > 192.0.2.10: ICMP 203.0.113.80 tcp port 443 unreachable, length 60\n"
	const other = "12:00:00.2 IP 198.51.100.1 > 192.0.2.10: ICMP host 203.0.113.81 unreachable, length 60\n"
	const udp = "12:00:00.2 IP 198.51.100.1 > 192.0.2.10: ICMP 203.0.113.80 udp port 443 unreachable, length 60\n"
	for name, test := range map[string]struct {
		text string
		to   uint16 // 0: nothing is told
	}{
		"one":                {line("1", "80") + host, 80},
		"two connections":    {line("1", "80") + line("2", "80") + host, 0},
		"two ports":          {line("1", "80") + line("2", "443") + port, 443},
		"two of one port":    {line("1", "443") + line("2", "443") + port, 0},
		"another host":       {line("1", "80") + other, 0},
		"of UDP":             {line("1", "443") + udp, 0},
		"before the segment": {host + line("1", "80"), 0},
		"long ago":           {line("1", "80") + strings.Repeat(strings.Replace(line("7", "80"), "192.0.2.10", "192.0.2.11", 1), 64) + host, 0},
	} {
		r, err := printed.Open(strings.NewReader(test.text))
		if err != nil {
			t.Fatal(err)
		}
		got := icmpOf(t, r)
		if test.to == 0 && (len(got) != 0 || len(r.Omissions()) != 1) || test.to != 0 && (len(got) != 1 || got[0].To.Port() != test.to || !got[0].What.Guessed) {
			t.Errorf("%s: %+v, omitted %+v", name, got, r.Omissions())
		}
	}
}
