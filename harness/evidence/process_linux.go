package evidence

import (
	"fmt"
	"os"
	"strings"
)

// nameTasks names the process in place of the thread that the kernel has
// noted, comm-tid, as far as it is still there.
func nameTasks(traces []trace) {
	names := map[string]string{}
	for i := range traces {
		task := traces[i].task
		if _, known := names[task]; !known {
			names[task] = processOf(task)
		}
		traces[i].task = names[task]
	}
}

func processOf(task string) string {
	thread := task[strings.LastIndexByte(task, '-')+1:]
	text, err := os.ReadFile("/proc/" + thread + "/status") // proc_pid_status(5)
	if err != nil {
		return task
	}
	_, rest, _ := strings.Cut(string(text), "\nTgid:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return task
	}
	name, err := os.ReadFile("/proc/" + fields[0] + "/comm")
	if err != nil {
		return task
	}
	return strings.TrimSpace(string(name)) + "-" + fields[0]
}

// status returns the fields of /proc/PID/stat from the third on, the state
// (proc_pid_stat(5)). The second, the name, may hold anything.
func status(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 {
		return nil, fmt.Errorf("/proc/%d/stat has %d fields: want more", pid, len(fields)+2)
	}
	return fields, nil
}
