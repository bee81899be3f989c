package cli_test

import (
	"net"
	"net/http"
	"os/exec"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// toxiproxy builds the toxiproxy-server of the module that go.mod names and
// starts it at $TOXIPROXY.
func toxiproxy(ts *testscript.TestScript, neg bool, args []string) {
	program := ts.MkAbs("toxiproxy-server")
	build := exec.Command("go", "build", "-o", program, "github.com/Shopify/toxiproxy/v2/cmd/server")
	if out, err := build.CombinedOutput(); err != nil {
		ts.Fatalf("build toxiproxy-server: %v: %s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0") // it does not tell which port it was given
	ts.Check(err)
	free.Close()
	host, port, _ := net.SplitHostPort(free.Addr().String())
	server := exec.Command(program, append([]string{"-host", host, "-port", port}, args...)...)
	ts.Check(server.Start())
	ended := make(chan struct{})
	go func() {
		server.Wait()
		close(ended)
	}()
	ts.Defer(func() {
		server.Process.Kill()
		<-ended
	})
	ts.Setenv("TOXIPROXY", "http://"+free.Addr().String())
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		response, err := http.Get("http://" + free.Addr().String() + "/proxies")
		if err == nil {
			response.Body.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			ts.Fatalf("toxiproxy-server has ended, and never answered: %v", err)
		}
	}
}
