package watch

import (
	"os"
	"strings"
	"testing"
)

// The texts are /proc/PID/cgroup of machines with cgroups of version 1 and 2.
func TestGroupOf(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	const pod = "c0ffee00-1234-4567-89ab-0123456789ab"
	for name, test := range map[string]struct {
		text string
		want Group
	}{
		"none":         {"", Group{}},
		"no hierarchy": {"0::/\n", Group{}},
		"version 2": {"0::/system.slice/nginx.service\n",
			Group{Path: "/system.slice/nginx.service", Unit: "nginx.service"}},
		"Docker, cgroupfs, both versions": {"12:memory:/docker/" + id + "\n4:cpu,cpuacct:/docker/" + id +
			"\n1:name=systemd:/docker/" + id + "\n0::/system.slice/containerd.service\n",
			Group{Path: "/docker/" + id, Container: id}},
		"Docker, systemd, both versions": {"12:memory:/system.slice/docker-" + id + ".scope\n0::/system.slice/docker-" + id + ".scope\n",
			Group{Path: "/system.slice/docker-" + id + ".scope", Unit: "docker-" + id + ".scope", Container: id}},
		"kubelet, cgroupfs, containerd, version 1": {"11:pids:/kubepods/burstable/pod" + pod + "/" + id +
			"\n1:name=systemd:/kubepods/burstable/pod" + pod + "/" + id + "\n",
			Group{Path: "/kubepods/burstable/pod" + pod + "/" + id, Container: id, Pod: pod}},
		"kubelet, systemd, CRI-O, version 1": {"1:name=systemd:/kubepods.slice/kubepods-pod" + strings.ReplaceAll(pod, "-", "_") +
			".slice/crio-" + id + ".scope\n", Group{Path: "/kubepods.slice/kubepods-pod" + strings.ReplaceAll(pod, "-", "_") +
			".slice/crio-" + id + ".scope", Unit: "crio-" + id + ".scope", Container: id, Pod: pod}},
		"a unit, both versions": {"9:memory:/system.slice/ssh.service\n1:name=systemd:/system.slice/ssh.service\n0::/system.slice/ssh.service\n",
			Group{Path: "/system.slice/ssh.service", Unit: "ssh.service"}},
		"seen from its cgroup namespace": {"12:memory:/\n1:name=systemd:/\n0::/\n", Group{}},
		"cut":                            {"12:memory", Group{}},
	} {
		if got := groupOf(test.text); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestOlderCgroups(t *testing.T) {
	const unified = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
	const memory = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
	for mounts, want := range map[string]bool{"": false, unified: false, memory: true, memory + unified: true} {
		g := groups{older: olderCgroups(mounts), root: "/sys/fs/cgroup/unified"}
		if g.older != want || (len(g.lacks()) > 0) != want {
			t.Errorf("%q: got %v, %q; want %v", mounts, g.older, g.lacks(), want)
		}
	}
	if lacks := (&groups{older: true}).lacks(); len(lacks) != 2 {
		t.Errorf("with version 1 alone: %q", lacks)
	}
}

// Whoever has not the name any more is not asked: its number may be another's.
func TestAnotherProcess(t *testing.T) {
	g := groups{older: true}
	id := os.Getpid()
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	right := Process{PID: id, Name: strings.TrimSuffix(string(comm), "\n")}
	if got, want := g.ask(right), groupOf(string(own)); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := g.ask(Process{PID: id, Name: "another"}); got != (Group{}) {
		t.Errorf("got %+v of another process", got)
	}
}
