package watch_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/watch"
)

// The paths are of machines with the drivers systemd and cgroupfs.
func TestParseGroup(t *testing.T) {
	container := strings.Repeat("0123456789abcdef", 4)
	const pod = "c0ffee00-1234-4567-89ab-0123456789ab"
	under := strings.ReplaceAll(pod, "-", "_")
	for _, test := range []struct {
		path string
		want watch.Group
	}{
		{"/", watch.Group{}},
		{"/system.slice/nginx.service", watch.Group{Unit: "nginx.service"}},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome.scope", watch.Group{Unit: "app-gnome.scope"}},
		{"/system.slice/docker-" + container + ".scope", watch.Group{Unit: "docker-" + container + ".scope", Container: container}},
		{"/docker/" + container, watch.Group{Container: container}},
		{"/machine.slice/libpod-" + container + ".scope/container",
			watch.Group{Unit: "libpod-" + container + ".scope", Container: container}},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + under + ".slice/cri-containerd-" + container + ".scope",
			watch.Group{Unit: "cri-containerd-" + container + ".scope", Container: container, Pod: pod}},
		{"/kubepods.slice/kubepods-pod" + under + ".slice/crio-" + container + ".scope",
			watch.Group{Unit: "crio-" + container + ".scope", Container: container, Pod: pod}},
		{"/kubepods/besteffort/pod" + pod + "/" + container, watch.Group{Container: container, Pod: pod}},
		{"/kubepods/burstable/pod" + pod + "/crio-" + container, watch.Group{Container: container, Pod: pod}},
		{"/system.slice/containerd.service/kubepods-burstable-pod" + under + ".slice:cri-containerd:" + container,
			watch.Group{Unit: "containerd.service", Container: container, Pod: pod}},
		{"/kubepods.slice/kubepods-pod" + under + ".slice/crio-conmon-" + container + ".scope",
			watch.Group{Unit: "crio-conmon-" + container + ".scope", Pod: pod}},
		{"/docker/" + container[:63], watch.Group{}},
		{"/podium/x", watch.Group{}},
	} {
		test.want.Path = test.path
		if got := watch.ParseGroup(test.path); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.path, got, test.want)
		}
	}
}

// Whatever a path is, a name comes of it.
func FuzzParseGroup(f *testing.F) {
	f.Add("/docker/" + strings.Repeat("a", 64))
	f.Fuzz(func(t *testing.T, path string) { _ = watch.ParseGroup(path).String() })
}
