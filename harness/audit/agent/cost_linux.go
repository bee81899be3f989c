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
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + thread.Name() + "/schedstat")
		if err != nil {
			continue
		}
		run, _, _ := strings.Cut(string(text), " ") // nanoseconds on a processor
		n, _ := strconv.ParseInt(run, 10, 64)
		c.CPU += time.Duration(n)
	}
	return c
}
