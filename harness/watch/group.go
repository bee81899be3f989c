package watch

import (
	"regexp"
	"strings"
)

// A Group is what the path of a cgroup says of who runs in it. A field that it
// does not say is empty.
type Group struct {
	Path      string `json:"path,omitempty"`      // below the mount of cgroup v2 or v1, as "/system.slice/nginx.service"
	Unit      string `json:"unit,omitempty"`      // of systemd, as "nginx.service"
	Container string `json:"container,omitempty"` // its identifier, of 64 hexadecimal digits
	Pod       string `json:"pod,omitempty"`       // the UID of Kubernetes
}

// String is the shortest name that tells it apart: the container's first twelve
// digits, else the pod, else the unit.
func (g Group) String() string {
	switch {
	case g.Container != "":
		return g.Container[:12]
	case g.Pod != "":
		return "pod " + g.Pod
	}
	return g.Unit
}

var (
	// containerScope is what the systemd driver calls a container: docker-…,
	// cri-containerd-…, crio-…, libpod-….scope. The monitor of CRI-O is none.
	containerScope = regexp.MustCompile(`^(?:docker|cri-containerd|crio|libpod|nerdctl)-([0-9a-f]{64})\.scope$`)
	// containerName is what the cgroupfs driver calls one.
	containerName = regexp.MustCompile(`^(?:crio-|libpod-)?([0-9a-f]{64})$`)
	// podName is a pod, by either driver, the one of systemd with _ in the UID.
	podName = regexp.MustCompile(`^(?:kubepods(?:-besteffort|-burstable)?-)?pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$`)
)

// parseGroup reads the path of a cgroup as systemd, Docker, containerd, CRI-O,
// Podman and Kubernetes make it.
func parseGroup(path string) Group {
	g := Group{Path: path}
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == ':' }) {
		for _, pattern := range []*regexp.Regexp{containerScope, containerName} {
			if match := pattern.FindStringSubmatch(part); match != nil {
				g.Container = match[1]
			}
		}
		if match := podName.FindStringSubmatch(part); match != nil {
			g.Pod = strings.ReplaceAll(match[1], "_", "-")
		}
		if strings.HasSuffix(part, ".service") || strings.HasSuffix(part, ".scope") {
			g.Unit = part
		}
	}
	return g
}

// groupOf reads /proc/PID/cgroup (cgroups(7)), and returns what names the process
// best among the hierarchies: a container, else a pod, else a unit.
func groupOf(text string) (best Group) {
	worth := func(g Group) int {
		switch {
		case g.Container != "":
			return 3
		case g.Pod != "":
			return 2
		case g.Unit != "":
			return 1
		}
		return 0
	}
	for line := range strings.Lines(text) {
		if fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3); len(fields) == 3 {
			if g := parseGroup(fields[2]); worth(g) > worth(best) {
				best = g
			}
		}
	}
	return best
}
