package run_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/run"
)

// TestSituations: each call of the notation does on the kernel what its manual
// says.
func TestSituations(t *testing.T) {
	holds(t, "testdata/situations.try")
}

// holds runs the scripts of a file, each of which is to come out as it says.
func holds(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := script.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, run.Options{})
	for _, s := range scripts {
		result, err := r.Run(t.Context(), s)
		if err != nil || result.Answer.Verdict() != script.Held {
			t.Errorf("%s: %s, %v\n%s", s.Title, result.Answer.Verdict(), err, result.Answer.Text())
		}
	}
}

// TestFaults: what is wrong with a script and shows only when it runs ends it,
// with the place, and does no harm to the next one.
func TestFaults(t *testing.T) {
	r := start(t, run.Options{})
	for _, test := range []struct{ text, want string }{
		{`server poll; server returns`, `line 1, column 14: server returns: no call waits`},
		{`server read 1; server read 1`, `server still waits in the call of line 1`},
		{`listener listen; server accept; server read 1`, `server read 1: server has no socket`},
		{`listener listen; client connect; server accept; server accept`, `server has a socket already`},
		{`client socket; client2 connect to client`, `client has no address: it neither listens nor is bound`},
		{`client events`, `client watches nothing: client watch IN RDHUP`},
		{`server/a read 1; server/b kill`, `server/a still waits in the call of line 1: a process takes its threads with it`},
		{`client socket; network drops all toward client`, `client has no address yet`},
	} {
		result, err := r.Run(t.Context(), parse(t, test.text))
		if err != nil || !strings.Contains(result.Answer.Stopped, test.want) {
			t.Errorf("%s\n got %q, %v\nwant %q", test.text, result.Answer.Stopped, err, test.want)
		}
		if result.Answer.Verdict() != script.Unjudged {
			t.Errorf("%s: a script that stopped is %s", test.text, result.Answer.Verdict())
		}
	}
	if result, err := r.Run(t.Context(), parse(t, `client write "x" → 1`)); err != nil || result.Answer.Verdict() != script.Held {
		t.Errorf("the next script: %+v, %v", result.Answer, err)
	}
}

// TestTooLateForACork: what comes 200 ms after a cork may come of the kernel's timer,
// so that it is not held against a script if it is not as expected; what is as
// expected holds, and without a cork nothing is excused.
func TestTooLateForACork(t *testing.T) {
	r := start(t, run.Options{})
	for _, test := range []struct {
		text string
		want script.Verdict
	}{
		{`client set cork on; client write "a"; server await data within 20s; server poll → OUT`, script.Unjudged},
		{`client send "a" more; server await data within 20s; server poll → OUT`, script.Unjudged},
		{`client set cork on; client write "a"; server await data within 20s; server poll → IN OUT`, script.Held},
		{`client write "a"; server await data within 20s; server poll → OUT`, script.Differs},
		{`client set cork off; client write "a"; server poll → OUT`, script.Differs},
	} {
		result, err := r.Run(t.Context(), parse(t, test.text))
		if err != nil || result.Answer.Verdict() != test.want {
			t.Errorf("%s is %s, want %s: %v\n%s", test.text, result.Answer.Verdict(), test.want, err, result.Answer.Text())
		}
		doubted := strings.Contains(result.Answer.Text(), "what a cork keeps back")
		if doubted != (test.want == script.Unjudged) {
			t.Errorf("%s: the doubt is told: %v\n%s", test.text, doubted, result.Answer.Text())
		}
	}
}

// TestTooLateForATimer: what comes after a segment was sent again may come of the
// kernel's timer, so that it is not held against a script until a line has waited;
// that line is judged, and what comes behind it.
func TestTooLateForATimer(t *testing.T) {
	const again = `listener listen; client connect; server accept; client vanish; client2 bind same as client; client2 connect; `
	for _, test := range []struct {
		text string
		want script.Verdict
	}{
		{again + `listener poll → nothing`, script.Unjudged},
		{again + `listener poll → IN`, script.Held},
		{again + `client2 returns within 60s → ECONNRESET`, script.Differs},
		{again + `client2 returns within 60s; listener poll → nothing`, script.Differs},
	} {
		t.Run(test.text, func(t *testing.T) { // its runner is closed at the end: the next one has another network
			r := start(t, run.Options{Line: func(step script.Step) {
				if step.Line.Call.Verb == script.Connect && step.Line.Actor.Name == "client2" {
					awaitResent(t)
				}
			}})
			result, err := r.Run(t.Context(), parse(t, test.text))
			if err != nil || result.Answer.Verdict() != test.want {
				t.Errorf("it is %s, want %s: %v\n%s", result.Answer.Verdict(), test.want, err, result.Answer.Text())
			}
		})
	}
}

// awaitResent returns when a segment was sent again in the network of a runner, and
// the connection that it was to open is there at both ends.
func awaitResent(t *testing.T) {
	t.Helper()
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	for t.Context().Err() == nil {
		children, err := filepath.Glob("/proc/self/task/*/children")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range children {
			text, _ := os.ReadFile(file)
			for pid := range strings.FieldsSeq(string(text)) {
				if other, err := os.Readlink("/proc/" + pid + "/ns/net"); err == nil && other != own && resent(t, pid) {
					return
				}
			}
		}
		runtime.Gosched()
	}
}

// resent says whether TCP has sent a segment again in a process's network, and two
// sockets are established in it.
func resent(t *testing.T, pid string) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/net/snmp")
	if err != nil {
		return false // the process has ended
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if i := slices.Index(names, "RetransSegs"); i > 0 && fields[0] == "Tcp:" {
			return fields[i] != "0" && fields[slices.Index(names, "CurrEstab")] == "2"
		}
		names = fields
	}
	t.Fatalf("no RetransSegs in %s", text)
	return false
}

// TestNotes: a line that lets two calls return says that their order is nobody's.
func TestNotes(t *testing.T) {
	result, err := start(t, run.Options{}).Run(t.Context(), parse(t, `client/a read 1; client/b read 1; server write "xy"`))
	if err != nil || !strings.Contains(result.Answer.Text(), "2 waiting calls returned") {
		t.Errorf("got %v\n%s", err, result.Answer.Text())
	}
	if got := len(result.Answer.Waiting); got != 0 {
		t.Errorf("%d calls wait at the end, want none: %v", got, result.Answer.Waiting)
	}
}

// TestAnOrdinaryUser gets all but the kernel's reasons, where user namespaces
// are allowed.
func TestAnOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("it takes root to become an ordinary user")
	}
	const nobody = 65534
	command := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.v", "-test.run=^Test(Faults|Notes|UnknownReason)$")
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	text, err := command.CombinedOutput()
	switch {
	case strings.Contains(string(text), "network namespaces: not available"):
		t.Skip(string(text))
	case err != nil || strings.Count(string(text), "\n--- PASS") != 3:
		t.Errorf("%v: %s", err, text)
	}
}
