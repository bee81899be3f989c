package agent_test

import (
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// auditOfSession audits a session at some cells.
func auditOfSession(t *testing.T, name string, output agent.Output, limits audit.Limits, cells ...string) *verdict.Report {
	t.Helper()
	return auditOfCommand(t, agent.Command{Args: program(name), Session: true, Output: output}, limits, cells)
}

func TestVerdictsOfSessions(t *testing.T) {
	for _, c := range []struct {
		program, cell string
		output        agent.Output
		want          string
	}{
		{"pooling", "P7/rst/once/write", agent.Line, "SURFACED"},
		{"pooling", "P7/rst/once/read", agent.Line, "RETRIED-READ"},
		{"pooling", "P4.idle/rst/once/read", agent.Line, "UNHARMED"},
		{"pooling", "P4.idle/rst/once/write", agent.Line, "SURFACED"},
		{"pooling", "P4.race/rst/once/write", agent.Line, "SURFACED"},
		{"pooling", "P11/rst/once/write", agent.Line, "UNHARMED POOL-POISONED"},
		{"fresh", "P11/rst/once/write", agent.Line, "UNHARMED"},
		{"claiming", "P7/rst/once/write", agent.Data, "INDETERMINATE"},
		{"cannot-any", "P7/rst/once/write", agent.Data, "UNIMPLEMENTED"},
		{"unlike", "P10/fin/once/read", agent.Data, "CORRUPTED POOL-POISONED"},
		{"unlike", "P10/fin/once/read", agent.Ignored, "UNCHECKED"},
	} {
		t.Run(c.program+"/"+c.cell, func(t *testing.T) {
			for _, got := range auditOfSession(t, c.program, c.output, audit.Limits{}, c.cell).Cells {
				if got.Verdict.String() != c.want {
					t.Errorf("%v (%s; then %s), want %s", got.Verdict, got.Verdict.Reason, got.FollowUp, c.want)
				}
			}
		})
	}
}

// TestHostileSessions: each gets a clear verdict, nothing of it is left, and
// no memory either.
func TestHostileSessions(t *testing.T) {
	const protocol = "close: the agent does not keep to the protocol: "
	short := audit.Limits{Time: 1500 * time.Millisecond, Quiet: time.Second}
	for _, c := range []struct {
		program, cell, want, says, then string
	}{
		{"banner", "P7/rst/once/read", "BROKEN", protocol + `its standard output has the line ready, which is no answer: it is no JSON`, ""},
		{"chatting", "P7/rst/once/read", "BROKEN", protocol + `its standard output has the line dialling`, ""},
		{"unknown", "P7/rst/once/read", "BROKEN", `field "verdict", which is not known`, ""},
		{"undecided", "P7/rst/once/read", "BROKEN", `"id" and "ok" must be there`, ""},
		{"endless", "P7/rst/once/read", "BROKEN", protocol + "a line of its standard output is longer than", ""},
		{"twice", "P7/rst/once/read", "BROKEN", "twice", ""},
		{"other-id", "P7/rst/once/read", "BROKEN", "which it was not given", ""},
		{"quitting", "P7/rst/once/read", "SURFACED POOL-POISONED",
			"the program has ended and did not answer: exit status 3: out of luck", "the program has ended"},
		{"half-word", "P7/rst/once/read", "SURFACED POOL-POISONED", "the program has ended and did not answer;", ""},
		{"gone", "P7/rst/once/read", "NOT-STRUCK", "0 attempts", "exit status 3: out of luck"},
		{"last-word", "P7/rst/once/read", "RETRIED-READ POOL-POISONED", "", "the program has ended and did not answer"},
		{"silent", "P7/rst/once/read", "NOT-STRUCK", "0 attempts", "no result within"},
		{"hanging", "P7/rst/once/read", "HUNG POOL-POISONED", "no result", "no result within"},
		{"lazy", "P11/rst/once/read", "UNHARMED", "", ""},
		{"deaf", "P11/rst/once/read", "UNHARMED LEAK-PROCESS", "", ""},
		{"forking", "P11/rst/once/read", "UNHARMED LEAK-PROCESS", "", ""},
		{"abandoning", "P7/rst/once/read", "SURFACED POOL-POISONED LEAK-PROCESS", "exit status 3: out of luck", ""},
	} {
		t.Run(c.program, func(t *testing.T) {
			t.Setenv("RESETLAB_TEST_MARK", mark(t))
			got := auditOfSession(t, c.program, agent.Line, short, c.cell).Cells[0]
			if s := got.Verdict.String(); s != c.want {
				t.Errorf("%v, want %s: %s; then %s", got.Verdict, c.want, got.Verdict.Reason, got.FollowUp)
			}
			if !strings.Contains(got.Verdict.Reason, c.says) || !strings.Contains(got.FollowUp, c.then) {
				t.Errorf("the reason is %q, then %q, want %q and %q in them", got.Verdict.Reason, got.FollowUp, c.says, c.then)
			}
			if left := running(t, "RESETLAB_TEST_MARK="+mark(t)); len(left) > 0 {
				t.Errorf("still running: %q", left)
			}
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			if memory.HeapSys > 256<<20 {
				t.Errorf("the heap has grown to %d MiB", memory.HeapSys>>20)
			}
		})
	}
}

// TestLateAnswersAreDropped: that of a call which was given up is not that of
// the next one.
func TestLateAnswersAreDropped(t *testing.T) {
	o := origin(t)
	command := agent.Command{Args: program("postponing"), Session: true, Reply: o.Reply, Output: agent.Line}
	client, err := command.Open(t.Context(), audit.Target{Address: o.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	given, giveUp := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer giveUp()
	first := audit.Call{ID: "a-1", Operation: point.Read, Address: o.Addr()}
	if answer := client.Do(given, first); answer.Err == nil || !strings.Contains(answer.Err.Error(), "given up") {
		t.Errorf("%v, want that it was given up", answer.Err)
	}
	second := audit.Call{ID: "a-2", Operation: point.Read, Address: o.Addr()}
	if answer := client.Do(t.Context(), second); answer.Err != nil || string(answer.Body) != string(o.Reply(second)) {
		t.Errorf("%v, %q, want %q", answer.Err, answer.Body, o.Reply(second))
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatASessionIsTold(t *testing.T) {
	command := agent.Command{
		Args: program("echo", "{host} {port} {healthy}", "{ca}"), Session: true, CA: "ca.pem",
		URL: func(c audit.Call) string { return "x://" + c.Address + "/?id=" + c.ID + "&b" },
	}
	client, err := command.Open(t.Context(), audit.Target{Address: "127.0.0.1:9", Healthy: "127.0.0.1:8"})
	if err != nil {
		t.Fatal(err)
	}
	answer := client.Do(t.Context(), audit.Call{
		ID: "a-1", Operation: point.Idempotent, Shape: "chunked", Address: "127.0.0.1:9"})
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	want := `127.0.0.1 9 127.0.0.1:8 ca.pem|127.0.0.1:9 ca.pem|{"address":"127.0.0.1:9","ca":"ca.pem",` +
		`"healthy":"127.0.0.1:8","healthy_url":"x://127.0.0.1:8/?id=a-1&b","host":"127.0.0.1","id":"a-1",` +
		`"method":"PUT","operation":"idempotent","port":"9","shape":"chunked","url":"x://127.0.0.1:9/?id=a-1&b"}`
	if answer.Err != nil || string(answer.Body) != want {
		t.Errorf("%v, %q, want %q", answer.Err, answer.Body, want)
	}
}

func TestSurveyOfSessions(t *testing.T) {
	o := origin(t)
	pools := []string{"P4.idle", "P4.race"}
	for _, c := range []struct {
		program, want string
		output        agent.Output
		missing       []string
	}{
		{"pooling", "", agent.Line, nil},
		{"claiming", "", agent.Data, nil},
		{"fresh", "", agent.Line, pools},
		{"unlike", "", agent.Ignored, nil},
		{"gone", "the program has ended and did not answer: exit status 3: out of luck", "", nil},
		{"last-word", "write as the second call: the agent fails with nothing in its way: the program has ended", "", nil},
		{"banner", `its standard output has the line ready,`, "", nil},
		{"silent", "does it flush its standard output behind each line?", "", nil},
		{"cannot-any", "cannot perform it", "", nil},
	} {
		t.Run(c.program, func(t *testing.T) {
			limits := audit.Limits{Time: time.Minute}
			if c.program == "silent" {
				limits = audit.Limits{Time: 300 * time.Millisecond, Quiet: 100 * time.Millisecond}
			}
			command := agent.Command{Args: program(c.program), Session: true, Reply: o.Reply}
			subject := audit.Subject{Protocol: protocols.Lines(), Origin: o, Pooled: true}
			s, err := command.Survey(t.Context(), subject, limits, point.Write, point.Read)
			switch {
			case c.want != "":
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
			case err != nil:
				t.Error(err)
			case s.Output != c.output || !slices.Equal(s.Missing, c.missing):
				t.Errorf("learnt %q, missing %q, want %q and %q", s.Output, s.Missing, c.output, c.missing)
			}
		})
	}
}

func TestPlaceholdersThatNoSessionHas(t *testing.T) {
	for _, arg := range []string{"{url}", "--id={id}", "{operation}", "{method}", "{shape}", "{healthy_url}"} {
		err := agent.Command{Args: program("pooling", arg), Session: true}.Check()
		if err == nil || !strings.Contains(err.Error(), "is of a call") {
			t.Errorf("%s: %v", arg, err)
		}
	}
	all := agent.Command{Args: program("pooling", "{address} {host} {port} {healthy} {ca} {other}"), Session: true}
	if err := all.Check(); err != nil {
		t.Error(err)
	}
}

// FuzzAnswer: whatever a program writes is an answer or a clear error.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"id":"a","ok":true}`, `{"id":"a","ok":true,"body":"x"}`, `{"id":"a","ok":null}`, `[]`, "", "{}{}", "\xff",
		`{"id":"a","ok":true} {"id":"b"}`, `{"ID":"a","Ok":false,"error":"\u0000"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		id, err := agent.ParseAnswer(line)
		if err == nil && (id == "" || !json.Valid(line)) {
			t.Errorf("%q is an answer to %q", line, id)
		}
		if err != nil && (len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\n\x1b")) {
			t.Errorf("%q", err)
		}
	})
}
