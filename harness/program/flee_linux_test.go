package program_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/program"
)

// fleeing is a script that leaves daemons behind: each forks twice, into a
// session of its own, clears its environment and ignores SIGTERM and SIGHUP, and
// has a child. It goes on when they have fled.
const fleeing = `flee() { (trap '' TERM HUP; setsid env -i sh -c 'sleep 1000 & >fled.$1; exec sleep 1000' sh $1 </dev/null & ) ; }
flee 1; flee 2; flee 3; until [ -e fled.1 -a -e fled.2 -a -e fled.3 ]; do sleep 0.01; done`

// holding is a pipe that the programs, with all that they start, hold the other
// end of.
func holding(t testing.TB) (alive, held *os.File) {
	t.Helper()
	alive, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { alive.Close(); held.Close() })
	return alive, held
}

// nobodyHolds fails the test unless a pipe's other end gets closed.
func nobodyHolds(t testing.TB, alive *os.File) {
	t.Helper()
	alive.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.ReadAll(alive); err != nil {
		t.Errorf("something is left: %v", err)
	}
}

// everybodyHolds fails the test if nobody has a pipe's other end.
func everybodyHolds(t testing.TB, alive *os.File) {
	t.Helper()
	alive.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := io.ReadAll(alive); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nothing has fled (%v): this proves nothing", err)
	}
}

func TestDaemonsThatFlee(t *testing.T) {
	for _, end := range []struct {
		name string
		end  func(*program.Supervisor, *program.Program) (killed int, err error)
	}{
		{"stop", func(_ *program.Supervisor, p *program.Program) (int, error) { return p.Stop(0) }},
		{"close", func(s *program.Supervisor, _ *program.Program) (int, error) { return 6, s.Close() }},
	} {
		t.Run(end.name, func(t *testing.T) {
			s := supervise(t, program.Options{})
			alive, held := holding(t)
			c := shell(fleeing)
			c.Files = []*os.File{held}
			p := start(t, s, c)
			held.Close()
			if err := p.Err(); err != nil {
				t.Fatal(err)
			}
			everybodyHolds(t, alive)

			killed, err := end.end(s, p)

			if killed != 6 || err != nil {
				t.Errorf("%d were killed, %v; want 6", killed, err)
			}
			nobodyHolds(t, alive)
		})
	}
}

// What has fled while another program runs is ended with the last of them.
func TestDaemonsThatFleeFromOneOfTwo(t *testing.T) {
	s := supervise(t, program.Options{})
	alive, held := holding(t)
	other := start(t, s, program.Command{Args: []string{"sleep", "1000"}})
	c := shell(`sleep 1000 & ` + fleeing + `; rm fled.*`)
	c.Files = []*os.File{held}
	p := start(t, s, c)
	held.Close()
	<-p.Exited()
	if killed, err := p.Stop(0); killed != 1 || err != nil {
		t.Errorf("%d were killed, %v; want the one of its session", killed, err)
	}
	everybodyHolds(t, alive)
	select {
	case <-other.Exited():
		t.Error("the other program ended")
	default:
	}
	if killed, err := other.Stop(time.Millisecond); killed < 6 || err != nil {
		t.Errorf("%d were killed, %v; want 6 or, if it is slow, the program too", killed, err)
	}
	nobodyHolds(t, alive)
}

// A directory that a program has made unwritable is removed, too.
func TestAnUnwritableDirectoryIsRemoved(t *testing.T) {
	s := supervise(t, program.Options{})
	start(t, s, shell(`mkdir -p a/b/c; touch a/b/c/d; chmod 0 a/b/c a/b a`)).Err()
}

