package matchers_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/watch"
)

// asServer has this program be a server, that reads as many bytes as it says.
const asServer = "RESETLAB_TEST_SERVER_READS"

func TestMain(m *testing.M) {
	if reads := os.Getenv(asServer); reads != "" {
		beServer(len(reads))
		return
	}
	os.Exit(m.Run())
}

// beServer answers one connection, having read n bytes of its request.
func beServer(n int) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	conn, err := listener.Accept()
	if err != nil {
		panic(err)
	}
	conn.Read(make([]byte, n))
	conn.Write([]byte("ok"))
	conn.Close()
	bufio.NewReader(os.Stdin).ReadByte() // until its test is done with it
}

// started starts the server, which reads n bytes.
func started(t *testing.T, n int) (pid int, address string) {
	t.Helper()
	server := exec.CommandContext(t.Context(), os.Args[0])
	server.Env = append(os.Environ(), asServer+"="+strings.Repeat("x", n))
	input, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { input.Close(); server.Wait() })
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return server.Process.Pid, strings.TrimSpace(line)
}

// watched watches a process, or skips where that is not allowed.
func watched(t *testing.T, pid int) *watch.Watched {
	t.Helper()
	w, err := watch.Start(watch.Options{Filter: watch.Filter{Processes: []int{pid}}})
	switch {
	case err != nil && os.Getenv("RESETLAB_STRICT") == "1":
		t.Fatalf("skipping is forbidden: %v", err)
	case err != nil:
		t.Skipf("'resetlab doctor' says how to get it: %v", err)
	}
	t.Cleanup(func() { w.Stop() })
	return w
}

// request sends four bytes and reads to the end.
func request(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = conn.Read(make([]byte, 16))
	}
}

// TestWatched is how to use it around a test of one's own: a server that reads its
// request resets nobody, one that does not is told of, with the reason.
func TestWatched(t *testing.T) {
	g := NewWithT(t)
	pid, address := started(t, 4)
	polite := watched(t, pid)
	request(t, address)
	g.Expect(polite.Stop()).To(BeEmpty())

	pid, address = started(t, 1)
	rude := watched(t, pid)
	request(t, address)
	resets, err := rude.Stop()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(resets).To(ConsistOf(HaveField("Cause", "unread")))

	message := BeEmpty().FailureMessage(resets)
	g.Expect(message).To(ContainSubstring("its owner closed with received bytes unread (unread, or "))
	g.Expect(message).NotTo(ContainSubstring("Cgroup"))
}
