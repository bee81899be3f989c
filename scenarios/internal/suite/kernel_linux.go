package suite

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	"golang.org/x/sys/unix"
)

// Kernel names the running kernel by the version that its behaviour depends on:
// "linux-6.18" for 6.18.44.
func Kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		Fail("ask for the kernel: " + err.Error())
	}
	release := strings.SplitN(unix.ByteSliceToString(name.Release[:]), ".", 3)
	return "linux-" + strings.Join(release[:min(2, len(release))], ".")
}
