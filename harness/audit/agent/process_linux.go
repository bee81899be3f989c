package agent

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// terminate asks the program's group to end. Whoever is asked last has ended
// already.
func terminate(leader *os.Process) error {
	if err := syscall.Kill(-leader.Pid, syscall.SIGTERM); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return os.ErrProcessDone
}

// taken says whether all that was written into a pipe has been read.
func taken(pipe *os.File) bool {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return true // it is closed
	}
	unread := 0
	err = raw.Control(func(fd uintptr) { unread, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	return err != nil || unread == 0
}

// end awaits the program's end and that of what it started, and returns how
// many of those had to be killed.
func (p *process) end(cmd *exec.Cmd) (left int, err error) {
	left = p.sweep(cmd.Process)
	return left, cmd.Wait()
}

// sweep awaits the program's end, and then that of what it started: who is
// still there when the grace is over is killed. It returns how many those were.
// The program remains a zombie, so that its number cannot be somebody else's.
func (p *process) sweep(leader *os.Process) int {
	for unix.Waitid(unix.P_PID, leader.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	p.ended.Store(true)
	began, _ := readStat(leader.Pid)
	deadline := time.Now().Add(p.grace)
	late := map[int]bool{}
	for {
		members := p.members(leader.Pid, began)
		if len(members) == 0 {
			return len(late)
		}
		for _, pid := range members {
			if awaitEnd(pid, time.Until(deadline)) {
				continue
			}
			late[pid] = true
			if !killNow(pid) {
				return len(late) // not ours to kill: it has another user now
			}
		}
	}
}

// awaitEnd waits until a process has ended, and says whether it has.
func awaitEnd(pid int, most time.Duration) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return errors.Is(err, unix.ESRCH)
	}
	defer unix.Close(fd)
	return readable(fd, most)
}

// readable says whether a pidfd becomes readable: the process has ended.
func readable(fd int, most time.Duration) bool {
	deadline := time.Now().Add(most)
	for {
		left := max(0, time.Until(deadline).Milliseconds())
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(left))
		if err != unix.EINTR {
			return err == nil && n > 0
		}
	}
}

// killNow ends a process and waits until it has ended; false says that it may
// not.
func killNow(pid int) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return errors.Is(err, unix.ESRCH)
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil {
		return errors.Is(err, unix.ESRCH)
	}
	return readable(fd, 2*time.Second) // one that cannot die is in the kernel
}

// members finds the processes of the program: those of its session, those with
// its mark, and the children of all these.
func (p *process) members(leader int, began stat) []int {
	directory, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var members, others []int
	parents := map[int]int{}
	for _, entry := range directory {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == leader {
			continue
		}
		s, ok := readStat(pid)
		switch {
		case !ok || s.dead || s.start < began.start:
		case s.session == leader || p.marked(pid):
			members = append(members, pid)
		default:
			parents[pid] = s.parent
			others = append(others, pid)
		}
	}
	for found := true; found; {
		before := len(members)
		others = slices.DeleteFunc(others, func(pid int) bool {
			child := parents[pid] == leader || slices.Contains(members, parents[pid])
			if child {
				members = append(members, pid)
			}
			return child
		})
		found = len(members) > before
	}
	return members
}

// marked says whether a process has the mark in its environment.
func (p *process) marked(pid int) bool {
	environment, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return err == nil && bytes.Contains(environment, []byte(p.mark+"\x00"))
}

// A stat is what proc_pid_stat(5) tells of a process.
type stat struct {
	dead            bool
	parent, session int
	start           uint64
}

func readStat(pid int) (s stat, ok bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return s, false
	}
	// The name is in parentheses and may have any character in it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 20 {
		return s, false
	}
	s.dead = fields[0] == "Z" || fields[0] == "X"
	s.parent, _ = strconv.Atoi(fields[1])
	s.session, _ = strconv.Atoi(fields[3])
	s.start, _ = strconv.ParseUint(fields[19], 10, 64)
	return s, true
}
