package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// A ProcessFunc is the body of a toy server in a process of its own. It serves
// the listener, hands over what it saw of each connection with report, and
// returns when ctx ends.
type ProcessFunc func(ctx context.Context, listener *Listener, report func(Outcome)) error

// Limits are what a [Process] may have. Zero fields mean no limit of its own.
type Limits struct {
	// Descriptors is RLIMIT_NOFILE, set when the server is ready to accept.
	Descriptors uint64 `json:"descriptors,omitempty"`
	// Processes is how many processes the server may have beside itself, those
	// that ended and were not reaped included, from when it is ready to accept.
	// RLIMIT_NPROC, which it sets, counts every thread of the user and does not
	// bind root: set User too, to one that nobody else is.
	Processes uint64 `json:"processes,omitempty"`
	// User is the uid to run as; it takes privilege to change it.
	User uint32 `json:"user,omitempty"`
}

// processVariable tells a re-executed binary which server it is to be.
const processVariable = "RESETLAB_PROCESS"

// order is the value of processVariable.
type order struct {
	Server string `json:"server"`
	Host   string `json:"host"`
	Limits Limits `json:"limits"`
}

// BeProcess turns the running binary into the server that its parent asked
// for with [Host.Start], and does not return then. Otherwise it does nothing.
// Call it before anything else, from the init function of the package that has
// the servers: this is the hook by which a test binary executes itself again.
func BeProcess(servers map[string]ProcessFunc) {
	text, asked := os.LookupEnv(processVariable)
	if !asked {
		return
	}
	os.Unsetenv(processVariable) // children of ours are not meant
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", processVariable, err)
		os.Exit(2)
	}
	run, ok := servers[o.Server]
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: no server is called %q\n", processVariable, o.Server)
		os.Exit(2)
	}
	if err := beProcess(o, run); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", o.Server, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// HandlerProcess is the ProcessFunc of a server that handles each connection
// with handle.
func HandlerProcess(handle Handler) ProcessFunc {
	return func(ctx context.Context, listener *Listener, report func(Outcome)) error {
		server := ServeListener(listener, handle)
		var reports sync.WaitGroup
		reports.Go(func() {
			for outcome := range server.Outcomes() {
				report(outcome)
			}
		})
		<-ctx.Done()
		err := server.Close()
		reports.Wait()
		return err
	}
}
