package isolation_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// A run of the real programs that is killed leaves nothing: no daemon, whatever
// that has done to its environment, session and parents; no namespace, mount or
// file; and the machine's /etc, firewall and services are as they were. Here it is
// killed a few times, twenty times if everything is asked for.
func TestRealProgramsAreKilledWithTheirRun(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("run it as root: real daemons need it")
	}
	binary := realSuite(t)
	leaveTheMachineAlone(t)
	leaveTheFilesAlone(t)
	adoptOrphans(t)
	moments, struck := 3, 0
	if os.Getenv(fullVariable) != "" {
		moments = 20
	}
	for range moments {
		at := killReal(t, binary, 1+rand.IntN(8), 1+rand.IntN(100))
		t.Logf("killed with %d processes, %d namespaces and %d files of its own", at.processes, len(at.held), at.files)
		if at.processes > 0 && len(at.held) > 0 && at.files > 0 {
			struck++
		}
		if err := capture.Open().Close(); err != nil { // as the next run does
			t.Fatal(err)
		}
		for _, instance := range traceInstances(t, at.pid) {
			t.Errorf("trace instance %s is left", instance)
		}
	}
	t.Logf("%d of %d runs had programs, namespaces and files when they were killed", struck, moments)
	if struck == 0 {
		t.Error("no run had a program when it was killed: this proves nothing")
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
	processes int             // below it
	held      map[string]bool // the namespaces that only these are in
	files     int             // of its directory of temporary files
}

// killReal kills a run in one of its specs, when it has been looked at so many
// times since then while it had files, and waits until no process of it is there. It fails the
// test by what is left.
func killReal(t *testing.T, binary string, spec, looks int) (at struckRun) {
	t.Helper()
	temporary, mounts := temporaryDirectory(t), mounted(t)
	bounded, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	run := exec.CommandContext(bounded, binary, "-ginkgo.no-color", "-ginkgo.randomize-all", "-ginkgo.vv")
	run.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + temporary}
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
	others := processes("")
	var below []string
	for looks > 0 && bounded.Err() == nil {
		below = descendants(at.pid)
		if at.files = len(filesBelow(t, temporary)); at.files > 0 {
			looks--
		}
	}
	at.processes, at.held = len(below), namespacesOf(append(below, fmt.Sprint("/proc/", at.pid))...)
	for namespace := range namespacesOf("/proc/self") {
		delete(at.held, namespace)
	}
	run.Process.Kill()
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
	if left := filesBelow(t, temporary); len(left) > 0 {
		t.Errorf("the run is killed, and these files are left: %q", left)
	}
	return at
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

// filesBelow lists what is below a directory.
func filesBelow(t *testing.T, directory string) (paths []string) {
	t.Helper()
	filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if path != directory {
			paths = append(paths, path)
		}
		return nil // what has gone meanwhile is not there
	})
	return paths
}

// mounted describes what is mounted where this process is (proc_pid_mountinfo(5)).
func mounted(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		all["mount "+line] = "there"
	}
	return all
}

// leaveTheFilesAlone fails the test if the machine's /etc, its firewall as nft(8)
// lists it, or the list of its services is not at its end what it was.
func leaveTheFilesAlone(t *testing.T) {
	t.Helper()
	before := machineFiles(t)
	if len(before) < 10 {
		t.Fatalf("what the machine has is not found: %v", before)
	}
	t.Cleanup(func() {
		for _, difference := range differences(before, machineFiles(t)) {
			t.Errorf("the machine's %s", difference)
		}
	})
}

// machineFiles describes /etc, the firewall and the services, by the names of
// their parts.
func machineFiles(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir("/etc", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		content := "" // of a directory: its parts
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			content, err = os.Readlink(path)
		case info.Mode().IsRegular():
			var text []byte
			text, err = os.ReadFile(path)
			content = fmt.Sprintf("%x", sha256.Sum256(text))
		}
		owner := info.Sys().(*syscall.Stat_t)
		all["file "+path] = fmt.Sprint(info.Mode(), owner.Uid, owner.Gid, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	services := []string{"service", "--status-all"}
	if _, err := os.Stat("/run/systemd/system"); err == nil { // sd_booted(3)
		services = []string{"systemctl", "list-units", "--type=service", "--all", "--plain", "--no-legend", "--no-pager"}
	}
	for _, list := range [][]string{{"nft", "--stateless", "list", "ruleset"}, services} {
		said, err := exec.Command(list[0], list[1:]...).CombinedOutput() // in a cleanup, too, the test's context is over
		all[strings.Join(list, " ")] = fmt.Sprint(string(said), err)
	}
	return all
}
