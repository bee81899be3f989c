package isolation_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// daemons are the programs with which a run is killed, as the labels of the specs
// name them.
var daemons = []string{"fail2ban", "haproxy", "java", "mariadbd", "memcached", "nginx", "postgres", "rabbitmq", "redis-server",
	"sshd", "tomcat", "vsftpd"}

// processOf are the names of the processes of daemons that run in another program.
var processOf = map[string]string{"rabbitmq": "beam.smp", "tomcat": "java"}

// A run of the real programs that is killed leaves nothing: no daemon, whatever
// that has done to its environment, session and parents; no namespace, mount or
// file; and the machine's /etc, firewall and services are as they were. Here it is
// killed with a few of the daemons, twice with each if everything is asked for.
func TestRealProgramsAreKilledWithTheirRun(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("run it as root: real daemons need it")
	}
	binary := realSuite(t)
	leaveTheMachineAlone(t)
	leaveTheFilesAlone(t)
	adoptOrphans(t)
	moments, of := 2, append(slices.Clone(daemons), daemons...)
	rand.Shuffle(len(of), func(i, k int) { of[i], of[k] = of[k], of[i] })
	if os.Getenv(fullVariable) != "" {
		moments = len(of)
	}
	for _, daemon := range of[:moments] {
		at := killReal(t, binary, daemon, 1+rand.IntN(3), 1+rand.IntN(50))
		for tries := 0; !at.struck() && tries < 4; tries++ { // the run was over before
			at = killReal(t, binary, daemon, 1, 1)
		}
		t.Logf("killed with %s, %d processes, %d namespaces and %d files of its own", daemon, at.processes, len(at.held), at.files)
		if !at.struck() {
			t.Errorf("no run had %s when it was killed: this proves nothing of it", daemon)
		}
		if err := capture.Open().Close(); err != nil { // as the next run does
			t.Fatal(err)
		}
		for _, instance := range traceInstances(t, at.pid) {
			t.Errorf("trace instance %s is left", instance)
		}
	}
}

// realSuite builds the suite of the real programs, with the race detector.
func realSuite(t *testing.T) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "real.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-race", "-c", "-o", binary, "./scenarios/real")
	build.Dir = project
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, said)
	}
	return binary
}

// adoptOrphans makes this process, until the test is over, the parent of every
// descendant that loses its own (PR_SET_CHILD_SUBREAPER): none escapes by what it
// does to itself, and when this process has no child there is none.
func adoptOrphans(t *testing.T) {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
}

// A struckRun is what a run had when it was killed.
type struckRun struct {
	pid       int
	daemon    bool            // it had the daemon
	processes int             // below it
	held      map[string]bool // the namespaces that only these are in
	files     int             // of its directory of temporary files
}

// struck says whether the run was killed in the middle.
func (r struckRun) struck() bool { return r.daemon && len(r.held) > 0 && r.files > 0 }

// killReal kills a run of what a daemon is for in one of its specs, when it has
// been looked at so many times since then while it had the daemon and files, and
// waits until no process of it is there. It fails the test by what is left.
func killReal(t *testing.T, binary, daemon string, spec, looks int) (at struckRun) {
	t.Helper()
	temporary, home, mounts := temporaryDirectory(t), temporaryDirectory(t), mounted(t)
	bounded, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	run := exec.CommandContext(bounded, binary, "-ginkgo.no-color", "-ginkgo.randomize-all", "-ginkgo.vv",
		"-ginkgo.label-filter=real: containsAny "+daemon)
	run.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + temporary}
	run.Dir = filepath.Join(project, "scenarios", "real")
	stdout, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	at.pid = run.Process.Pid
	for said := bufio.NewScanner(stdout); spec > 0 && said.Scan(); {
		if strings.Contains(said.Text(), "> Enter [It]") {
			spec--
		}
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		io.Copy(io.Discard, stdout) // or the run waits for who reads
	}()
	others := processes("")
	var below []string
	for ; looks > 0 && !isClosed(over); at.daemon = looks == 0 {
		below = descendants(at.pid)
		if at.files = len(filesBelow(t, temporary)); at.files > 0 && slices.ContainsFunc(below, isNamed(cmp.Or(processOf[daemon], daemon))) {
			looks--
		}
	}
	at.processes, at.held = len(below), namespacesOf(append(below, fmt.Sprint("/proc/", at.pid))...)
	for namespace := range namespacesOf("/proc/self") {
		delete(at.held, namespace)
	}
	run.Process.Kill()
	<-over
	run.Wait() // killed

	if left := reap(within(t)); len(left) > 0 {
		t.Errorf("the run is killed, and this is still there: %q", left)
	}
	for _, process := range others { // not those since then: numbers of namespaces are used again
		for namespace := range namespacesOf(process) {
			if at.held[namespace] && process != fmt.Sprint("/proc/", at.pid) {
				t.Errorf("the run is killed, and %s still holds its %s", process, namespace)
			}
		}
	}
	for _, difference := range differences(mounts, mounted(t)) {
		t.Errorf("the run is killed, and the machine's %s", difference)
	}
	for _, directory := range []string{temporary, home} {
		if left := filesBelow(t, directory); len(left) > 0 {
			t.Errorf("the run is killed, and these files are left: %q", left)
		}
	}
	return at
}

