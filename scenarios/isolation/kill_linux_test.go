package isolation_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// A run that is killed leaves no process, and with the last process goes its
// last namespace, and with that all interfaces and rules in it. What tracefs
// keeps is swept by the next run.
func TestKilledAtTwentyMoments(t *testing.T) {
	leaveTheMachineAlone(t)
	struck, killed := 0, []int{}
	for range 20 {
		pid, networks := killSuite(t, 1+rand.IntN(6), 1+rand.IntN(8))
		killed = append(killed, pid)
		if networks > 0 {
			struck++
		}
	}
	t.Logf("%d of 20 runs had private networks when they were killed", struck)
	if struck == 0 {
		t.Error("no run had a private network when it was killed: this proves nothing")
	}
	if err := capture.Open().Close(); err != nil { // the next run
		t.Fatal(err)
	}
	for _, pid := range killed {
		for _, instance := range traceInstances(t, pid) {
			t.Errorf("trace instance %s is left", instance)
		}
	}
}

// killSuite kills a run in one of its specs, when it has been looked at a few
// times since the spec began. It waits until no process of the run is there and
// no other holds its namespaces, and returns the number of the run's process
// and how many networks it had.
func killSuite(t *testing.T, spec, looks int) (pid, networks int) {
	t.Helper()
	s := newSuite(t, &syscall.SysProcAttr{})
	s.Args = append(s.Args, "-ginkgo.label-filter=needs: containsAny netns", "-ginkgo.vv")
	s.Stdout = nil
	stdout, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	for said := bufio.NewScanner(stdout); spec > 0 && said.Scan(); {
		if strings.Contains(said.Text(), "> Enter [It]") {
			spec--
		}
	}
	others := processes("")
	var held map[string]bool
	for range looks {
		held = s.networks()
	}
	s.Process.Kill()
	s.Wait() // killed

	ended := within(t)
	for left := processes(s.mark); len(left) > 0; left = processes(s.mark) {
		if ended.Err() != nil {
			t.Fatalf("killed, and still there: %v", left)
		}
	}
	// A process that ends loses its environment, by which it was found, before its
	// files and its namespaces (do_exit), and one whose first thread has ended has
	// none while the others end.
	for holders := holding(others, held); len(holders) > 0; holders = holding(others, held) {
		if ended.Err() != nil {
			t.Errorf("%s is killed, and its networks are still held: %v", s.mark, holders)
			break
		}
	}
	return s.Process.Pid, len(held)
}

// holding tells which networks of those given each of the processes holds. A
// number of a network is used again: the processes must be older than its end.
func holding(processes []string, networks map[string]bool) (holders []string) {
	for _, process := range processes {
		for network := range networksOf(process) {
			if networks[network] {
				holders = append(holders, process+" "+network)
			}
		}
	}
	return holders
}

// networks returns the network namespaces that only processes of the run hold.
func (s *suite) networks() map[string]bool {
	held := map[string]bool{}
	for _, process := range processes(s.mark) {
		for network := range networksOf(process) {
			held[network] = true
		}
	}
	for network := range networksOf("/proc/self") {
		delete(held, network)
	}
	return held
}

// networksOf returns the network namespaces that a process is in, with any of
// its threads, or has open.
func networksOf(process string) map[string]bool {
	all := map[string]bool{}
	threads, _ := filepath.Glob(process + "/task/*/ns/net")
	descriptors, _ := filepath.Glob(process + "/fd/*")
	for _, path := range append(threads, descriptors...) {
		var number int
		target, err := os.Readlink(path)
		if err != nil {
			continue // it has gone
		}
		if _, err := fmt.Sscanf(target, "net:[%d]", &number); err == nil {
			all[target] = true
		}
	}
	return all
}

// traceInstances lists the trace instances of a process.
func traceInstances(t *testing.T, pid int) []string {
	t.Helper()
	context, err := unix.Fsopen("tracefs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil // who may not mount it has no instances
	}
	defer unix.Close(context)
	if err := unix.FsconfigCreate(context); err != nil {
		return nil
	}
	root, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(root)
	found, err := filepath.Glob(fmt.Sprintf("/proc/self/fd/%d/instances/resetlab-%d-*", root, pid))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
