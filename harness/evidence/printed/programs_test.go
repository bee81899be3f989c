package printed_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/evidence/printed"
	"github.com/resetlab/resetlab/harness/evidence/savefile"
)

// A source gives segments.
type source interface {
	Next() (evidence.Segment, error)
	Omissions() []packets.Omission
}

func all(t testing.TB, r source, err error) ([]evidence.Segment, []packets.Omission) {
	t.Helper()
	var segments []evidence.Segment
	for err == nil {
		var s evidence.Segment
		if s, err = r.Next(); err == nil {
			s.Packet.Data = bytes.Clone(s.Packet.Data)
			segments = append(segments, s)
		}
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return segments, r.Omissions()
}

func read(t testing.TB, text string) ([]evidence.Segment, []packets.Omission) {
	t.Helper()
	r, err := printed.Open(strings.NewReader(text))
	return all(t, r, err)
}

// need returns the path of a program. Where it is missing the test is
// skipped, or fails if RESETLAB_STRICT=1 forbids skipping.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	reason := "needs " + program + ": install the package " + program
	if os.Getenv("RESETLAB_STRICT") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
	return ""
}

// captured writes the packets of the stored recordings as one file, for the
// sake of the time that starting tshark takes.
func captured(t *testing.T) []byte {
	t.Helper()
	names, err := filepath.Glob("../../report/testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	var file bytes.Buffer
	w := pcapgo.NewWriterNanos(&file)
	if err := w.WriteFileHeader(262144, layers.LinkTypeRaw); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		recording, err := evidence.Read(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range recording.Events {
			if e.Packet == nil || len(e.Packet.Data) == 0 {
				continue
			}
			info := gopacket.CaptureInfo{Timestamp: recording.Started.Add(e.At), CaptureLength: len(e.Packet.Data), Length: e.Packet.Length}
			if err := w.WritePacket(info, e.Packet.Data); err != nil {
				t.Fatal(err)
			}
		}
	}
	return file.Bytes()
}

// TestPrograms prints captures with tcpdump and tshark in all their variants,
// and compares what is read from that with the segments of the file.
func TestPrograms(t *testing.T) {
	file := captured(t)
	r, err := savefile.Open(bytes.NewReader(file))
	want, _ := all(t, r, err)
	stored := filepath.Join(t.TempDir(), "run.pcap")
	if err := os.WriteFile(stored, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for program, variants := range map[string][]string{
		"tcpdump": {"-n", "-nv", "-nvv", "-nS", "-ne", "-nt", "-ntt", "-nttt", "-ntttt", "-nttttt", "-n --nano",
			"-ntttt --nano", "-nvS -ttt", "-nX", "-n -#", "-nve"},
		"tshark": {"-n", "-n -t ad", "-n -t a", "-n -t d", "-n -t e", "-n -t adoy", "-n -o tcp.relative_sequence_numbers:FALSE"},
	} {
		for _, variant := range variants {
			t.Run(program+" "+variant, func(t *testing.T) {
				arguments := append([]string{"-r", stored}, strings.Fields(variant)...)
				cmd := exec.CommandContext(t.Context(), need(t, program), arguments...)
				cmd.Env = append(os.Environ(), "TZ=UTC")
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%v: %v", cmd, err)
				}
				segments, omitted := read(t, string(out))
				skipped := 0
				for _, o := range omitted {
					skipped += int(o.Count)
					if program == "tcpdump" || !strings.HasPrefix(o.What, "line that shows") {
						t.Errorf("%+v", o)
					}
				}
				if len(segments)+skipped != len(want) {
					t.Errorf("%d segments and %d other lines, want %d", len(segments), skipped, len(want))
				}
				compare(t, segments, want, program == "tcpdump")
			})
		}
	}
}

// compare compares all that the text shows, which may be nearly everything. Where
// it leaves out a segment the next one counts.
func compare(t *testing.T, got, want []evidence.Segment, everything bool) {
	t.Helper()
	next := 0
	for i, g := range got {
		for next < len(want)-1 && len(want)-next > len(got)-i && (want[next].From != g.From || want[next].Packet.Len != g.Packet.Len) {
			next++
		}
		if next == len(want) {
			t.Errorf("segment %d and later were not in the file", i)
			return
		}
		w := want[next]
		next++
		p, q := g.Packet, w.Packet
		shown := func(field evidence.Fields) bool { return !p.Lacks(field) }
		if g.From != w.From || g.To != w.To || p.Flags != q.Flags || p.Len != q.Len ||
			shown(evidence.FieldTTL) && p.TTL != q.TTL || shown(evidence.FieldIPID) && p.IPID != q.IPID ||
			shown(evidence.FieldWindow) && p.Window != q.Window ||
			shown(evidence.FieldSeq|evidence.FieldOrigin) && p.Seq != q.Seq ||
			shown(evidence.FieldAck|evidence.FieldOrigin) && p.Ack != q.Ack {
			t.Errorf("segment %d: %+v, want %+v", i, g, w)
		}
		if shown(evidence.FieldDate) && (g.At.Sub(w.At) > 0 || w.At.Sub(g.At) >= 1000) {
			t.Errorf("segment %d at %v, want %v", i, g.At, w.At)
		}
		if everything && !shown(evidence.FieldOptions|evidence.FieldWindow|evidence.FieldLen|evidence.FieldAck|evidence.FieldOrigin) {
			t.Errorf("segment %d lacks %b", i, p.Unknown)
		}
		if o, ok := q.TCPOptions(); ok && shown(evidence.FieldOptions) {
			if printed, ok := p.TCPOptions(); !ok || string(printed.Kinds) != string(o.Kinds) || printed.MSS != o.MSS ||
				printed.TSVal != o.TSVal || printed.TSEcr != o.TSEcr || printed.Scale != o.Scale || printed.SACKPermitted != o.SACKPermitted {
				t.Errorf("segment %d has options %+v, want %+v", i, printed, o)
			}
		}
	}
}
