package cli_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A deployment is what the examples in deploy say of who runs what.
type deployment struct {
	Services map[string]struct { // compose.yaml
		Command string
	}
	Spec struct { // a Kubernetes object
		Completions int
		Template    struct {
			Spec struct {
				Containers []struct {
					Name          string
					Command, Args []string
				}
			}
		}
	}
}

func readDeployment(t *testing.T, file string) (d deployment) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../../deploy", file))
	if err == nil {
		err = yaml.Unmarshal(text, &d)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDeployedProxies runs the command lines of the examples, at addresses of
// this machine: one connection is reset 400 bytes into what it gets, the next
// is not.
func TestDeployedProxies(t *testing.T) {
	compose := strings.Fields(readDeployment(t, "compose.yaml").Services["faulty"].Command)
	if len(compose) < 3 || !strings.HasPrefix(compose[2], "github.com/resetlab/resetlab/cmd/resetlab@") {
		t.Fatalf("compose.yaml runs %q", compose)
	}
	sidecar := readDeployment(t, "sidecar.yaml").Spec.Template.Spec.Containers
	if len(sidecar) != 2 {
		t.Fatalf("sidecar.yaml has %v", sidecar)
	}
	for file, args := range map[string][]string{"compose.yaml": compose[3:], "sidecar.yaml": sidecar[1].Args} {
		t.Run(file, func(t *testing.T) {
			proxy := start(t, here(t, args, map[string]string{"--listen": "127.0.0.1:0", "--upstream": echo(t)})...)
			_, address, _ := strings.Cut(proxy.line("proxy "), "proxy ")
			address, _, _ = strings.Cut(address, " ")
			for _, want := range []struct {
				bytes int
				ended error
			}{{400, syscall.ECONNRESET}, {1000, io.EOF}} {
				n, err := echoed(t, address, 1000)
				if n != want.bytes || !errors.Is(err, want.ended) {
					t.Errorf("%d bytes, and then %v: want %d and %v", n, err, want.bytes, want.ended)
				}
			}
		})
	}
}

// here gives options of a command line other values.
func here(t *testing.T, args []string, values map[string]string) []string {
	t.Helper()
	replaced := append([]string{}, args...)
	for i, arg := range args[:len(args)-1] {
		if value, ok := values[arg]; ok {
			replaced[i+1] = value
			delete(values, arg)
		}
	}
	if len(values) > 0 {
		t.Fatalf("%q has no %v", args, values)
	}
	return replaced
}

// echoed sends n bytes and reads what comes back, to the end.
func echoed(t *testing.T, address string, n int) (int, error) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	conn.(*net.TCPConn).CloseWrite()
	got, err := io.ReadAll(conn)
	if err == nil {
		err = io.EOF
	}
	return len(got), err
}

// TestDeployedShards runs what each pod of the Job runs, and merges what they
// leave.
func TestDeployedShards(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skipf("the Job runs a shell: %v", err)
	}
	job := readDeployment(t, "audit-job.yaml").Spec
	command := job.Template.Spec.Containers[0].Command
	bin, reports := t.TempDir(), t.TempDir()
	for _, name := range []string{"resetlab", "shop-client"} {
		if err := os.Symlink(executable(t), filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for index := range job.Completions {
		script := strings.ReplaceAll(command[len(command)-1], "/reports/", reports+"/")
		pod := exec.CommandContext(t.Context(), command[0], append(command[1:len(command)-1:len(command)-1], script)...)
		pod.Env = append(os.Environ(), asCommand+"=1", "JOB_COMPLETION_INDEX="+strconv.Itoa(index))
		if output, err := pod.CombinedOutput(); err != nil {
			t.Fatalf("pod %d: %v\n%s", index, err, output)
		}
	}
	shards, err := filepath.Glob(filepath.Join(reports, "shard-*.json"))
	if err != nil || len(shards) != job.Completions {
		t.Fatalf("the pods left %q, %v", shards, err)
	}
	whole := start(t, append([]string{"audit", "merge"}, shards...)...)
	whole.line(" cells · 0 bad")
	if rest, status := whole.end(); status != 0 { // as it would be with a shard missing, or there twice
		t.Errorf("merging ends with %d: %s %s", status, rest, &whole.stderr)
	}
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// beShopClient is the client of the Job: --at URL.
func beShopClient() {
	response, err := http.Get(os.Args[2])
	if err == nil {
		defer response.Body.Close()
		_, err = io.Copy(os.Stdout, response.Body)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
