package watch

import "testing"

// What a container is shown of its own is not the whole.
func TestWholeCgroup(t *testing.T) {
	const hybrid = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
	const own = "700 690 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n"
	const machine = "710 690 0:26 /../../../.. /host/sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"
	const other = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
	below := map[string]bool{"/sys/fs/cgroup/cgroup.events": true, "/sys/fs/cgroup/cgroup.procs": true,
		"/host/sys/fs/cgroup/cgroup.procs": true, "/sys/fs/cgroup/unified/cgroup.procs": true}
	for mounts, want := range map[string]string{
		"": "", other: "", other + hybrid: "/sys/fs/cgroup/unified", own: "", own + machine: "/host/sys/fs/cgroup", "x\n": "",
	} {
		if got := wholeCgroup(mounts, func(path string) bool { return below[path] }); got != want {
			t.Errorf("%q: got %q, want %q", mounts, got, want)
		}
	}
}
