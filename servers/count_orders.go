package servers

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/resetlab/resetlab/harness/lab"
)

// Orders is an HTTP server that executes what it is sent, whatever the method,
// and counts: the path is the order. It keeps connections alive. A request
// that repeats an Idempotency-Key is answered and not executed again.
type Orders struct {
	lab.Server

	mu       sync.Mutex
	executed map[string]int
	keys     map[string]bool
}

// StartOrders starts the server at h. The lab closes it.
func StartOrders(h *lab.Host) (*Orders, error) {
	o := &Orders{executed: map[string]int{}, keys: map[string]bool{}}
	var err error
	o.Server, err = lab.Serve(h, o.serve)
	return o, err
}

// Executed returns how often the order was executed.
func (o *Orders) Executed(order string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.executed[order]
}

func (o *Orders) serve(ctx context.Context, c *lab.Conn) {
	requests := bufio.NewReader(c)
	for {
		request, err := http.ReadRequest(requests)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return
		}
		o.execute(request.URL.Path, request.Header.Get("Idempotency-Key"))
		if _, err := fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ndone\n"); err != nil {
			return
		}
	}
}

func (o *Orders) execute(order, key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if key != "" && o.keys[key] {
		return
	}
	o.keys[key] = true
	o.executed[order]++
}
