package record_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
)

// What programs say, and how they end, is in the recording, bounded; and that
// nobody has noted their calls.
func TestWhatProgramsSay(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	l := lab.New()
	defer l.Close()
	recorder, err := record.Start(l, "programs", record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for host, script := range map[string]string{
		"client": `printf 'gone\033[2J\n' >&2; head -c 3000 /dev/zero | tr '\0' x; echo; exit 255`,
		"server": `seq 600; kill -9 $$`,
	} {
		p, err := l.Host(host).Run(ctx, program.Recipe{Name: host + "d", Path: "sh",
			Command: func(program.Place) (program.Command, error) {
				return program.Command{Args: []string{"-c", script}}, nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Exit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	r, err := recorder.Stop()
	if err != nil {
		t.Fatal(err)
	}
	var stored bytes.Buffer
	if err := r.Write(&stored); err != nil {
		t.Fatal(err)
	}
	if r, err = evidence.Read(&stored); err != nil {
		t.Fatal(err)
	}
	checkSaid(t, r)
}

func checkSaid(t *testing.T, r *evidence.Recording) {
	t.Helper()
	lines, exits := map[string][]*evidence.Line{}, map[string]evidence.Exit{}
	for _, e := range r.Events {
		if e.Line != nil {
			lines[e.Host] = append(lines[e.Host], e.Line)
		}
		if e.Exit != nil {
			exits[e.Host] = *e.Exit
		}
	}
	said := lines["client"]
	if len(said) != 2 {
		t.Fatalf("the client said %v, want two lines", said)
	}
	if !said[0].Stderr { // they are read by two readers
		slices.Reverse(said)
	}
	if said[0].Text != "gone\x1b[2J" || said[0].Cut || !said[1].Cut || len(said[1].Text) != 1024 || said[1].Stderr {
		t.Errorf("the client said %v", said)
	}
	if strings.Contains(r.String(), "\x1b") {
		t.Error("the text has a control character")
	}
	if n := len(lines["server"]); n != 512 || lines["server"][511].Text != "600" {
		t.Errorf("%d lines of the server are kept, want 512, the first and the last", n)
	}
	want := map[string]evidence.Exit{
		"client": {Program: "clientd", Status: 255}, "server": {Program: "serverd", Status: -1, Signal: "killed"},
	}
	if exits["client"] != want["client"] || exits["server"] != want["server"] {
		t.Errorf("they ended so: %v, want %v", exits, want)
	}
	lost := func(g evidence.Gap) bool { return g.Lane == evidence.Lines && g.Lost == 88 }
	if !slices.ContainsFunc(r.Gaps, lost) || !r.Lacks(evidence.Calls) {
		t.Errorf("gaps %v and missing lanes %v, want 88 lines and the calls", r.Gaps, r.Missing)
	}
}
