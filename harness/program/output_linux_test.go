package program_test

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/program"
)

// A gigabyte of output, in lines or in one, does not make this process grow;
// the beginning and the end are kept. Nothing orders two outputs: each of them
// begins and ends so.
func TestAGigabyteOfOutput(t *testing.T) {
	const gigabyte = "1073741824"
	for name, script := range map[string]string{
		"in lines":        "echo first; yes " + strings.Repeat("0123456789", 20) + " | head -c " + gigabyte + "; echo; echo last",
		"in short lines":  "echo first; yes '' | head -c 5000000; echo last",
		"without an end":  "echo first; head -c " + gigabyte + " /dev/zero; echo; echo last",
		"on both outputs": "echo first; echo first >&2; (yes | head -c 10000000) & (yes | head -c 10000000 >&2); wait; echo last; echo last >&2",
	} {
		t.Run(name, func(t *testing.T) {
			s := supervise(t, program.Options{})
			runtime.GC()
			before := memory(t)
			p := start(t, s, shell(script))
			if err := p.Err(); err != nil {
				t.Fatal(err)
			}
			<-p.Drained()
			// The race detector and a busy machine's late collector take their part.
			if grown := memory(t) - before; grown > 64<<20 {
				t.Errorf("this process has grown by %d bytes", grown)
			}
			kept, dropped := p.Lines()
			size := 0
			for _, line := range kept {
				size += len(line.Text)
			}
			if kept[0].Text != "first" || kept[len(kept)-1].Text != "last" || size > 600<<10 {
				t.Errorf("%d bytes are kept, from %q to %q", size, kept[0].Text, kept[len(kept)-1].Text)
			}
			if name == "without an end" {
				if len(kept) != 3 || !kept[1].Cut || len(kept[1].Text) != 16<<10 || dropped != 0 {
					t.Errorf("%d lines are kept, %d dropped", len(kept), dropped)
				}
			} else if dropped == 0 {
				t.Error("no line is dropped")
			}
		})
	}
}

// memory is the most that this process ever had resident (VmHWM,
// proc_pid_status(5)).
func memory(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
