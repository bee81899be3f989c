package audit

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// budgets are the limits that an audit can come up against. Those that cannot
// be known are left out.
func budgets(s *Subject) (list []budget) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil && bounded(limit.Cur) {
		open, _ := os.ReadDir("/proc/self/fd")
		list = append(list, budget{
			what: "open files", ulimit: "n", limit: int(limit.Cur), used: len(open), spare: spareDescriptors,
			perCell: s.descriptors(),
		})
	}
	// Root, whom it would not stop, has it too: setrlimit(2), RLIMIT_NPROC.
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &limit); err == nil && bounded(limit.Cur) && os.Getuid() != 0 {
		list = append(list, budget{
			what: "processes and threads", ulimit: "u", limit: int(limit.Cur), used: tasksOf(os.Getuid()), spare: spareTasks,
			perCell: max(1, s.Cost.Tasks) + 2, // a thread waits for the program, and one starts it
		})
	}
	return list
}

// bounded says whether a limit is one that can be reached.
func bounded(limit uint64) bool { return limit < 1<<30 }

// tasksOf counts the processes and threads of a user.
func tasksOf(uid int) (n int) {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, p := range processes {
		if _, err := strconv.Atoi(p.Name()); err != nil {
			continue
		}
		status, err := os.ReadFile("/proc/" + p.Name() + "/status")
		if err != nil {
			continue // it has ended
		}
		if theirs, threads := tasksIn(string(status)); theirs == uid {
			n += threads
		}
	}
	return n
}

// tasksIn reads the real user and the number of threads in a
// /proc/PID/status: proc_pid_status(5).
func tasksIn(status string) (uid, threads int) {
	uid = -1
	for line := range strings.Lines(status) {
		fields := strings.Fields(line)
		switch {
		case len(fields) < 2:
		case fields[0] == "Uid:":
			uid, _ = strconv.Atoi(fields[1])
		case fields[0] == "Threads:":
			threads, _ = strconv.Atoi(fields[1])
		}
	}
	return uid, threads
}
