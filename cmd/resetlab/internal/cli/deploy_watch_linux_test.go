package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/resetlab/resetlab/harness/causes"
)

const deployedWatch = "../../../../deploy/watch"

// A watchPod is what the manifest says of the watcher.
type watchPod struct {
	Spec struct {
		Template struct {
			Spec struct {
				Containers []struct {
					Args            []string
					SecurityContext struct{ Capabilities struct{ Add []string } } `yaml:"securityContext"`
				}
			}
		}
	}
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deployedWatch, file))
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestDeployedWatch runs what the DaemonSet runs with the capabilities that it
// has, and nothing but a root that cannot be written. It watches, by the best
// source, as nobody; and of the capabilities none is too many.
func TestDeployedWatch(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root alone can take capabilities away and make its root read-only")
	}
	watching(t, "--for=1ms").end()
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Fatal(err)
	}
	var pod watchPod
	readYAML(t, "daemonset.yaml", &pod)
	c := pod.Spec.Template.Spec.Containers[0]
	args := here(t, c.Args, map[string]string{"--prometheus": "127.0.0.1:0"})
	all := c.SecurityContext.Capabilities.Add
	var compose struct {
		Services struct {
			Watch struct {
				CapAdd  []string `yaml:"cap_add"`
				Command []string
			}
		}
	}
	readYAML(t, "compose.yaml", &compose)
	if w := compose.Services.Watch; !slices.Equal(w.CapAdd, all) || !slices.Equal(w.Command, c.Args) {
		t.Errorf("the compose file has %v and %q, the DaemonSet %v and %q", w.CapAdd, w.Command, all, c.Args)
	}
	for i := range append(all, "") {
		capabilities := slices.Clone(all)
		if i < len(all) {
			capabilities = slices.Delete(capabilities, i, i+1)
		}
		begin, run := confined(t, capabilities, args)
		if good := begin.Source == "ebpf" && begin.Privileges == "as nobody, without privileges"; good != (i == len(all)) {
			t.Errorf("with %v it begins with %+v", capabilities, begin)
		} else if good {
			watches(t, begin.Metrics, run)
		}
	}
}

type begun struct{ Source, Privileges, Metrics string }

// confined runs the command with no capabilities but some, where nothing can be
// written. It returns the zero value where it does not begin.
func confined(t *testing.T, capabilities, args []string) (begin begun, run *running) {
	t.Helper()
	bounding := "-all"
	for _, capability := range capabilities {
		bounding += ",+" + strings.ToLower(capability)
	}
	// A shell of its own mount namespace makes the root read-only; nothing of it
	// lasts.
	const script = `mount --make-rprivate / && mount -o remount,bind,ro / && exec setpriv --no-new-privs --bounding-set="$0" "$@"`
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	words := append([]string{"-c", script, bounding, executable(t)}, args...)
	run = &running{t: t, cmd: exec.CommandContext(ctx, "sh", words...)}
	run.cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	run.cmd.Env, run.cmd.Stderr = append(os.Environ(), asCommand+"=1"), &run.stderr
	stdout, err := run.cmd.StdoutPipe()
	if err == nil {
		err = run.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	run.lines = bufio.NewScanner(stdout)
	if run.lines.Scan() {
		if err := json.Unmarshal(run.lines.Bytes(), &begin); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { run.cmd.Process.Kill() })
	return begin, run
}

// watches says whether a real reset is told and counted.
func watches(t *testing.T, metrics string, run *running) {
	t.Helper()
	listener := listening(t)
	leftUnread(t, listener)
	run.line(fmt.Sprintf(`:%d"`, listener.Addr().(*net.TCPAddr).Port))
	if health, err := http.Get(strings.TrimSuffix(metrics, "metrics") + "healthz"); err != nil || health.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %v, %v", health, err)
	}
	if _, status := run.interrupt(); status != 0 {
		t.Errorf("status %d: %s", status, &run.stderr)
	}
}

// TestAlertsAreOfCauses: each cause of the catalogue raises one alert, and no
// alert is of a cause that there is not.
func TestAlertsAreOfCauses(t *testing.T) {
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	readYAML(t, "alerts.yaml", &rules)
	of := map[string][]string{}
	for _, rule := range rules.Groups[0].Rules {
		match := regexp.MustCompile(`cause=~"([^"]*)"`).FindStringSubmatch(rule.Expr)
		if match == nil {
			continue
		}
		for cause := range strings.SplitSeq(match[1], "|") {
			of[cause] = append(of[cause], rule.Alert)
		}
	}
	for _, cause := range causes.All() {
		if len(of[cause.Name]) != 1 {
			t.Errorf("%s raises %q", cause.Name, of[cause.Name])
		}
		delete(of, cause.Name)
	}
	if delete(of, "none"); len(of) > 0 {
		t.Errorf("no causes: %v", of)
	}
}

// TestAlertsByPromtool checks the rules and what they fire for, and the queries of
// the dashboard as rules of their own, by Prometheus itself.
func TestAlertsByPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	switch {
	case err != nil && os.Getenv("RESETLAB_STRICT") == "1":
		t.Fatalf("skipping is forbidden: %v", err)
	case err != nil:
		t.Skipf("Debian's package prometheus has promtool: %v", err)
	}
	queries := filepath.Join(t.TempDir(), "queries.yaml")
	if err := os.WriteFile(queries, dashboardRules(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}, {"check", "rules", queries}} {
		command := exec.CommandContext(t.Context(), promtool, args...)
		command.Dir = deployedWatch
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s", args, err, output)
		}
	}
}

// dashboardRules are the queries of the dashboard as recording rules, with values
// for Grafana's variables. Every metric in them is one that watch has.
func dashboardRules(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deployedWatch, "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil || len(dashboard.Panels) == 0 {
		t.Fatalf("%d panels, %v", len(dashboard.Panels), err)
	}
	known := []string{"resetlab_resets_total", "resetlab_watch_info", "resetlab_watch_events_total", "resetlab_watch_events_lost_total"}
	type rule struct{ Record, Expr string }
	var rules []rule
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			for _, metric := range regexp.MustCompile(`resetlab_\w+`).FindAllString(target.Expr, -1) {
				if !slices.Contains(known, metric) {
					t.Errorf("%s asks for %s", panel.Title, metric)
				}
			}
			expr := strings.NewReplacer("$__rate_interval", "5m", "$__range", "3h", "$instance", ".*", "$process", ".*").Replace(target.Expr)
			rules = append(rules, rule{fmt.Sprintf("dashboard:query%d", len(rules)), expr})
		}
	}
	written, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	return written
}
