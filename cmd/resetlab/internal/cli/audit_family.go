package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// A family is a protocol whose clients can be audited.
type family struct {
	name, title, long, example string
	protocol                   func() point.Protocol
	start                      func() (server, error) // its own origin; nil if there is none
	method                     func(point.Operation) string
	alpn                       []string // what is negotiated with TLS
	tls                        bool     // always
	hint                       string   // what its clients often lack without TLS
}

// A server is an origin of this process.
type server interface {
	audit.Origin
	io.Closer
}

// families are in the order of the manual.
func families() []family {
	return []family{
		{
			name: "http", title: "HTTP/1.1",
			long: `Audit a client of HTTP/1.1 with a server of its own, which executes whatever it
gets at {url}, http://ADDRESS/OPERATION/ID: a GET of /write/ID, too, does the
work and counts it, so that the simplest client can be audited for duplicates.
A client may repeat a GET by the rules of HTTP: give it {method} where it
should know better.`,
			example: `  resetlab audit http -- curl -sS --retry 3 {url}
  resetlab audit http -- curl -sS -X {method} --retry 3 --retry-all-errors {url}
  resetlab audit http --upstream shop:8080 --count 'count-orders {id}' -- buy --at http://{address} --order {id}`,
			protocol: protocols.HTTP1,
			start:    func() (server, error) { return origins.StartHTTP() },
			alpn:     []string{"http/1.1"},
		},
		{
			name: "http2", title: "HTTP/2",
			long: `Audit a client of HTTP/2, by prior knowledge or over TLS (--tls), with a server
of its own: see 'resetlab audit http --help'.`,
			example: `  resetlab audit http2 --tls -- curl -sS --http2 {url}
  resetlab audit http2 -- curl -sS --http2-prior-knowledge {url}`,
			protocol: protocols.HTTP2,
			start:    func() (server, error) { return origins.StartHTTP2() },
			hint: "it must speak HTTP/2 from its first byte, as curl does with --http2-prior-knowledge; " +
				"with --tls it can negotiate that",
			alpn: []string{"h2"},
		},
		{
			name: "lines", title: "a protocol of lines",
			long: `Audit a client of the simplest protocol: it connects to {address}, sends a line
"OPERATION ID", and gets a line.`,
			example:  `  resetlab audit lines -- ./client --server {address} {operation} {id}`,
			protocol: protocols.Lines,
			start:    func() (server, error) { return origins.StartLines() },
		},
		{
			name: "messages", title: "messages without a reply",
			long: `Audit a client that sends messages of one line to {address}, to which no reply
comes: syslog over TCP, Graphite. The last word of the line is {id}. Success is
no proof of arrival here: which messages are lost, the audit finds out.`,
			example:  `  resetlab audit messages -- logger --tcp --server {host} --port {port} {id}`,
			protocol: protocols.Messages,
			start:    func() (server, error) { return origins.StartMessages() },
		},
		{
			name: "resp", title: "Redis",
			long: `Audit a client of Redis with a Redis in memory, which knows most commands of
Redis 7 (no clusters, no modules). {method} is GET to read, SET and INCR to
write, {id} the key; or {id} stands anywhere in the arguments of a command, as in
SET order:{id} or LPUSH jobs {id}. A write is counted by commands that can change
data, and once for MULTI to EXEC. Any password is good.`,
			example:  `  resetlab audit resp -- redis-cli -h {host} -p {port} {method} {id}`,
			protocol: protocols.RESP,
			start:    func() (server, error) { return origins.StartRESP() },
			method:   redisMethod,
		},
		{
			name: "tcp", title: "any protocol over TCP",
			long: `Audit a client of any protocol, by the bytes of its connections: the server is
your own. Places are where the two ends take turns: P5, P7 and P8 at the first byte
of a request and of its reply, P5.turn2 and so on in the next ones. Where the last
request and reply of an operation end (P6, P10 and P11, as P11.write), two calls
without a fault tell, if they are alike. With --session there are the places on a
connection that is kept. With --sweep every byte is a fault point.`,
			example:  `  resetlab audit tcp --upstream db:5432 --count 'count-rows {id}' --sweep -- ./insert --at {address} --id {id}`,
			protocol: protocols.Turns,
		},
		{
			name: "tls", title: "any protocol over TLS",
			long: `Audit a client of any protocol over TLS: its handshake has places of its own. The
server is your own and gets plain text. The certificate to trust is in {ca}, and
OpenSSL, Go, curl, Node and Python's requests are told of it in their environment.`,
			example:  `  resetlab audit tls --upstream localhost:8080 --count 'count-rows {id}' -- ./insert --tls {address} --ca {ca} --id {id}`,
			protocol: protocols.Turns,
			tls:      true,
		},
	}
}

// redisMethod is the command that is an operation on the audit's own server.
func redisMethod(o point.Operation) string {
	switch o {
	case point.Read:
		return "GET"
	case point.Idempotent:
		return "SET"
	}
	return "INCR"
}

// upstream is the user's own server, which counts for itself if there is a
// command for that.
type upstream struct {
	audit.Origin
	data []byte // what a read returns; nil if nobody has said it
}

// Reply is what the user says that a read returns.
func (u upstream) Reply(c audit.Call) []byte {
	if u.data == nil || c.Operation != point.Read {
		return nil
	}
	return append([]byte{}, bytes.ReplaceAll(u.data, []byte("{id}"), []byte(c.ID))...)
}

// Close leaves the server alone.
func (upstream) Close() error { return nil }

// newUpstream makes an origin of an address, a command that prints how often an
// operation was executed, and a file with what a read returns.
func newUpstream(address, count, file string) (server, error) {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		return nil, badInputf("--upstream %q: want host:port", address)
	}
	data, err := expectedData(file)
	if err != nil {
		return nil, badInputf("--expect-data: %w", err)
	}
	if count == "" {
		return upstream{audit.Upstream(address, func(context.Context, string) (int, error) { return -1, nil }), data}, nil
	}
	command := agent.Command{Args: strings.Fields(count)}
	if err := command.Check(); err != nil {
		return nil, badInputf("--count: %w", err)
	}
	if !strings.Contains(count, "{id}") {
		return nil, badInputf("--count %q: want {id} in it: the command prints how often that operation was executed", count)
	}
	return upstream{audit.Upstream(address, func(ctx context.Context, id string) (int, error) {
		return countOf(ctx, command, audit.Call{ID: id, Address: address})
	}), data}, nil
}

// mostData is how much a read may return.
const mostData = 64 << 20

// expectedData reads what a read returns; nil if no file is given.
func expectedData(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, mostData+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > mostData:
		return nil, fmt.Errorf("%s has more than %d MiB", path, mostData>>20)
	}
	return append([]byte{}, data...), nil
}

// countOf runs the command that counts.
func countOf(ctx context.Context, command agent.Command, call audit.Call) (int, error) {
	client, err := command.Open(ctx, audit.Target{})
	if err != nil {
		return 0, err
	}
	answer := client.Do(ctx, call)
	if err := errors.Join(answer.Err, client.Close()); err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	text := strings.TrimSpace(string(answer.Body))
	n, err := strconv.Atoi(text)
	switch {
	case text == "":
		return 0, nil
	case err != nil || n < 0:
		return 0, fmt.Errorf("count: the command printed %.40q: want a number", text)
	}
	return n, nil
}
