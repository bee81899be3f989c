package offline_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/offline"
)

// TestThroughText: what tcpdump and tshark print of a capture gives the same
// connections, and nothing that contradicts the capture.
func TestThroughText(t *testing.T) {
	refused := newFilm(2).send(theClient, "SYN", "")
	refused.raw(theServer, "RST ACK", 0, refused.next[theClient], "")
	late := newFilm(3).open().ask().finish()
	late.raw(theClient, "RST", late.next[theClient], 0, "")
	whole := pcap(slices.Concat(aReset(1).packets, refused.packets, late.packets, newFilm(4).open().ask().finish().packets)...)
	path := filepath.Join(t.TempDir(), "whole.pcap")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := reported(whole)
	if err != nil || len(want.Found) != 3 {
		t.Fatalf("%v: %+v", err, want)
	}
	for _, line := range []string{
		"tcpdump -nn -r", "tcpdump -nn -v -r", "tcpdump -nn -vv -tttt -r", "tcpdump -nn -S -r", "tcpdump -nn -e -r",
		"tcpdump -nn -t -r", "tshark -n -r",
	} {
		words := strings.Fields(line)
		program, err := exec.LookPath(words[0])
		if err != nil {
			t.Logf("%s is not there: install it to test what it prints", words[0])
			continue
		}
		text, err := exec.CommandContext(t.Context(), program, append(words[1:], path)...).Output()
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got, err := reported(text)
		if err != nil || got.Connections.All != want.Connections.All || len(got.Found) != len(want.Found) {
			t.Errorf("%s: %v, %+v, want %+v", line, err, got.Connections, want.Connections)
			continue
		}
		for _, w := range want.Found { // without times they come in another order
			i := slices.IndexFunc(got.Found, func(f offline.Found) bool { return f.Client == w.Client && f.Server == w.Server })
			if i < 0 {
				t.Errorf("%s: there is no %s → %s", line, w.Client, w.Server)
				continue
			}
			g := got.Found[i]
			if words[0] == "tcpdump" && g.Sent.ClientBytes != w.Sent.ClientBytes { // tshark shows HTTP and no numbers of it
				t.Errorf("%s: %s sent %+v, want %+v", line, w.Client, g.Sent, w.Sent)
			}
			if g.Diagnosis.Part != w.Diagnosis.Part && g.Diagnosis.Part != diagnose.PartUnknown {
				t.Errorf("%s: the RST of %s is %s's, of the capture %s's", line, g.Client, g.Diagnosis.Part, w.Diagnosis.Part)
			}
		}
	}
}
