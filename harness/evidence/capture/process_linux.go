package capture

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// nameProcess names the process, comm-pid, in place of the thread that the kernel
// has noted: a process has one name, whichever of its threads is at hand. Where
// the thread is gone and nothing tells whose it was, its name stays without a
// number. names has those that were looked up already.
func (t *trace) nameProcess(names map[string]string) {
	key := fmt.Sprintf("%s %d", t.task, t.process)
	if _, known := names[key]; !known {
		names[key] = processOf(t.task, t.process)
	}
	t.Process = names[key]
}

func processOf(task string, process int) string {
	at := max(0, strings.LastIndexByte(task, '-'))
	comm, thread := task[:at], strings.TrimPrefix(task[at:], "-")
	if thread == "0" { // no process: the processor was idle
		return task
	}
	if process == 0 {
		process = processOfThread(thread)
	}
	if comm == "<...>" { // the kernel has forgotten it
		comm = ""
	}
	if process == 0 {
		return comm
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", process))
	if err == nil {
		comm = strings.TrimSpace(string(name))
	}
	return fmt.Sprintf("%s-%d", cmp.Or(comm, "process"), process)
}

// processOfThread returns the process of a thread, 0 if it is gone
// (proc_pid_status(5)).
func processOfThread(thread string) int {
	text, err := os.ReadFile("/proc/" + thread + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "\nTgid:")
	number, _, _ := strings.Cut(rest, "\n")
	process, _ := strconv.Atoi(strings.TrimSpace(number)) // 0 is none
	return process
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