// A program that has supervisors of its own, and is stopped, leaves nothing
// either.
func TestSupervisorsBelowSupervisors(t *testing.T) {
	temporary := t.TempDir()
	s := supervise(t, program.Options{})
	alive, held := holding(t)
	p := start(t, s, program.Command{
		Args: []string{"/proc/self/exe", "parent"}, Env: append(os.Environ(), "TMPDIR="+temporary),
		Files: []*os.File{held},
	})
	held.Close()
	if _, err := p.AwaitLine(within(t), saying("started")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Stop(0); err != nil {
		t.Error(err)
	}
	nobodyHolds(t, alive)
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

// Shared memory ends with the programs, below an init.
func TestSharedMemoryEnds(t *testing.T) {
	if _, err := exec.LookPath("ipcmk"); err != nil {
		t.Skipf("install ipcmk (Debian's package util-linux-extra): %v", err)
	}
	before := sharedMemory(t)
	s := supervise(t, program.Options{})
	own, err := os.Readlink("/proc/self/ns/pid")
	if err != nil || said(t, start(t, s, shell("readlink /proc/self/ns/pid"))) == own {
		t.Skip("run as root, or allow user namespaces: a sub-reaper cannot tell whose shared memory is")
	}
	p := start(t, s, shell(`ipcmk -M 4096; ipcs -m | grep -c 4096; echo x >/dev/shm/resetlab-test-$$ && echo made`))
	if said := said(t, p); !strings.HasSuffix(said, "|1|made") {
		t.Fatalf("it said %s: this proves nothing", said)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for name := range sharedMemory(t) {
		if !before[name] && strings.Contains(name, "resetlab-test") || !before[name] && strings.HasSuffix(name, " 4096") {
			t.Errorf("%s is left", name)
		}
	}
}

// sharedMemory lists what is shared on the machine: proc_sysvipc(5), shm_overview(7).
func sharedMemory(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	text, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		t.Skipf("the kernel has no System V shared memory: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line) // key, shmid, perms, size
		all["segment "+fields[1]+" "+fields[3]] = true
	}
	entries, _ := os.ReadDir("/dev/shm")
	for _, entry := range entries {
		all[entry.Name()] = true
	}
	return all
}

// Somebody kills the supervisor's process.
func TestASupervisorThatIsKilled(t *testing.T) {
	s, err := program.Supervise(within(t), program.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, s, shell(`cut -d' ' -f4 /proc/self/stat; readlink /proc/self/ns/pid; exec sleep 1000`))
	parent := parentOf(t, p.PID())
	if err := syscall.Kill(parent, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := p.Err(); err == nil || !strings.Contains(err.Error(), "the supervisor has ended") {
		t.Errorf("the program's end is %v", err)
	}
	if _, err := s.Start(within(t), program.Command{Args: []string{"true"}}); err == nil {
		t.Error("it starts another program")
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "the supervisor has ended") {
		t.Errorf("it closed with %v", err)
	}
	if _, err := os.Stat(s.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory: %v", err)
	}
	syscall.Kill(p.PID(), syscall.SIGKILL) // a sub-reaper cannot take it along
}

// parentOf is the process id of a process's parent.
func parentOf(t *testing.T, pid int) (parent int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	var state string
	if _, err := fmt.Sscan(rest, &state, &parent); err != nil {
		t.Fatal(err)
	}
	return parent
}

// fullVariable asks for as many repetitions as are promised, at the load.
const fullVariable = "RESETLAB_FULL"

// A parent that is killed at any moment leaves no process and no directory:
// neither supervisors nor programs, nor what has fled from them.
func TestKilledParents(t *testing.T) {
	times := 8
	if os.Getenv(fullVariable) != "" {
		times = 50
		burn(t, 20)
	}
	temporary := t.TempDir()
	for range times {
		killParent(t, temporary, rand.IntN(8))
	}
}

// killParent kills a parent when it has said some lines.
func killParent(t *testing.T, temporary string, lines int) {
	t.Helper()
	alive, held := holding(t)
	c := exec.Command("/proc/self/exe", "parent")
	c.Env = append(os.Environ(), "TMPDIR="+temporary)
	c.ExtraFiles = []*os.File{held}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	c.Stderr = &complaint
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	held.Close()
	for said := bufio.NewScanner(stdout); lines > 0 && said.Scan(); {
		lines--
	}
	for range rand.IntN(40) { // any moment
		if _, err := os.ReadDir("/proc"); err != nil {
			t.Fatal(err)
		}
	}
	c.Process.Kill()
	c.Wait() // killed
	if complaint.Len() > 0 {
		t.Error(complaint.String())
	}
	nobodyHolds(t, alive)
	left, err := os.ReadDir(temporary)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s is left", entry.Name())
	}
}

// burn keeps the processors busy with so many processes.
func burn(t *testing.T, processes int) {
	t.Helper()
	s := supervise(t, program.Options{})
	for range processes {
		start(t, s, shell("while :; do :; done"))
	}
}
