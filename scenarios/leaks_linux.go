package scenarios

import (
	"os"
	"strings"

	. "github.com/onsi/gomega"
)

// openDescriptors lists what the descriptors of this process stand for. The
// directory that is read for it is not among them, and pipes are not: in a
// parallel run Ginkgo makes some in the background, whenever it gets to it.
func openDescriptors() map[string]string {
	const directory = "/proc/self/fd"
	entries, err := os.ReadDir(directory)
	Expect(err).NotTo(HaveOccurred())
	open := map[string]string{}
	for _, entry := range entries {
		target, err := os.Readlink(directory + "/" + entry.Name())
		if err == nil && !strings.HasPrefix(target, "pipe:") {
			open[entry.Name()] = target
		}
	}
	return open
}
