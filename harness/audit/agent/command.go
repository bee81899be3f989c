package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// A Command is a program that performs one call each time it is run, or as a
// session the calls of a cell.
type Command struct {
	// Args are the program, looked up in PATH, and its arguments. Placeholders
	// in the arguments are replaced: see the package.
	Args []string
	// Session says that the program is run once for each cell and is given its
	// calls as lines: see the package. The subject is audit.Subject.Pooled then.
	Session bool
	// URL returns the URL of a call. Nil means that the protocol has none.
	URL func(c audit.Call) string
	// Method returns the word of the protocol for an operation. Nil means the
	// methods of HTTP.
	Method func(audit.Operation) string
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
	told, err := c.tell(call)
	if err != nil {
		return audit.Answer{Err: err}
	}
	p := c.process()
	out := &kept{most: keptData}
	if c.Reply != nil {
		out.most = max(out.most, len(c.Reply(call))+1) // one more shows that it was too much
	}
	p.stdout = out
	if err = p.start(ctx, c.command(told), c.environment(told)); err != nil {
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
func (c Command) command(told telling) []string {
	return append([]string{c.Args[0]}, told.in(c.Args[1:])...)
}

// environment is what the program's is.
func (c Command) environment(told telling) []string {
	return slices.Concat(inherited(), c.trust(), told.environment())
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

// A telling is what a program is told of a call: placeholders and their values.
type telling []pair

type pair struct{ name, value string }

func (c Command) tell(call audit.Call) (telling, error) {
	t, err := c.tellTarget(audit.Target{Address: call.Address, Healthy: call.Healthy})
	if err != nil {
		return nil, err
	}
	word := c.Method
	if word == nil {
		word = method
	}
	if call.Healthy == "" {
		call.Healthy = call.Address
	}
	t = append(t, telling{
		{"id", call.ID}, {"operation", string(call.Operation)}, {"method", word(call.Operation)}, {"shape", call.Shape},
	}...)
	if c.URL != nil {
		t = append(t, pair{"url", c.URL(call)})
		call.Address = call.Healthy
		t = append(t, pair{"healthy_url", c.URL(call)})
	}
	return t, nil
}

// tellTarget is what a program is told of where the server is.
func (c Command) tellTarget(to audit.Target) (telling, error) {
	host, port, err := net.SplitHostPort(to.Address)
	if err != nil {
		return nil, fmt.Errorf("agent: the call's address: %w", err)
	}
	if to.Healthy == "" {
		to.Healthy = to.Address // so that one command line does for every cell
	}
	return telling{{"address", to.Address}, {"host", host}, {"port", port}, {"healthy", to.Healthy}, {"ca", c.CA}}, nil
}

// method is the method of RFC 9110, section 9.2, that says what an operation is.
func method(o audit.Operation) string {
	switch o {
	case audit.Read:
		return "GET"
	case audit.Idempotent:
		return "PUT"
	}
	return "POST"
}

// in replaces the placeholders in arguments.
func (t telling) in(args []string) []string {
	var oldnew []string
	for _, p := range t {
		oldnew = append(oldnew, "{"+p.name+"}", p.value)
	}
	replacer := strings.NewReplacer(oldnew...)
	replaced := make([]string, 0, len(args))
	for _, arg := range args {
		replaced = append(replaced, replacer.Replace(arg))
	}
	return replaced
}

func (t telling) environment() []string {
	var list []string
	for _, p := range t {
		list = append(list, "RESETLAB_"+strings.ToUpper(p.name)+"="+p.value)
	}
	return list
}

// inherited is this process's environment, without what would take the program
// past the audit's proxy.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(strings.ToLower(variable), "=")
		return strings.HasSuffix(name, "_proxy") && name != "no_proxy"
	})
}
