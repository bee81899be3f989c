package harness_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImportsAreFew lists what an importer of the harness compiles: toxiproxy,
// x/sys, and the modules that these force.
func TestImportsAreFew(t *testing.T) {
	allowed := []string{
		"github.com/resetlab/resetlab",
		"github.com/Shopify/toxiproxy/v2", // the engine, and behind it:
		"github.com/rs/zerolog",
		"github.com/rs/xid",
		"github.com/mattn/go-colorable",
		"github.com/mattn/go-isatty",
		"github.com/gorilla/mux",
		"github.com/prometheus/client_golang",
		"github.com/prometheus/client_model",
		"github.com/prometheus/common",
		"github.com/prometheus/procfs",
		"github.com/beorn7/perks",
		"github.com/cespare/xxhash/v2",
		"github.com/munnerz/goautoneg",
		"github.com/klauspost/compress",
		"google.golang.org/protobuf",
		"gopkg.in/tomb.v1",
		"golang.org/x/sys",
	}
	const format = "{{with .Module}}{{.Path}}{{end}}"
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, ".")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	modules := strings.Fields(string(output))
	if !slices.Contains(modules, "github.com/Shopify/toxiproxy/v2") {
		t.Errorf("%v does not list toxiproxy: %q", list, modules)
	}
	for _, module := range slices.Compact(slices.Sorted(slices.Values(modules))) {
		if !slices.Contains(allowed, module) {
			t.Errorf("the harness compiles %s, which neither toxiproxy nor x/sys needs", module)
		}
	}
}
