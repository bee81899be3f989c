package report_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

func capture(t testing.TB, r *evidence.Recording) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Pcapng(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withData returns the indices of the events that a capture holds.
func withData(r *evidence.Recording) []int {
	var out []int
	for i, e := range r.Events {
		if e.Packet != nil && len(e.Packet.Data) > 0 {
			out = append(out, i)
		}
	}
	return out
}

func TestPcapngHoldsEverySegment(t *testing.T) {
	for _, name := range stored(t) {
		r := load(t, name)
		ng, err := pcapgo.NewNgReader(bytes.NewReader(capture(t, r)), pcapgo.DefaultNgReaderOptions)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if comment := ng.SectionInfo().Comment; !strings.HasPrefix(comment, r.Scenario) {
			t.Errorf("%s: the file's comment is %q", name, comment)
		}
		for _, i := range withData(r) {
			data, info, options, err := ng.ReadPacketDataWithOptions()
			if err != nil {
				t.Fatalf("%s: segment %d: %v", name, i, err)
			}
			want := r.Events[i]
			if !bytes.Equal(data, want.Packet.Data) || info.Length != want.Packet.Length {
				t.Errorf("%s: segment %d differs", name, i)
			}
			if at := r.Started.Add(want.At); !info.Timestamp.Equal(at) {
				t.Errorf("%s: segment %d at %v, want %v", name, i, info.Timestamp, at)
			}
			checkDecoded(t, name, data, want.Packet)
			checkComments(t, name, r, i, options.Comments)
		}
		if _, _, err := ng.ReadPacketData(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: after the last segment: %v, want %v", name, err, io.EOF)
		}
	}
}

func checkDecoded(t *testing.T, name string, data []byte, want *evidence.Packet) {
	t.Helper()
	tcp, ok := gopacket.NewPacket(data, layers.LinkTypeRaw, gopacket.Default).Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !ok || tcp.RST != want.RST() || int(tcp.Window) != want.Window {
		t.Errorf("%s: %s decodes to %+v", name, want.Flags, tcp)
	}
}

// checkComments compares the comments of the segment of event i with the
// verdicts on it.
func checkComments(t *testing.T, name string, r *evidence.Recording, i int, comments []string) {
	t.Helper()
	got := strings.Join(comments, "\n")
	for _, v := range r.Resets {
		if v.Event != i {
			continue
		}
		if !strings.Contains(got, v.Reason) || !strings.Contains(got, v.Why) || !strings.Contains(got, v.Clue) {
			t.Errorf("%s: the RST's comments are %q", name, got)
		}
		return
	}
	if got != "" {
		t.Errorf("%s: segment %d is no RST and says %q", name, i, got)
	}
}

func TestPcapngOfOddRecordings(t *testing.T) {
	for name, r := range odd(t) {
		if _, err := pcapgo.NewNgReader(bytes.NewReader(capture(t, r)), pcapgo.DefaultNgReaderOptions); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// need returns the path of a program. Where it is missing the test is
// skipped, or fails if RESETLAB_STRICT=1 forbids skipping.
func need(t *testing.T, pkg string, programs ...string) string {
	t.Helper()
	for _, program := range programs {
		if path, err := exec.LookPath(program); err == nil {
			return path
		}
	}
	reason := "needs " + programs[0] + ": install the package " + pkg
	if os.Getenv("RESETLAB_STRICT") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
	return ""
}

func TestPcapngOpensInTshark(t *testing.T) {
	tshark := need(t, "tshark", "tshark")
	for _, name := range stored(t) {
		t.Run(name, func(t *testing.T) {
			r := load(t, name)
			file := filepath.Join(t.TempDir(), "run.pcapng")
			if err := os.WriteFile(file, capture(t, r), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), tshark, "-r", file, "-n", "-o", "ip.check_checksum:TRUE",
				"-T", "fields", "-e", "tcp.flags", "-e", "tcp.len", "-e", "ip.checksum.status", "-e", "_ws.malformed", "-e", "frame.comment")
			var complaints strings.Builder
			cmd.Stderr = &complaints
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("tshark: %v: %s", err, complaints.String())
			}
			for line := range strings.Lines(complaints.String()) {
				if !strings.HasPrefix(line, "Running as user") {
					t.Errorf("tshark complains: %s", line)
				}
			}
			checkTshark(t, r, strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"))
		})
	}
}

// checkTshark compares what tshark says about a capture with its recording:
// flags, length, whether the IP checksum is good, malformations, comments.
func checkTshark(t *testing.T, r *evidence.Recording, lines []string) {
	t.Helper()
	want := withData(r)
	if len(want) == 0 && lines[0] == "" {
		return
	}
	if len(lines) != len(want) {
		t.Fatalf("tshark sees %d segments, want %d", len(lines), len(want))
	}
	for n, i := range want {
		p, got := r.Events[i].Packet, strings.Split(lines[n], "\t")
		if len(got) != 5 {
			t.Fatalf("segment %d: tshark says %q", i, lines[n])
		}
		flags, err := strconv.ParseUint(got[0], 0, 16)
		if err != nil || flags&4 != 0 != p.RST() || got[1] != strconv.Itoa(p.Len) {
			t.Errorf("segment %d: tshark says flags %s len %s, want %s len %d", i, got[0], got[1], p.Flags, p.Len)
		}
		if got[2] != "1" || got[3] != "" {
			t.Errorf("segment %d: IP checksum status %s, malformed %q", i, got[2], got[3])
		}
		checkComments(t, "tshark", r, i, []string{got[4]})
	}
}