// isClosed says whether a channel is.
func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// isNamed says whether a process, by its directory in /proc, is a program: it has
// its name, or that and "-server" (proc_pid_comm(5)).
func isNamed(program string) func(process string) bool {
	return func(process string) bool {
		comm, _ := os.ReadFile(process + "/comm")
		return strings.TrimSuffix(strings.TrimSpace(string(comm)), "-server") == strings.TrimSuffix(program, "-server")
	}
}

// temporaryDirectory makes a directory for temporary files, which every user may
// pass through and write.
func temporaryDirectory(t *testing.T) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "real-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	if err := os.Chmod(directory, 0o777); err != nil {
		t.Fatal(err)
	}
	return directory
}

// reap takes in the ends of all children of this process, and of the orphans that
// became its own, until it has none. It returns the command lines of those that
// are there when the context ends, and kills these.
func reap(ctx context.Context) (left []string) {
	none := make(chan struct{})
	go func() {
		defer close(none)
		for {
			if _, err := unix.Wait4(-1, nil, unix.WALL, nil); err != nil && err != unix.EINTR {
				return // ECHILD: there is no child
			}
		}
	}()
	select {
	case <-none:
		return nil
	case <-ctx.Done():
	}
	for _, process := range descendants(os.Getpid()) {
		line, _ := os.ReadFile(process + "/cmdline")
		left = append(left, process+" "+strings.ReplaceAll(string(line), "\x00", " "))
		if pid, err := strconv.Atoi(filepath.Base(process)); err == nil {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	<-none
	return left
}

// descendants lists the processes below one, by their directories in /proc.
func descendants(pid int) (below []string) {
	children := map[int][]int{}
	directories, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range directories {
		text, err := os.ReadFile(process + "/stat")
		if err != nil {
			continue // it has gone
		}
		rest := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // proc_pid_stat(5)
		child, _ := strconv.Atoi(filepath.Base(process))
		if parent, err := strconv.Atoi(rest[1]); err == nil {
			children[parent] = append(children[parent], child)
		}
	}
	for next := children[pid]; len(next) > 0; next = next[1:] {
		below = append(below, fmt.Sprint("/proc/", next[0]))
		next = append(next, children[next[0]]...)
	}
	return below
}

// namespacesOf returns the namespaces of every kind that processes are in or have
// open (namespaces(7)), as "net:[4026531840]".
func namespacesOf(processes ...string) map[string]bool {
	all := map[string]bool{}
	for _, process := range processes {
		links, _ := filepath.Glob(process + "/task/*/ns/*")
		descriptors, _ := filepath.Glob(process + "/fd/*")
		for _, path := range append(links, descriptors...) {
			target, err := os.Readlink(path)
			kind, number, found := strings.Cut(target, ":[")
			if err == nil && found && strings.HasSuffix(number, "]") && filepath.Base(target) == target && isNamespace(kind) {
				all[target] = true
			}
		}
	}
	return all
}

func isNamespace(kind string) bool {
	switch kind {
	case "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts":
		return true
	}
	return false
}
