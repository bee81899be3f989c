package agent_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

func origin(t *testing.T) *origins.Lines {
	t.Helper()
	o, err := origins.StartLines()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

// auditOf audits a program at some cells.
func auditOf(t *testing.T, args []string, output agent.Output, limits audit.Limits, cells ...string) *verdict.Report {
	t.Helper()
	return auditOfCommand(t, agent.Command{Args: args, Output: output}, limits, cells)
}

func auditOfCommand(t *testing.T, command agent.Command, limits audit.Limits, cells []string) *verdict.Report {
	t.Helper()
	o := origin(t)
	command.Reply = o.Reply
	s := audit.Subject{
		Name: "program", Protocol: protocols.Lines(), Origin: o, Open: command.Open, Pooled: command.Session,
	}
	report, err := audit.Run(t.Context(), s, audit.Options{Only: cells, Limits: limits, Parallel: 4})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestVerdictsOfPrograms(t *testing.T) {
	for _, c := range []struct {
		program, cell string
		output        agent.Output
		want          string
	}{
		{"right", "P7/rst/once/write", agent.Line, "SURFACED"},
		{"right", "P7/rst/once/read", agent.Line, "RETRIED-READ"},
		{"right", "P5/rst/once/read", agent.Line, "RETRIED"},
		{"right", "P11/rst/once/write", agent.Line, "UNHARMED"},
		{"right", "P0/refuse/always/write", agent.Line, "SURFACED"},
		{"careless", "P7/rst/once/write", agent.Line, "DUPLICATED"},
		{"careless", "P7/rst/always/write", agent.Line, "DUPLICATED+ERROR"},
		{"json", "P7/rst/once/write", agent.Data, "INDETERMINATE"},
		{"json", "P11/fin/once/write", agent.Data, "UNHARMED"},
		{"cannot", "P7/rst/once/write", agent.Data, "UNIMPLEMENTED"},
	} {
		t.Run(c.program+"/"+c.cell, func(t *testing.T) {
			report := auditOf(t, program(c.program), c.output, audit.Limits{}, c.cell)
			for _, got := range report.Cells {
				if got.Verdict.String() != c.want {
					t.Errorf("%v (%s), want %s", got.Verdict, got.Verdict.Reason, c.want)
				}
			}
		})
	}
}

// TestLoadingIsNotHeldAgainstAProgram: a call's time begins when the program
// begins with it.
func TestLoadingIsNotHeldAgainstAProgram(t *testing.T) {
	short := audit.Limits{Time: time.Second, Late: 500 * time.Millisecond}
	for _, c := range []struct {
		command agent.Command
		cell    string
		want    string
	}{
		{agent.Command{Args: program("loading"), Output: agent.Line}, "P7/rst/once/write", "SURFACED"},
		{agent.Command{Args: program("loading"), Output: agent.Line}, "P11/rst/once/read", "UNHARMED"},
		{agent.Command{Args: program("pool-late"), Output: agent.Line, Session: true}, "P7/rst/once/write", "SURFACED"},
		{agent.Command{Args: program("pool-late"), Output: agent.Line, Session: true}, "P0/refuse/always/read", "SURFACED-MASKED"},
		{agent.Command{Args: program("pool-late"), Output: agent.Line, Session: true}, "P4.idle/rst/once/read", "UNHARMED"},
	} {
		t.Run(c.command.Args[2]+"/"+c.cell, func(t *testing.T) {
			report := auditOfCommand(t, c.command, short, []string{c.cell})
			for _, got := range report.Cells {
				if got.Verdict.String() != c.want {
					t.Errorf("%v (%s; then %s), want %s", got.Verdict, got.Verdict.Reason, got.FollowUp, c.want)
				}
				for _, attempt := range got.Attempts {
					if attempt.At > short.Time {
						t.Errorf("an attempt came %v after the call began", attempt.At)
					}
				}
			}
		})
	}
}

// TestAProgramThatNeverBegins: that says nothing of it.
func TestAProgramThatNeverBegins(t *testing.T) {
	for name, session := range map[string]bool{"child": false, "mute-session": true} {
		command := agent.Command{Args: program(name), Session: session}
		limits := audit.Limits{Time: 500 * time.Millisecond, Start: 300 * time.Millisecond}
		for _, got := range auditOfCommand(t, command, limits, []string{"P7/rst/once/read"}).Cells {
			if got.Verdict.String() != "BROKEN" || !strings.Contains(got.Verdict.Reason, "has not begun with its call within 300ms") {
				t.Errorf("%s: %v: %s, want BROKEN, and the limit", name, got.Verdict, got.Verdict.Reason)
			}
		}
	}
}

// TestHostilePrograms: each gets a clear verdict, nothing of it is left, and
// no memory either.
func TestHostilePrograms(t *testing.T) {
	short := audit.Limits{Time: 1500 * time.Millisecond, Quiet: time.Second}
	for _, c := range []struct {
		program, cell, want, says string
	}{
		{"flood", "P11/rst/once/read", "HUNG", "no result"},
		{"stubborn", "P10/rst/always/read", "HUNG", "no result"},
		{"orphan", "P11/rst/once/write", "UNHARMED LEAK-PROCESS", ""},
		{"daemon", "P11/rst/once/write", "UNHARMED LEAK-PROCESS", ""},
		{"mute", "P7/rst/once/read", "NOT-STRUCK", "0 attempts"},
		{"failing", "P7/rst/once/read", "NOT-STRUCK", "never struck"},
		{"elsewhere", "P7/rst/once/read", "NOT-STRUCK", "never struck"},
		{"garbage", "P7/rst/once/read", "NOT-STRUCK", "1 attempt"},
		{"gigabyte", "P7/rst/once/read", "NOT-STRUCK", "1 attempt"},
	} {
		t.Run(c.program, func(t *testing.T) {
			t.Setenv("RESETLAB_TEST_MARK", mark(t))
			report := auditOf(t, program(c.program), agent.Line, short, c.cell)
			got := report.Cells[0].Verdict
			if s := got.String(); s != c.want && !(strings.HasPrefix(s, "HUNG") && c.want == "HUNG") {
				t.Errorf("%v, want %s: %s", got, c.want, got.Reason)
			}
			if !strings.Contains(got.Reason, c.says) {
				t.Errorf("the reason is %q, want %q in it", got.Reason, c.says)
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

// mark is what the programs of a test have in their environment, and those of
// another run of it have not.
func mark(t *testing.T) string { return fmt.Sprintf("%s-%d", t.Name(), os.Getpid()) }

// running returns the processes with a variable in their environment.
func running(t *testing.T, variable string) (list []string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return nil
	}
	processes, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range processes {
		environment, _ := os.ReadFile("/proc/" + p.Name() + "/environ")
		command, _ := os.ReadFile("/proc/" + p.Name() + "/cmdline")
		if slices.Contains(strings.Split(string(environment), "\x00"), variable) && len(command) > 0 {
			list = append(list, p.Name()+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return list
}

func TestWhatAProgramIsTold(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("no_proxy", "example.org")
	command := agent.Command{
		Args: program("tell", "{host} {port} {id}", "{other}", "-{method}-{healthy_url}"),
		URL:  func(c audit.Call) string { return "x://" + c.Address + "/" + c.ID },
	}
	client, err := command.Open(t.Context(), audit.Target{Healthy: "127.0.0.1:8"})
	if err != nil {
		t.Fatal(err)
	}
	answer := client.Do(t.Context(), audit.Call{
		ID: "a-1", Operation: point.Idempotent, Shape: "chunked", Address: "127.0.0.1:9"})
	want := "127.0.0.1 9 a-1 {other} -PUT-x://127.0.0.1:8/a-1\n127.0.0.1:9\nx://127.0.0.1:9/a-1\na-1\n" +
		"idempotent\nPUT\nchunked\n127.0.0.1:8\nexample.org"
	if answer.Err != nil || string(answer.Body) != want {
		t.Errorf("%v, %q, want %q", answer.Err, answer.Body, want)
	}
}

func TestSurvey(t *testing.T) {
	o := origin(t)
	for _, c := range []struct {
		program, want string
		output        agent.Output
	}{
		{"right", "", agent.Line},
		{"json", "", agent.Data},
		{"failing", "write: the agent fails with nothing in its way: exit status 3: [31mno such thing", ""},
		{"mute", "did not talk to the server", ""},
		{"cannot", "cannot perform it", ""},
		{"elsewhere", "connection refused", ""},
		{"garbage", "fails with nothing in its way", ""},
	} {
		t.Run(c.program, func(t *testing.T) {
			s, err := agent.Command{Args: program(c.program), Reply: o.Reply}.Survey(
				t.Context(), audit.Subject{Protocol: protocols.Lines(), Origin: o}, audit.Limits{Time: time.Minute}, point.Write, point.Read)
			switch {
			case c.want != "":
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
			case err != nil:
				t.Error(err)
			case s.Output != c.output || len(s.Missing) > 0:
				t.Errorf("learnt %q, missing %q, want %q", s.Output, s.Missing, c.output)
			}
		})
	}
}

// TestSurveyLeavesOutPlaces that are not in the program's conversations.
func TestSurveyLeavesOutPlaces(t *testing.T) {
	o, err := origins.StartHTTP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	s, err := agent.Command{Args: program("get"), Reply: o.Reply, URL: o.URL}.Survey(
		t.Context(), audit.Subject{Protocol: protocols.HTTP1(), Origin: o}, audit.Limits{}, point.Read, point.Write)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"P5.head", "P5.body", "P12"}; !slices.Equal(s.Missing, want) || s.Output != agent.Data {
		t.Errorf("missing are %q, output %q, want %q", s.Missing, s.Output, want)
	}
	for _, p := range s.Subject.Protocol.Places() {
		if slices.Contains(s.Missing, p.ID) {
			t.Errorf("%s is still a place", p.ID)
		}
	}
}

func TestNoSuchProgram(t *testing.T) {
	for _, args := range [][]string{nil, {""}, {"no-such-program-here"}} {
		if err := (agent.Command{Args: args}).Check(); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

// TestTheContextEndsAProgram: and all that it has started, at once.
func TestTheContextEndsAProgram(t *testing.T) {
	t.Setenv("RESETLAB_TEST_MARK", mark(t))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := agent.Command{Args: program("stubborn")}.Open(t.Context(), audit.Target{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel() // now that it runs
		if conn, err := listener.Accept(); err == nil {
			defer conn.Close()
			bufio.NewReader(conn).ReadString('\n')
		}
	}()
	answer := client.Do(ctx, audit.Call{ID: "a-1", Operation: point.Read, Address: listener.Addr().String()})
	if answer.Err == nil || !strings.Contains(answer.Err.Error(), "killed by the audit") || len(answer.Leaks) > 0 {
		t.Errorf("%v, leaks %q, want that the audit killed it", answer.Err, answer.Leaks)
	}
	if left := running(t, "RESETLAB_TEST_MARK="+mark(t)); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
}
