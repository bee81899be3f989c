package program_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/program"
)

func TestAwaitLine(t *testing.T) {
	s := supervise(t, program.Options{})
	stdin, tell, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer tell.Close()
	c := shell(`echo first; read line; echo "second $line" >&2; exec sleep 1000`)
	c.Stdin = stdin
	p := start(t, s, c)
	stdin.Close()
	for range 2 { // it is kept
		if line, err := p.AwaitLine(within(t), saying("first")); err != nil || line.Text != "first" || line.Stderr {
			t.Errorf("got %+v, %v", line, err)
		}
	}
	tell.WriteString("told\n")
	if line, err := p.AwaitLine(within(t), saying("second")); err != nil || line.Text != "second told" || !line.Stderr {
		t.Errorf("got %+v, %v", line, err)
	}
}

func TestAwaitListening(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "::"} {
		t.Run(host, func(t *testing.T) {
			stdin, tell, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer tell.Close()
			p := start(t, supervise(t, program.Options{}), program.Command{
				Args: []string{"/proc/self/exe", "listen", host}, Stdin: stdin,
			})
			stdin.Close()
			line, err := p.AwaitLine(within(t), func(program.Line) bool { return true })
			if err != nil {
				t.Fatal(err)
			}
			at := netip.MustParseAddrPort("127.0.0.1:" + line.Text)
			unready(t, func(ctx context.Context) error { return p.AwaitListening(ctx, at) })
			tell.Close() // it listens now
			if err := p.AwaitListening(within(t), at); err != nil {
				t.Error(err)
			}
			if err := p.AwaitListening(within(t), netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port())); err != nil {
				t.Error(err)
			}
			other := netip.AddrPortFrom(netip.MustParseAddr("127.9.9.9"), at.Port())
			if host == "127.0.0.1" {
				unready(t, func(ctx context.Context) error { return p.AwaitListening(ctx, other) })
			} else if err := p.AwaitListening(within(t), other); err != nil {
				t.Error(err)
			}
		})
	}
}

// unready is a wait that only its context ends.
func unready(t *testing.T, await func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := await(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "is not ready") {
		t.Errorf("got %v, want that it is not ready", err)
	}
}

// Who listens at the address must be the program, not somebody else.
func TestAwaitListeningOfSomebodyElse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := netip.MustParseAddrPort(l.Addr().String())
	p := start(t, supervise(t, program.Options{}), program.Command{Args: []string{"sleep", "1000"}})
	unready(t, func(ctx context.Context) error { return p.AwaitListening(ctx, at) })
}

func TestAwaitFile(t *testing.T) {
	s := supervise(t, program.Options{})
	stdin, tell, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer tell.Close()
	c := shell(`read line; echo pid >new; mv new pid; exec sleep 1000`)
	c.Stdin = stdin
	p := start(t, s, c)
	stdin.Close()
	unready(t, func(ctx context.Context) error { return p.AwaitFile(ctx, "pid") })
	tell.Close()
	if err := p.AwaitFile(within(t), filepath.Join(s.Dir(), "pid")); err != nil {
		t.Error(err)
	}
	if err := p.AwaitFile(within(t), "no/such/directory"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

// A program that ends is not waited for any longer, unless it has left a daemon
// behind; the error has its status and what it said last.
func TestEndsBeforeItIsReady(t *testing.T) {
	at := netip.MustParseAddrPort("127.0.0.1:1")
	awaits := map[string]func(*program.Program, context.Context) error{
		"a line": func(p *program.Program, ctx context.Context) error {
			_, err := p.AwaitLine(ctx, saying("ready"))
			return err
		},
		"a listener": func(p *program.Program, ctx context.Context) error { return p.AwaitListening(ctx, at) },
		"a file":     func(p *program.Program, ctx context.Context) error { return p.AwaitFile(ctx, "ready") },
	}
	for name, await := range awaits {
		for script, want := range map[string]string{
			`echo starting; echo "port in use" >&2; exit 3`: "exit status 3: port in use",
			`echo usage: try again`:                         "exit status 0: usage: try again",
			`kill -9 $$`:                                    "signal: killed",
			`sleep 1000 & exit 4`:                           "exit status 4",
		} {
			t.Run(name+" "+script, func(t *testing.T) {
				p := start(t, supervise(t, program.Options{}), shell(script))
				if err := await(p, within(t)); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			})
		}
	}
	p := start(t, supervise(t, program.Options{}), shell(`(sleep 0.1; touch ready; echo ready; exec sleep 1000) & exit 0`))
	<-p.Exited()
	for _, name := range []string{"a line", "a file"} {
		if err := awaits[name](p, within(t)); err != nil {
			t.Errorf("a daemon's readiness by %s: %v", name, err)
		}
	}
}
