package agent_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A daemon that has forked twice, left the session, cleared its environment and
// ignores SIGTERM is ended with the call, whether that ends by itself or is
// ended; it is a leak if the program has left it behind by itself.
func TestDaemonsThatFlee(t *testing.T) {
	for _, c := range []struct {
		name, then string
		leaks      []string
	}{
		{"of a program that ends", "exit 0", []string{string(verdict.LeakProcess)}},
		{"of one that is ended", "exec sleep 1000", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			mark := fmt.Sprintf("1000.%d", time.Now().UnixNano())
			fled := filepath.Join(t.TempDir(), "fled")
			script := fmt.Sprintf(`(trap '' TERM HUP; setsid env -i sh -c '>%s; sleep %s' </dev/null >/dev/null 2>&1 &)
				until [ -e %s ]; do sleep 0.01; done; `, fled, mark, fled)
			client, err := agent.Command{Args: []string{"sh", "-c", script + c.then}}.Open(t.Context(), audit.Target{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancel(t.Context())
			defer end()
			go func() { // it is ended when the daemon is there
				look := time.NewTicker(time.Millisecond)
				defer look.Stop()
				for ctx.Err() == nil && len(called(mark)) == 0 {
					select {
					case <-look.C:
					case <-ctx.Done():
					}
				}
				if c.leaks == nil {
					end()
				}
			}()

			answer := client.Do(ctx, audit.Call{ID: "a-1", Operation: point.Read, Address: "127.0.0.1:1"})

			if !slices.Equal(answer.Leaks, c.leaks) {
				t.Errorf("leaks %q, want %q (%v)", answer.Leaks, c.leaks, answer.Err)
			}
			if _, err := os.Stat(fled); err != nil {
				t.Errorf("no daemon has fled: %v: this proves nothing", err)
			}
			if left := called(mark); len(left) > 0 {
				t.Errorf("still running: %q", left)
			}
		})
	}
}

// called lists the processes with an argument.
func called(argument string) (list []string) {
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err == nil && strings.HasPrefix(string(text), "sleep\x00"+argument) {
			list = append(list, path)
		}
	}
	return list
}
