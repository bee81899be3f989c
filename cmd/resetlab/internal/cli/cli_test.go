package cli_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/cli"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/harness/netlab"
)

// asCommand makes this test binary the command.
const asCommand = "RESETLAB_TEST_COMMAND"

// asAudited, as the first argument, makes it the client of an audit.
const asAudited = "audited"

func TestMain(m *testing.M) {
	forbid()
	suite.Be() // a round re-executes this binary
	if os.Getenv(asCommand) != "" && len(os.Args) > 1 && os.Args[1] == asAudited {
		os.Args = os.Args[1:]
		beAudited()
		return
	}
	if os.Getenv(asCommand) != "" && filepath.Base(os.Args[0]) == "shop-client" {
		beShopClient()
		return
	}
	if os.Getenv(asCommand) != "" {
		os.Exit(cli.Main())
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // otherwise each process of a -race run sleeps 1 s at its end
	testscript.Main(m, map[string]func(){
		"resetlab": func() { os.Exit(cli.Main()) }, "client": beAudited, "executed": executed,
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "printed": printed, "occupy": occupy, "bytes": bytesOf, "upstream": upstream, "toxiproxy": toxiproxy,
		},
		Condition: func(name string) (bool, error) {
			if name != "namespaces" {
				return false, fmt.Errorf("there is no condition %q", name)
			}
			network, err := netlab.New()
			if errors.Is(err, netlab.ErrUnavailable) {
				return false, nil
			}
			return err == nil, errors.Join(err, closeNetwork(network))
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("RECORDINGS", recordings)
			env.Setenv("EXAMPLE", directory+"/session.py")
			env.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
	})
}

// directory is that of this package.
var directory = func() string {
	directory, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return directory
}()

// recordings is where package report keeps some.
var recordings = directory + "/../../../../harness/report/testdata"

// status CODE COMMAND ARGS... runs a command that must end with that status,
// and without a stack trace.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND ARGS...")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("status %d, want %s", code, args[0])
	}
	if stderr := ts.ReadFile("stderr"); strings.Contains(stderr, "goroutine ") {
		ts.Fatalf("a stack trace")
	}
}

// occupy listens at a port and leaves its address in $OCCUPIED.
func occupy(ts *testscript.TestScript, neg bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	ts.Setenv("OCCUPIED", listener.Addr().String())
}

// bytes N FILE leaves the first N bytes of a file.
func bytesOf(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	path := ts.MkAbs(args[1])
	ts.Check(os.Truncate(path, int64(n)))
}

// A running is the command in the background.
type running struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  *bufio.Scanner
	stderr strings.Builder
}

// start runs the command; it is killed when the test ends.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	r := &running{t: t, cmd: exec.CommandContext(ctx, os.Args[0], args...)}
	r.cmd.Env = append(os.Environ(), asCommand+"=1")
	r.cmd.Stderr = &r.stderr
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.lines = bufio.NewScanner(stdout)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// line returns the next line that contains text.
func (r *running) line(text string) string {
	r.t.Helper()
	var before []string
	for r.lines.Scan() {
		if strings.Contains(r.lines.Text(), text) {
			return r.lines.Text()
		}
		before = append(before, r.lines.Text())
	}
	r.t.Fatalf("no line with %q in\n%s\nstderr: %s", text, strings.Join(before, "\n"), &r.stderr)
	return ""
}

// interrupt presses Ctrl-C and returns what else is said, and the status.
func (r *running) interrupt() (rest string, status int) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		r.t.Fatal(err)
	}
	return r.end()
}

// end waits for the end.
func (r *running) end() (rest string, status int) {
	r.t.Helper()
	for r.lines.Scan() {
		rest += r.lines.Text() + "\n"
	}
	var exit *exec.ExitError
	if err := r.cmd.Wait(); errors.As(err, &exit) {
		return rest, exit.ExitCode()
	} else if err != nil {
		r.t.Fatal(err)
	}
	return rest, 0
}

// exchange sends text to address and returns all that comes back, and how the
// connection ended.
func exchange(t *testing.T, address, text string) (string, error) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Minute))
	if _, err := fmt.Fprint(conn, text); err != nil {
		t.Fatal(err)
	}
	var all []byte
	buffer := make([]byte, 1024)
	for {
		n, err := conn.Read(buffer)
		all = append(all, buffer[:n]...)
		if err != nil {
			return string(all), err
		}
	}
}

// commandTo runs the command with a standard output and returns what it says
// on standard error, and its status.
func commandTo(t *testing.T, stdout *os.File, args ...string) (stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	var said strings.Builder
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.Stderr = &said
	if stdout != nil {
		cmd.Stdout = stdout
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return said.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return said.String(), 0
}
