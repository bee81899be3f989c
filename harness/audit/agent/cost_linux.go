package agent

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// costOf is what a process has taken until now; nothing if it has ended.
func costOf(pid int) (c audit.Cost) {
	threads, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	c.Tasks = len(threads)
	for _, thread := range threads {
		run, _ := scheduled(pid, thread.Name())
		c.CPU += run
	}
	return c
}

// scheduled returns for how long a thread has been on a processor and has waited
// for one: Documentation/scheduler/sched-stats.rst.
func scheduled(pid int, thread string) (run, delay time.Duration) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + thread + "/schedstat")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 1 {
		on, _ := strconv.ParseInt(fields[0], 10, 64)
		waited, _ := strconv.ParseInt(fields[1], 10, 64)
		run, delay = time.Duration(on), time.Duration(waited)
	}
	return run, delay
}

// runDelay returns how long a thread of a process or its children has waited for a
// processor at most: one of them is what all else waits for.
func runDelay(pid int) (most time.Duration) {
	tasks := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, _ := os.ReadDir(tasks)
	for _, thread := range threads {
		_, delay := scheduled(pid, thread.Name())
		most = max(most, delay)
		children, _ := os.ReadFile(tasks + thread.Name() + "/children") // CONFIG_PROC_CHILDREN
		for _, child := range strings.Fields(string(children)) {
			if n, err := strconv.Atoi(child); err == nil {
				most = max(most, runDelay(n))
			}
		}
	}
	return most
}
