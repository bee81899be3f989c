package scenarios

import (
	"os"

	. "github.com/onsi/gomega"
)

// openDescriptors lists what the descriptors of this process stand for. The
// directory that is read for it is not among them.
func openDescriptors() map[string]string {
	const directory = "/proc/self/fd"
	entries, err := os.ReadDir(directory)
	Expect(err).NotTo(HaveOccurred())
	open := map[string]string{}
	for _, entry := range entries {
		if target, err := os.Readlink(directory + "/" + entry.Name()); err == nil {
			open[entry.Name()] = target
		}
	}
	return open
}
