package recipes_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
)

func TestHAProxyListens(t *testing.T) {
	l := newLab(t)
	balancer := run(t, l.Host("server"), recipes.HAProxy(func(at program.Place) string {
		return fmt.Sprintf("defaults\n mode http\n timeout client 10s\nfrontend all\n bind %v\n http-request return status 200\n",
			at.Address)
	}))
	if balancer.Addr() == "" || balancer.Name() != "haproxy" {
		t.Errorf("%s listens at %q", balancer.Name(), balancer.Addr())
	}
	about, err := os.Stat(balancer.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if owner := about.Sys().(*syscall.Stat_t).Uid; os.Geteuid() == 0 && owner != 65534 {
		t.Errorf("it runs as user %d", owner)
	}
	conn, err := l.Host("client").Dial(t.Context(), balancer.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 12)
	if _, err := conn.Read(answer); err != nil || string(answer) != "HTTP/1.1 200" {
		t.Errorf("it answers %q, %v", answer, err)
	}
}

// A real client logs in at a real server, and both are told apart by what they
// say.
func TestSSH(t *testing.T) {
	l := newLab(t)
	host, user := key(t), key(t)
	server := run(t, l.Host("server"), recipes.SSHD(recipes.Server{HostKey: host, User: user}))
	login := recipes.Client{HostKey: host, User: user}
	client := run(t, l.Host("client"), recipes.SSH(server.Addr(), login, "cat /etc/group; exit 3"))
	if status := exit(t, client); status != 3 || !strings.Contains(client.Text(), "nogroup:x:65534:") {
		t.Errorf("the client's exit status is %d, and it said:\n%s\nThe server:\n%s", status, client.Text(), server.Text())
	}
	files := run(t, l.Host("client"), recipes.SFTP(server.Addr(), login, "pwd\n"))
	if status := exit(t, files); status != 255 { // no Subsystem is configured
		t.Errorf("the exit status of sftp is %d, and it said:\n%s", status, files.Text())
	}
	stranger := run(t, l.Host("client"), recipes.SSH(server.Addr(), recipes.Client{HostKey: host, User: key(t)}, "true"))
	if status := exit(t, stranger); status != 255 || !strings.Contains(stranger.Text(), "Permission denied (publickey).") {
		t.Errorf("the exit status of a stranger is %d, and it said:\n%s", status, stranger.Text())
	}
}

// What a program tells as its version begins with one.
func TestVersions(t *testing.T) {
	nothing := func(program.Place) []string { return nil }
	for _, recipe := range []program.Recipe{
		recipes.HAProxy(nil), recipes.Java("", "", nothing), recipes.SSHD(recipes.Server{}),
		recipes.SSH("", recipes.Client{}), recipes.Fail2Ban(recipes.Jail{}), recipes.NFT(),
		recipes.Tomcat("", "", nothing), recipes.NGINX(nil), recipes.VSFTPD(), recipes.LFTP(),
		recipes.Redis(), recipes.RedisCLI(""), recipes.Memcached(), recipes.MariaDB(), recipes.PostgreSQL(""), recipes.PSQL(""),
	} {
		version, err := recipe.VersionOf(t.Context())
		if errors.Is(err, program.ErrUnavailable) {
			t.Logf("skipped: %v", err)
			continue
		}
		if err != nil || version == "" || !strings.Contains("0123456789", version[:1]) {
			t.Errorf("%s: version %q, %v", recipe.Name, version, err)
		}
		if strings.HasPrefix(recipe.Name, "ssh") && strings.HasPrefix(version, "3.") {
			t.Errorf("%s: version %q is that of OpenSSL, which it names, too", recipe.Name, version)
		}
		if recipe.Name == "nft" && strings.HasPrefix(version, "0.") {
			t.Errorf("nft: version %q is a part of v1.0.6", version)
		}
	}
}

const echo = `
import java.io.*;
import java.net.*;

class Echo {
	public static void main(String[] args) throws IOException {
		try (ServerSocket server = new ServerSocket(Integer.parseInt(args[1]), 1, InetAddress.getByName(args[0]))) {
			Socket client = server.accept();
			client.getOutputStream().write("hello\n".getBytes());
			client.close();
		}
	}
}
`

func TestJava(t *testing.T) {
	classes := t.TempDir()
	if err := recipes.Javac(within(t), "Echo.java", echo, classes); errors.Is(err, program.ErrUnavailable) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	server := run(t, l.Host("server"), recipes.Java(classes, "Echo", func(at program.Place) []string {
		return []string{at.Address.Addr().String(), fmt.Sprint(at.Address.Port())}
	}))
	conn, err := l.Host("client").Dial(t.Context(), server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answer := make([]byte, 6)
	if _, err := conn.Read(answer); err != nil || string(answer) != "hello\n" {
		t.Errorf("it answers %q, %v", answer, err)
	}
	if status := exit(t, server); status != 0 {
		t.Errorf("exit status %d:\n%s", status, server.Text())
	}
	err = recipes.Javac(within(t), "Bad.java", "class Bad {", classes)
	if err == nil || !strings.Contains(err.Error(), "reached end of file") {
		t.Errorf("compiling nonsense gives %v", err)
	}
}

func newLab(t *testing.T) *lab.Lab {
	t.Helper()
	l := lab.New()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// run runs a recipe, or skips the test if it cannot be run here.
func run(t *testing.T, h *lab.Host, r program.Recipe) *lab.Program {
	t.Helper()
	p, err := h.Run(within(t), r)
	if errors.Is(err, program.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func exit(t *testing.T, p *lab.Program) int {
	t.Helper()
	status, err := p.Exit(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func key(t *testing.T) recipes.Key {
	t.Helper()
	k, err := recipes.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// within bounds what hangs.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
