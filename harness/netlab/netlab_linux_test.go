package netlab_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// The test binary is also every child process that a test starts.
func TestMain(m *testing.M) {
	if os.Getenv(idleVariable) != "" {
		return
	}
	lab.BeProcess(processes)
	serve()
	beKilled()
	forbid()
	flag.Parse()
	if n, err := netlab.New(); errors.Is(err, netlab.ErrUnavailable) {
		flag.Set("test.skip", "^Example") // an example cannot skip itself
	} else if err == nil {
		n.Close()
	}
	os.Exit(m.Run())
}

// within is the context of a test: what hangs is ended by it.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// start starts a network that must end without a trace in this process. Where
// the machine gives none, the test is skipped with the reason.
func start(t testing.TB) *netlab.Network {
	t.Helper()
	leaveNothing(t)
	n, err := netlab.New()
	available(t, err)
	t.Cleanup(func() { succeed(t, n.Close()) })
	return n
}

// newLab returns a lab that must close without complaint and leave nothing.
func newLab(t testing.TB) *lab.Lab {
	t.Helper()
	leaveNothing(t)
	l := lab.New()
	t.Cleanup(func() { succeed(t, l.Close()) })
	return l
}

// pair is netlab.Pair in a lab of its own.
func pair(t testing.TB) (l *lab.Lab, client, server *netlab.Host) {
	t.Helper()
	l = newLab(t)
	client, server, err := netlab.Pair(l)
	available(t, err)
	return l, client, server
}

// triple is netlab.Triple in a lab of its own.
func triple(t testing.TB) (l *lab.Lab, client, router, server *netlab.Host) {
	t.Helper()
	l = newLab(t)
	client, router, server, err := netlab.Triple(l)
	available(t, err)
	return l, client, router, server
}

// available ends the test unless err is nil: it skips where the machine does
// not give what is asked of it.
func available(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, netlab.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func succeed(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// leaveNothing fails the test if it ends with more goroutines of this package,
// descriptors or child processes than it began with.
func leaveNothing(t testing.TB) {
	t.Helper()
	before := holdings()
	t.Cleanup(func() {
		deadline := time.Now().Add(10 * time.Second)
		for !maps.Equal(before, holdings()) { // a goroutine ends a moment after it has said so
			if time.Now().After(deadline) {
				t.Errorf("left behind: before %v, now %v", before, holdings())
				return
			}
			runtime.Gosched()
		}
	})
}

// holdings are what a test can leave behind, by name.
func holdings() map[string]string {
	all := map[string]string{}
	descriptors, _ := filepath.Glob("/proc/self/fd/*")
	for _, descriptor := range descriptors {
		// What begins with anon_inode is the runtime's, and /proc is being read.
		if target, err := os.Readlink(descriptor); err == nil &&
			!strings.HasPrefix(target, "anon_inode:") && !strings.HasPrefix(target, "/proc") {
			all[descriptor] = target
		}
	}
	processes, _ := filepath.Glob("/proc/[0-9]*/status")
	ofOurs := fmt.Sprintf("\nPPid:\t%d\n", os.Getpid())
	for _, process := range processes {
		if text, err := os.ReadFile(process); err == nil && strings.Contains(string(text), ofOurs) {
			all[process] = "child"
		}
	}
	var profile bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&profile, 2)
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		for _, ours := range []string{"resetlab/harness/netlab.", "netlab/internal/keeper.", "os/exec."} {
			if strings.Contains(stack, ours) {
				all["goroutines of "+ours] += "|"
			}
		}
	}
	return all
}
