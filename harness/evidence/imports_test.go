package evidence_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What is pure compiles for a browser, and nothing of this project but what it
// is made of: a drawing needs no proxy.
func TestWhatIsPure(t *testing.T) {
	const module, gopacket = "github.com/resetlab/resetlab/harness/", "github.com/gopacket/gopacket"
	for _, test := range []struct {
		pure string
		with string // what it may compile beside the standard library
	}{
		{"tcp", "tcp"},
		{"causes", "causes tcp"},
		{"evidence", "evidence evidence/icmp evidence/internal/ip internal/jsonerror tcp"},
		{"evidence/savefile", "evidence/savefile evidence evidence/packets evidence/icmp evidence/internal/ip internal/jsonerror tcp gopacket " +
			"golang.org/x/net/bpf golang.org/x/sys/unix"}, // of gopacket's layers
		{"evidence/flows", "evidence/flows evidence evidence/packets evidence/icmp evidence/internal/ip internal/jsonerror tcp"},
		{"evidence/printed", "evidence/printed evidence evidence/packets evidence/icmp evidence/internal/ip internal/jsonerror tcp gopacket " +
			"golang.org/x/net/bpf golang.org/x/sys/unix"}, // of IANA's names of ports
		{"evidence/diagnose", "evidence/diagnose evidence/packets evidence evidence/icmp evidence/internal/ip internal/jsonerror causes tcp gopacket"},
		{"evidence/offline", "evidence/offline evidence/diagnose evidence/packets evidence/flows evidence/savefile evidence/printed " +
			"evidence evidence/icmp evidence/internal/ip internal/jsonerror causes tcp gopacket golang.org/x/net/bpf golang.org/x/sys/unix"},
		{"report", "report evidence evidence/icmp evidence/internal/ip internal/jsonerror tcp gopacket golang.org/x/net/bpf golang.org/x/sys/unix " +
			"golang.org/x/term github.com/rivo/uniseg"}, // of pcapng files, and of the width of a line
		{"report/answer", "report/answer report evidence/offline evidence/diagnose evidence/packets evidence/flows evidence/savefile " +
			"evidence/printed evidence evidence/icmp evidence/internal/ip internal/jsonerror causes tcp gopacket golang.org/x/net/bpf golang.org/x/sys/unix " +
			"golang.org/x/term github.com/rivo/uniseg"},
	} {
		t.Run(test.pure, func(t *testing.T) {
			build := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, module+test.pure)
			build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
			if text, err := build.CombinedOutput(); err != nil {
				t.Errorf("it does not build for a browser: %v\n%s", err, text)
			}
			for _, path := range dependencies(t, module+test.pure) {
				name := strings.TrimPrefix(path, module)
				if strings.HasPrefix(path, gopacket) {
					name = "gopacket"
				}
				if !strings.Contains(" "+test.with+" ", " "+name+" ") {
					t.Errorf("it compiles %s", path)
				}
			}
		})
	}
}

// The arrows between the parts of the evidence go one way.
func TestArrows(t *testing.T) {
	const module = "github.com/resetlab/resetlab/harness/"
	for of, never := range map[string]string{
		"evidence/capture": "lab netlab evidence/record evidence/diagnose evidence/offline report",
		"lab":              "evidence evidence/capture evidence/diagnose evidence/offline evidence/record report",
		"netlab":           "evidence evidence/capture evidence/diagnose evidence/offline evidence/record report",
		"report":           "lab netlab evidence/capture evidence/diagnose evidence/offline evidence/record",
		"evidence/record":  "netlab report audit matchers evidence/offline",
	} {
		for _, path := range dependencies(t, module+of) {
			if name, ours := strings.CutPrefix(path, module); ours && strings.Contains(" "+never+" ", " "+name+" ") {
				t.Errorf("%s imports %s", of, name)
			}
		}
	}
}

// dependencies lists what a package compiles beside the standard library and
// itself.
func dependencies(t *testing.T, of string) []string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", of)
	text, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	return strings.Fields(string(text))
}
