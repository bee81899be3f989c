package cli_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// echo serves until the test ends.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()
	return listener.Addr().String()
}

func TestProxyCutsTheSecondConnection(t *testing.T) {
	proxy := start(t, "proxy", "--upstream", echo(t), "--cut", "toward=client,after=3,on=2,times=1")
	_, address, _ := strings.Cut(proxy.line("proxy "), "proxy ")
	address, _, _ = strings.Cut(address, " ")
	proxy.line("cut after 3 bytes toward the client")

	for number, want := range []struct {
		text  string
		ended error
	}{{"abcde", io.EOF}, {"abc", syscall.ECONNRESET}} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "abcde")
		conn.(*net.TCPConn).CloseWrite()
		var got []byte
		buffer := make([]byte, 16)
		for err == nil {
			var n int
			n, err = conn.Read(buffer)
			got = append(got, buffer[:n]...)
		}
		conn.Close()
		if string(got) != want.text || !errors.Is(err, want.ended) {
			t.Errorf("connection %d: %q, %v, want %q, %v", number+1, got, err, want.text, want.ended)
		}
	}
	first, second := proxy.line("#"), proxy.line("#")
	if strings.Contains(first, "#2 ") { // it may be over first
		first, second = second, first
	}
	if !strings.Contains(first, "#1 ") || !strings.Contains(first, "5 bytes to the server, 5 to the client") {
		t.Errorf("first: %s", first)
	}
	if !strings.Contains(second, "#2 ") || !strings.Contains(second, "struck at byte 3 toward the client") {
		t.Errorf("second: %s", second)
	}
	rest, status := proxy.interrupt()
	if status != 0 || !strings.Contains(rest, ": struck 1 time\n") {
		t.Errorf("status %d, said %q, want 0 and what became of the cut", status, rest)
	}
}

// TestProxyNamesTheCut where it ended a connection of which the server had
// ended its direction.
func TestProxyNamesTheCut(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.(*net.TCPConn).CloseWrite()
		io.ReadAll(conn)
	}()
	proxy := start(t, "proxy", "--upstream", listener.Addr().String(), "--cut", "toward=server,after=1")
	_, address, _ := strings.Cut(proxy.line("proxy "), "proxy ")
	address, _, _ = strings.Cut(address, " ")
	proxy.line("cut after 1 byte toward the server: reset to both")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if text, err := io.ReadAll(conn); len(text) > 0 || err != nil {
		t.Fatalf("read %q, %v, want the server's FIN", text, err)
	}
	io.WriteString(conn, "ab")
	line := proxy.line("#1 ")
	for _, want := range []string{
		"1 byte to the server, 0 to the client", "ended by the cut: reset; before it the server: finished",
		"struck at byte 1 toward the server, 1 byte withheld",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("said %q, want %q", line, want)
		}
	}
	proxy.interrupt()
}

// TestProxyEndsOneDirection, or breaks the pipe of who goes on.
func TestProxyEndsOneDirection(t *testing.T) {
	for _, c := range []struct {
		cut  string
		want error // of writing on
	}{
		{"toward=client,after=3,half=true", nil},
		{"toward=client,after=3,with=fin-then-reset,opposite=fin", syscall.ECONNRESET},
	} {
		t.Run(c.cut, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			got := make(chan string, 1)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				io.WriteString(conn, "hello")
				text, _ := io.ReadAll(conn)
				got <- string(text)
			}()
			proxy := start(t, "proxy", "--upstream", listener.Addr().String(), "--cut", c.cut)
			_, address, _ := strings.Cut(proxy.line("proxy "), "proxy ")
			address, _, _ = strings.Cut(address, " ")
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Minute))
			if text, err := io.ReadAll(conn); string(text) != "hel" || err != nil {
				t.Errorf("read %q, %v, want hel and its end", text, err)
			}
			io.WriteString(conn, "on")
			if c.want != nil {
				if err := awaitReset(conn); !errors.Is(err, c.want) {
					t.Errorf("writing on: %v, want %v", err, c.want)
				}
			} else {
				conn.(*net.TCPConn).CloseWrite()
				if text := <-got; text != "on" {
					t.Errorf("the server got %q, want on", text)
				}
			}
			if rest, status := proxy.interrupt(); status != 0 {
				t.Errorf("status %d: %s", status, rest)
			}
		})
	}
}

// awaitReset writes until the kernel hands out that the peer has reset the
// connection: as EPIPE, where its end of stream was read before.
func awaitReset(conn net.Conn) error {
	for {
		if _, err := io.WriteString(conn, "on"); errors.Is(err, syscall.EPIPE) {
			return syscall.ECONNRESET
		} else if err != nil {
			return err
		}
	}
}
