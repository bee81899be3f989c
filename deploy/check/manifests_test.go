// Package check_test checks what is in deploy against the types of Kubernetes,
// which ResetLab itself does not need.
package check_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// decoded are the objects of a file, decoded such that an unknown field, one that
// is there twice and one of another type are errors.
func decoded(text []byte) (all []runtime.Object, err error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), appsv1.AddToScheme(scheme), batchv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	strict := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
	defer documents.Close()
	one := make([]byte, len(text)+1)
	for {
		n, err := documents.Read(one)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		object, _, err := strict.Decode(one[:n], nil, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, object)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestManifests decodes every manifest strictly, and looks whether the templates
// fit their selectors and the mounts their volumes, which an API server checks.
func TestManifests(t *testing.T) {
	for _, file := range []string{"sidecar.yaml", "audit-job.yaml", "watch/daemonset.yaml"} {
		objects, err := decoded(read(t, file))
		if err != nil || len(objects) != 1 {
			t.Errorf("%s: %d objects, %v", file, len(objects), err)
			continue
		}
		var selector map[string]string
		var template corev1.PodTemplateSpec
		switch o := objects[0].(type) {
		case *appsv1.DaemonSet:
			selector, template = o.Spec.Selector.MatchLabels, o.Spec.Template
		case *appsv1.Deployment:
			selector, template = o.Spec.Selector.MatchLabels, o.Spec.Template
		case *batchv1.Job:
			template = o.Spec.Template
		default:
			t.Errorf("%s: a %T", file, o)
		}
		for key, value := range selector {
			if template.Labels[key] != value || len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(value)) > 0 {
				t.Errorf("%s: the template has not the label %s=%s, or that is none", file, key, value)
			}
		}
		checkPod(t, file, &template.Spec)
	}
}

func checkPod(t *testing.T, file string, pod *corev1.PodSpec) {
	t.Helper()
	if len(pod.Containers) == 0 {
		t.Errorf("%s: no container", file)
	}
	for _, c := range pod.Containers {
		if c.Name == "" || c.Image == "" {
			t.Errorf("%s: a container without name or image", file)
		}
		for _, mount := range c.VolumeMounts {
			if !slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name }) {
				t.Errorf("%s: no volume %s", file, mount.Name)
			}
		}
		for name, limit := range c.Resources.Limits {
			request, some := c.Resources.Requests[name]
			if zero := resource.MustParse("0"); limit.Cmp(zero) <= 0 || some && request.Cmp(limit) > 0 {
				t.Errorf("%s: %s limited to %v", file, name, &limit)
			}
		}
	}
}

// TestWatchHasLeastPrivilege pins what the watcher may do on a cluster.
func TestWatchHasLeastPrivilege(t *testing.T) {
	objects, err := decoded(read(t, "watch/daemonset.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	pod := objects[0].(*appsv1.DaemonSet).Spec.Template.Spec
	c := pod.Containers[0].SecurityContext
	switch {
	case pod.HostNetwork, pod.HostIPC, c.Privileged != nil && *c.Privileged:
		t.Error("it is privileged, or in the machine's network")
	case c.ReadOnlyRootFilesystem == nil || !*c.ReadOnlyRootFilesystem, c.AllowPrivilegeEscalation == nil || *c.AllowPrivilegeEscalation:
		t.Error("its root can be written, or it can gain privileges")
	case !slices.Equal(c.Capabilities.Drop, []corev1.Capability{"ALL"}),
		!slices.Equal(c.Capabilities.Add, []corev1.Capability{"BPF", "PERFMON", "SETUID", "SETGID"}):
		t.Errorf("its capabilities are %v", c.Capabilities)
	case pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken:
		t.Error("it has a token for the API server")
	}
	for _, mount := range pod.Containers[0].VolumeMounts {
		if !mount.ReadOnly {
			t.Errorf("it may write to %s", mount.MountPath)
		}
	}
}

// TestStrict sees the check itself fail, for what API servers refuse or pass over.
func TestStrict(t *testing.T) {
	good := string(read(t, "watch/daemonset.yaml"))
	for _, change := range [][2]string{
		{"hostPID: true", "hostPid: true"}, {"hostPID: true", "hostPID: yes please"}, {"hostPID: true", "hostPID: true\n      hostPID: true"},
		{"kind: DaemonSet", "kind: DeamonSet"}, {"apps/v1", "apps/v1beta1"}, {"containerPort: 9435", "containerPort: metrics"},
		{"memory: 256Mi", "memory: 256 MB"},
	} {
		text := bytes.Replace([]byte(good), []byte(change[0]), []byte(change[1]), 1)
		if _, err := decoded(text); err == nil {
			t.Errorf("%q passes", change[1])
		}
	}
}
