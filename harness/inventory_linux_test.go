package harness_test

import (
	"os"
	"path/filepath"
	"strings"
)

// sockets counts the sockets that the process has open (proc_pid_fd(5)).
func sockets() int {
	links, _ := filepath.Glob("/proc/self/fd/*")
	count := 0
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, "socket:") {
			count++
		}
	}
	return count
}
