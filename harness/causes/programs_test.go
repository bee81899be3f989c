package causes_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/tcp"
)

// The ways in which the server of these tests ends a connection, behind the
// request's head.
const (
	abort      = "abort"       // RST, no byte of a reply
	finish     = "finish"      // FIN, no byte of a reply
	abortHalf  = "abort half"  // RST within the reply's body
	finishHalf = "finish half" // FIN within the reply's body
	abortRaw   = "abort raw"   // RST behind the first byte, whatever that is
	finishRaw  = "finish raw"  // FIN behind the first byte
	refuse     = "refuse"      // nobody listens
)

// A said is what a program that meets such a server has to be understood as.
type said struct {
	program string
	args    []string // ADDRESS, HOST and PORT stand for the server's
	server  string
	of      string // whose words they are
	ending  tcp.Ending
}

const (
	python   = "import http.client, sys; c = http.client.HTTPConnection('ADDRESS'); c.request('GET', '/'); c.getresponse().read()"
	requests = "import requests; requests.get('http://ADDRESS/')"
	ruby     = "require 'net/http'; Net::HTTP.start('HOST', PORT, max_retries: 0) { |h| h.get('/') }"
	// PHP waits for the end and writes, since it says nothing of a read.
	php = "$s = fsockopen('HOST', PORT); fwrite($s, \"GET / HTTP/1.1\\r\\n\\r\\n\"); " +
		"$r = [$s]; $w = $e = null; stream_select($r, $w, $e, 60); fwrite($s, 'x');"
	nodeGet   = "require('http').get('http://ADDRESS/', r => r.resume())"
	nodeFetch = "fetch('http://ADDRESS/').then(r => r.text())"
)

// ssh has the arguments that keep it from asking and from remembering.
var ssh = []string{"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p", "PORT", "HOST"}

var programs = []said{
	{"curl", []string{"-sS", "http://ADDRESS/"}, abort, "curl", tcp.Reset},
	{"curl", []string{"-sS", "http://ADDRESS/"}, finish, "curl", tcp.Finished},
	{"curl", []string{"-sS", "http://ADDRESS/"}, abortHalf, "curl", tcp.Reset},
	{"curl", []string{"-sS", "http://ADDRESS/"}, finishHalf, "curl", tcp.Finished},
	{"curl", []string{"-sS", "https://ADDRESS/"}, abortRaw, "curl", ""},
	{"curl", []string{"-sS", "http://ADDRESS/"}, refuse, "curl", ""},
	{"wget", []string{"-t", "1", "-O", "-", "http://ADDRESS/"}, abort, "wget", tcp.Reset},
	{"python3", []string{"-c", python}, abort, "Python", tcp.Reset},
	{"python3", []string{"-c", python}, finish, "Python (http.client, urllib3, requests)", tcp.Finished},
	{"python3", []string{"-c", python}, finishHalf, "Python HTTP clients", tcp.Finished},
	{"python3", []string{"-c", python}, refuse, "Python", tcp.Refused},
	{"python3", []string{"-c", requests}, abort, "urllib3, requests", tcp.Reset},
	{"python3", []string{"-c", requests}, finish, "Python (http.client, urllib3, requests)", tcp.Finished},
	{"ruby", []string{"-e", ruby}, abort, "Ruby", tcp.Reset},
	{"ruby", []string{"-e", ruby}, finish, "Ruby", tcp.Finished},
	{"php", []string{"-d", "display_errors=1", "-d", "error_reporting=-1", "-r", php}, abort, "PHP", tcp.Reset},
	{"node", []string{"-e", nodeGet}, abort, "Node.js", tcp.Reset},
	{"node", []string{"-e", nodeGet}, finish, "Node.js", ""},
	{"node", []string{"-e", nodeGet}, refuse, "Node.js", tcp.Refused},
	{"node", []string{"-e", nodeFetch}, abort, "Node.js", tcp.Reset},
	{"node", []string{"-e", nodeFetch}, finish, "Node.js fetch (undici)", tcp.Finished},
	{"ssh", ssh, abortRaw, "OpenSSH's ssh", tcp.Reset},
	{"ssh", ssh, finishRaw, "OpenSSH's ssh", tcp.Finished},
	{"openssl", []string{"s_client", "-connect", "ADDRESS"}, finishRaw, "OpenSSL 3, Python ssl, Ruby, PHP", tcp.Finished},
}

// TestPrograms: what real programs of this machine say is understood, and as
// what the server did.
func TestPrograms(t *testing.T) {
	for _, test := range programs {
		t.Run(test.program+" "+test.server, func(t *testing.T) {
			path, err := exec.LookPath(test.program)
			if err != nil {
				t.Skipf("%s is not installed", test.program)
			}
			address := serve(t, test.server)
			text := output(t, path, test.args, address)
			if strings.Contains(text, "No module named") {
				t.Skipf("%s", lastLine(text))
			}
			found := causes.Search(text)
			if len(found) == 0 {
				t.Fatalf("nothing is known of\n%s", text)
			}
			if p := found[0].Phrase; p.Of != test.of || p.Ending != test.ending {
				t.Errorf("got %q of %q, ending %q, want %q, %q, in\n%s", found[0].Words, p.Of, p.Ending,
					test.of, test.ending, text)
			}
		})
	}
}

// output runs a program against the server and returns what it says.
func output(t *testing.T, path string, args []string, address string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	words := strings.NewReplacer("ADDRESS", address, "HOST", host, "PORT", port)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path)
	for _, arg := range args {
		cmd.Args = append(cmd.Args, words.Replace(arg))
	}
	cmd.Env = append(os.Environ(), "LC_ALL=C", "http_proxy=", "HTTP_PROXY=", "https_proxy=", "HTTPS_PROXY=", "no_proxy=*",
		"HOME="+t.TempDir())
	text, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", filepath.Base(path), err)
	}
	return string(text)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// serve starts a server that ends every connection in one way.
func serve(t *testing.T, how string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if how == refuse {
		listener.Close()
		return listener.Addr().String()
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			end(conn.(*net.TCPConn), how)
		}
	}()
	return listener.Addr().String()
}

// end ends a connection when its first bytes have come: a RST that came sooner
// would meet some clients in connect.
func end(conn *net.TCPConn, how string) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	in := bufio.NewReader(conn)
	switch how {
	case abortRaw, finishRaw:
		if _, err := in.ReadByte(); err != nil {
			return
		}
	default:
		for line := "x"; strings.TrimSpace(line) != ""; {
			var err error
			if line, err = in.ReadString('\n'); err != nil {
				return
			}
		}
	}
	if how == abortHalf || how == finishHalf {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
	}
	if strings.HasPrefix(how, abort) {
		conn.SetLinger(0)
		return
	}
	conn.CloseWrite()
	io.Copy(io.Discard, in) // close would reset what is unread
}
