package harness_test

import (
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/resetlab/resetlab/"

// dependencies lists what each package of the module compiles, itself included,
// by the package's path within the module.
func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{join .Deps \" \"}}", module+"...")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(output)) {
		paths := strings.Fields(line)
		all[strings.TrimPrefix(paths[0], module)] = paths[1:]
	}
	return all
}

// below says whether a package is path, or in a folder below it.
func below(pkg, path string) bool { return pkg == path || strings.HasPrefix(pkg, path+"/") }

// TestArrows holds the packages in their order: what a package must not compile,
// directly or through others, so that it can be used without that. What concerns
// the evidence stands in harness/evidence.
func TestArrows(t *testing.T) {
	const (
		toxiproxy = "github.com/Shopify/toxiproxy"
		ginkgo    = "github.com/onsi/ginkgo"
		gomega    = "github.com/onsi/gomega"
	)
	own := func(paths ...string) []string {
		for i := range paths {
			paths[i] = module + paths[i]
		}
		return paths
	}
	everything := dependencies(t)
	for _, arrow := range []struct {
		from   string   // the package, and those in folders below it
		but    []string // of which these are left out
		not    []string // what they do not compile
		reason string
	}{
		{"harness", []string{"harness/matchers"}, []string{ginkgo, gomega}, "only scenarios and matchers assert"},
		{"servers", nil, []string{ginkgo, gomega}, "only scenarios and matchers assert"},
		{"clients", nil, []string{ginkgo, gomega}, "only scenarios and matchers assert"},
		{"harness", nil, own("scenarios", "servers", "clients", "cmd"), "a library knows no scenario"},
		{"servers", nil, own("clients"), "the two ends do not know each other"},
		{"clients", nil, own("servers"), "the two ends do not know each other"},
		{"harness/program", nil, append(own("harness/lab", "harness/netlab"), toxiproxy), "a program needs no lab"},
	} {
		found := false
		for pkg, dependencies := range everything {
			left := slices.ContainsFunc(arrow.but, func(path string) bool { return below(pkg, path) })
			if !below(pkg, arrow.from) || left {
				continue
			}
			found = true
			for _, dependency := range dependencies {
				for _, not := range arrow.not {
					if below(dependency, not) && !below(strings.TrimPrefix(dependency, module), arrow.from) {
						t.Errorf("%s compiles %s: %s", pkg, dependency, arrow.reason)
					}
				}
			}
		}
		if !found {
			t.Errorf("there is no package %s", arrow.from)
		}
	}
}

// TestHarnessKnowsNoneOfItsFolders but the words, and what it hides.
func TestHarnessKnowsNoneOfItsFolders(t *testing.T) {
	for _, dependency := range dependencies(t)["harness"] {
		path := strings.TrimPrefix(dependency, module)
		if strings.HasPrefix(path, "harness/") && path != "harness/tcp" && !below(path, "harness/internal") {
			t.Errorf("the proxy compiles %s", dependency)
		}
	}
}

// TestOneUserOfEBPF holds the eBPF library below the package that is made for it.
func TestOneUserOfEBPF(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"...")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	var users []string
	for line := range strings.Lines(string(output)) {
		if paths := strings.Fields(line); slices.ContainsFunc(paths[1:], func(path string) bool {
			return strings.HasPrefix(path, "github.com/cilium/ebpf")
		}) {
			users = append(users, paths[0])
		}
	}
	if runtime.GOOS == "linux" && !slices.Equal(users, []string{module + "harness/watch/kernel"}) {
		t.Errorf("the users of cilium/ebpf are %q", users)
	}
}
