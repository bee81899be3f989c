package netlab_test

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/nftables"

	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/program"
)

// buildVariable has a child process build networks until it is killed. Its
// value marks the child and its keepers.
const buildVariable = "NETLAB_TEST_BUILD"

// beKilled is the child.
func beKilled() {
	if os.Getenv(buildVariable) == "" {
		return
	}
	for {
		if err := build(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// build builds a network, uses it and closes it. It prints a line after each
// step.
func build() error {
	var n *netlab.Network
	var a, b *netlab.Host
	var listener net.Listener
	for _, step := range []func() error{
		func() (err error) { n, err = netlab.New(); return err },
		func() (err error) { a, err = n.Host("a"); return err },
		func() (err error) { b, err = n.Host("b"); return err },
		func() (err error) { _, err = n.Link(a, b); return err },
		func() error { return blockError(b, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop, Reset: true}) },
		func() (err error) {
			listener, err = b.Listen(context.Background(), "tcp", netip.AddrPortFrom(b.IP(), 0).String())
			return err
		},
		func() error { return dialError(context.Background(), a, listener.Addr().String()) },
		func() error { return listener.Close() },
		func() error { return runOn(b) },
		func() error { return a.Remove() },
		func() error { return n.Close() },
	} {
		if err := step(); err != nil {
			return err
		}
		fmt.Println("built")
	}
	return nil
}

// runOn runs a program on a host, which leaves a daemon behind until the
// supervisor is closed.
func runOn(h *netlab.Host) error {
	s, err := program.Supervise(context.Background(), program.Options{Namespace: h})
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := s.Start(context.Background(), program.Command{Args: []string{"sh", "-c", "setsid sleep 1000 & exit"}})
	if err != nil {
		return err
	}
	fmt.Println("started")
	return p.Err()
}

// A killed run leaves nothing behind: keepers end with their parent, and what
// they hold has no name by which it could stay.
func TestKilledAtTwentyMoments(t *testing.T) {
	start(t) // or skip
	before := machine(t)
	for i := range 20 {
		mark := fmt.Sprintf("%d.%d", os.Getpid(), i)
		steps := 1 + rand.IntN(25)

		killAfter(t, mark, steps)

		ctx := within(t)
		for left := marked(mark); len(left) > 0; left = marked(mark) {
			if ctx.Err() != nil {
				t.Fatalf("killed after %d steps, and left behind: %v", steps, left)
			}
			runtime.Gosched()
		}
	}
	after := machine(t)
	maps.DeleteFunc(after, func(name, _ string) bool { // a module that was loaded on the way
		_, was := before[name]
		return !was && strings.HasPrefix(name, "/proc/sys/")
	})
	for name := range maps.Keys(mapsUnion(before, after)) {
		if before[name] != after[name] {
			t.Errorf("the machine's %s was %q and is %q", name, before[name], after[name])
		}
	}
}

func mapsUnion(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// killAfter kills a child when it has taken some steps.
func killAfter(t *testing.T, mark string, steps int) {
	t.Helper()
	command := exec.CommandContext(within(t), "/proc/self/exe")
	command.Env = append(os.Environ(), buildVariable+"="+mark)
	var complaint strings.Builder
	command.Stderr = &complaint
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for range steps {
		if !lines.Scan() {
			break
		}
	}
	if len(marked(mark)) == 0 {
		t.Error("no process has the mark: this proves nothing")
	}
	command.Process.Kill()
	command.Wait() // killed
	if complaint.Len() > 0 {
		t.Error(complaint.String())
	}
}

// marked lists the processes with a mark.
func marked(mark string) []string {
	var found []string
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environments {
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), buildVariable+"="+mark+"\x00") {
			found = append(found, filepath.Dir(path))
		}
	}
	return found
}

// machine tells what there is of the machine's own network that others could
// change: interfaces, sysctls, firewall rules, and namespaces with a name.
func machine(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		addresses, err := i.Addrs()
		succeed(t, err)
		all["interface "+i.Name] = fmt.Sprint(i.Index, i.Flags, addresses)
	}
	named, _ := filepath.Glob("/run/netns/*")
	all["named namespaces"] = strings.Join(named, " ")
	all["rules"] = rules(t)
	fs.WalkDir(os.DirFS("/"), "proc/sys/net", func(path string, _ fs.DirEntry, _ error) error {
		counts := strings.HasSuffix(path, "_count") || strings.HasSuffix(path, "_nr")
		if text, err := os.ReadFile("/" + path); err == nil && !counts {
			all["/"+path] = string(text)
		}
		return nil
	})
	return all
}

// rules lists the machine's own nftables rules, where that is allowed.
func rules(t *testing.T) string {
	t.Helper()
	firewall, err := nftables.New()
	if err != nil {
		return err.Error()
	}
	tables, err := firewall.ListTables()
	if err != nil {
		return err.Error()
	}
	chains, err := firewall.ListChains()
	succeed(t, err)
	var all []string
	for _, table := range tables {
		all = append(all, fmt.Sprintf("table %d %s", table.Family, table.Name))
	}
	for _, chain := range chains {
		found, err := firewall.GetRules(chain.Table, chain)
		succeed(t, err)
		all = append(all, fmt.Sprintf("chain %s %s with %d rules", chain.Table.Name, chain.Name, len(found)))
	}
	return strings.Join(all, "; ")
}
