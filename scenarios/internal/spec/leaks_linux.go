package spec

import (
	"os"
	"strings"

	. "github.com/onsi/gomega"
)

// OpenDescriptors lists what the descriptors of this process stand for, without
// those that come and go in the background: the directory that is read for it,
// the pipes that Ginkgo makes in a parallel run, and the files in /proc from
// which the recorder learns the names of processes.
func OpenDescriptors() map[string]string {
	open := map[string]string{}
	for descriptor, target := range descriptors() {
		if !strings.HasPrefix(target, "pipe:") && !strings.HasPrefix(target, "/proc/") {
			open[descriptor] = target
		}
	}
	return open
}

// openProcesses lists the descriptors of files in /proc. Nobody keeps one: there
// are moments without any.
func openProcesses() map[string]string {
	open := map[string]string{}
	for descriptor, target := range descriptors() {
		if strings.HasPrefix(target, "/proc/") {
			open[descriptor] = target
		}
	}
	return open
}

// descriptors lists what each descriptor stands for. The directory that is read
// for it is gone by the time it is asked for.
func descriptors() map[string]string {
	const directory = "/proc/self/fd"
	entries, err := os.ReadDir(directory)
	Expect(err).NotTo(HaveOccurred())
	all := map[string]string{}
	for _, entry := range entries {
		if target, err := os.Readlink(directory + "/" + entry.Name()); err == nil {
			all[entry.Name()] = target
		}
	}
	return all
}
