package agent

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// A Command is a program that performs one call each time it is run, or as a
// session the calls of a cell.
//
// What it says: exit status 0 is success, 89 that it cannot perform such a
// call, every other one is an error, to which the last line of its standard
// error belongs. Its standard output is the data that it returns, unless the
// last line is a JSON object of these members alone, of which "ok" must be
// there:
//
//	{"ok": true, "bytes": 12, "sha256": "9f86d0…"}
//	{"ok": false, "error": "gave up", "ending": "reset", "unknown": true}
//
// bytes is how many bytes of data it returned, and sha256 their digest; ending
// is a harness.Ending, how it saw the connection end; unknown says that the
// outcome is unknown, unexecuted that nothing was executed, unimplemented that
// it cannot perform such a call.
//
// A program with a connection pool is audited as a session ([Command.Session]).
// It reads a call from each line of its standard input: a JSON object of
// strings, which has the members that the placeholders above are named by, url
// and healthy_url only where the protocol has such; what is not known is empty.
// In one line:
//
//	{"address": "127.101.2.3:4711", "host": "127.101.2.3", "port": "4711", "ca": "",
//	 "healthy": "127.101.2.3:4711", "id": "k3x0q2-00000z", "operation": "write", "method": "POST", "shape": "",
//	 "url": "http://127.101.2.3:4711/write/k3x0q2-00000z", "healthy_url": "http://127.101.2.3:4711/write/k3x0q2-00000z"}
//
// It answers each by a line of its standard output: the statement above, the
// call's id, and, if it likes, instead of bytes the data as a text:
//
//	{"id": "k3x0q2-00000z", "ok": true, "body": "done"}
//	{"id": "k3x0q2-00000z", "ok": false, "error": "gave up", "ending": "reset"}
//
// Nothing else may be there, or the cell is BROKEN. What is known at the start,
// {address}, {host}, {port}, {healthy} and {ca}, is also in its arguments and in
// its environment. A call comes when the one before is answered, or was given
// up by the audit: whatever it answers to that is dropped, and the next call
// goes to the same program, since it shows what became of its pool. If it ends
// before its time, all further calls fail. It is to end with its standard
// input; after twice the grace it gets SIGTERM.
//
// The time of a call begins when a session has read its first line, and with the
// first connection of a program that is run once for each call: what it takes to
// load it is bounded apart (audit.Limits.Start).
//
// Whichever it is, it runs in a session of its own in the sense of setsid(2),
// without the environment's *_proxy variables and, on Linux, below a supervisor:
// see package program. When its time is over it gets SIGTERM, and SIGKILL a
// little later, its children too. Children that live on after it has left are
// killed and reported as LEAK-PROCESS, daemons included, and so is a program
// whose cell is over, with no call given up, and that did not heed the SIGTERM.
// On other systems children are known by their session, and on Windows only the
// program itself is killed.
type Command struct {
	// Args are the program, looked up in PATH, and its arguments. Placeholders
	// in the arguments are replaced: see the package.
	Args []string
	// Session says that the program is run once for each cell and is given its
	// calls as lines: see above. The subject is audit.Subject.Pooled then.
	Session bool
	// URL returns the URL of a call. Nil means that the protocol has none.
	URL func(c audit.Call) string
	// Method returns the word of the protocol for an operation. Nil means the
	// methods of HTTP.
	Method func(point.Operation) string
	// Reply returns what a client gets that receives the complete reply to a
	// call, as the origin says. Nil means that it is not known.
	Reply func(c audit.Call) []byte
	// Output says what its standard output is, or in a session the body that it
	// tells.
	Output Output
	// CA is the file of the certificate to trust, which OpenSSL, Go, curl, Node
	// and Python's requests are told of in the environment. Empty means none.
	CA string
	// Grace is how long its children may live on, and how long it has to end
	// after a SIGTERM; a session has twice as long to end with its standard
	// input. Zero means 300 ms. On Linux it passes only while the machine runs
	// them, as that of package program does.
	Grace time.Duration

	costs *costs // what the program takes of the machine is noted there, if not nil
}

// An Output says what a program's standard output is.
type Output string

// The outputs.
const (
	Data    Output = ""        // the data that it returns
	Line    Output = "line"    // the data, and a line end behind it
	Ignored Output = "ignored" // something else
)

// Check looks for the program. It says what is wrong with the command before
// anything is run.
func (c Command) Check() error {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return errors.New("agent: no program is given")
	}
	if _, err := exec.LookPath(c.Args[0]); err != nil {
		return fmt.Errorf("agent: %q: %w", c.Args[0], errors.Unwrap(err)) // without "exec:"
	}
	if c.Session {
		return c.checkSession()
	}
	return nil
}

// Open returns a client that runs the program; it is an audit.Subject's Open.
func (c Command) Open(_ context.Context, to audit.Target) (audit.Client, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Session {
		return c.openSession(to)
	}
	return &client{command: c, healthy: to.Healthy}, nil
}

// A client is a command in one cell.
type client struct {
	command Command
	healthy string
	running sync.WaitGroup
	present
}

// Starts says that every call loads the program; see audit.Client. Only
// its first connection shows that it has begun.
func (c *client) Starts(audit.Call) (bool, <-chan struct{}) { return true, nil }

func (c *client) Do(ctx context.Context, call audit.Call) audit.Answer {
	c.running.Add(1)
	defer c.running.Done()
	call.Healthy = c.healthy
	return c.command.do(ctx, call, &c.present)
}

// Close waits until nothing of the program runs any more; its contexts have
// ended.
func (c *client) Close() error {
	c.running.Wait()
	return nil
}

// do runs the program once, which is present meanwhile.
func (c Command) do(ctx context.Context, call audit.Call, now *present) audit.Answer {
	values, err := c.placeholders(call)
	if err != nil {
		return audit.Answer{Err: err}
	}
	p := c.process()
	out := &kept{most: keptData}
	if c.Reply != nil {
		out.most = max(out.most, len(c.Reply(call))+1) // one more shows that it was too much
	}
	p.stdout = out
	if err = p.start(ctx, c.command(values), c.environment(values)); err != nil {
		return audit.Answer{Unable: err}
	}
	now.set(p.program)
	err = p.wait(ctx)
	a := c.answer(out, p.stderr.tail, call, err)
	a.Done = p.done
	if ctx.Err() == nil { // otherwise what was left was the audit's to end
		a.Leaks = p.leaks()
	}
	return a
}

// process is a run of the program.
func (c Command) process() *process {
	return &process{grace: c.grace(), stderr: kept{most: keptWords}, costs: c.costs}
}

// command is the program and its arguments.
func (c Command) command(values placeholders) []string {
	return append([]string{c.Args[0]}, values.in(c.Args[1:])...)
}

// environment is what the program's is.
func (c Command) environment(values placeholders) []string {
	return slices.Concat(inherited(), c.trust(), values.environment())
}

// trust is what makes programs trust the certificate.
func (c Command) trust() (list []string) {
	if c.CA == "" {
		return nil
	}
	for _, name := range []string{"SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"} {
		list = append(list, name+"="+c.CA)
	}
	return list
}

func (c Command) grace() time.Duration {
	if c.Grace <= 0 {
		return 300 * time.Millisecond
	}
	return c.Grace
}
