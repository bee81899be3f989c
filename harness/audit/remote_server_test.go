package audit_test

import (
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
)

// startServer starts a toxiproxy-server and returns its URL.
func startServer(t *testing.T, program string, args ...string) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0") // it does not tell which port it was given
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	host, port, _ := net.SplitHostPort(free.Addr().String())
	command := exec.Command(program, append([]string{"-host", host, "-port", port}, args...)...)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		response, err := http.Get("http://" + free.Addr().String() + "/version")
		if err == nil {
			response.Body.Close()
			return "http://" + free.Addr().String()
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("toxiproxy-server does not answer:", err)
		}
	}
}

// proxiesAt are the names of the proxies of a server.
func proxiesAt(t *testing.T, url string) string {
	t.Helper()
	proxies, err := toxiproxy.NewClient(url).Proxies()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range proxies {
		names = append(names, name)
	}
	return strings.Join(names, " ")
}
