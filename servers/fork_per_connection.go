package servers

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"

	"github.com/resetlab/resetlab/harness/lab"
)

// Forking says how a server that forks goes about it.
type Forking struct {
	// Leave ends the server's own use of a connection that its child has too.
	Leave func(*lab.Conn) error
	// Reap makes the server wait for each child that has ended. The others stay
	// in the process table until the server ends.
	Reap bool
}

// ForkPerConnection is a process that starts a child for each connection when
// its first byte has come: cat, which echoes until the client half-closes. If
// it can start no child it says so in an outcome whose call is "fork", and
// closes the connection. The outcome of a connection comes when the child has
// been reaped or, if it never is, when it has been started.
func ForkPerConnection(f Forking) lab.ProcessFunc {
	return func(ctx context.Context, listener *lab.Listener, report func(lab.Outcome)) error {
		var mu sync.Mutex
		var unreaped []*exec.Cmd
		serve := lab.HandlerProcess(func(ctx context.Context, c *lab.Conn) {
			if c.AwaitReadable(ctx) != nil {
				return
			}
			child, err := startCat(c)
			if err != nil {
				report(failure(listener, "fork", err))
				return
			}
			f.Leave(c) // its error is in the outcome
			if f.Reap {
				child.Wait() // its exit status says nothing about the connection
				return
			}
			mu.Lock()
			defer mu.Unlock()
			unreaped = append(unreaped, child)
		})
		err := serve(ctx, listener, report)
		for _, child := range unreaped { // nothing is left behind
			child.Process.Kill()
			child.Wait()
		}
		return err
	}
}

// startCat starts a child whose standard input and output are the connection.
func startCat(c *lab.Conn) (*exec.Cmd, error) {
	socket, err := c.TCP().File()
	if err != nil {
		return nil, fmt.Errorf("hand over a connection: %w", err)
	}
	child := exec.Command("cat")
	child.Stdin, child.Stdout = socket, socket
	if err := errors.Join(child.Start(), socket.Close()); err != nil {
		return nil, err
	}
	return child, nil
}
