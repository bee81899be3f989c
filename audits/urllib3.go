package audits

import (
	"bufio"
	"context"
	_ "embed" // for the program
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// urllib3 repeats three times by default: after errors of connecting what it
// likes, after others the methods that are idempotent (Retry.DEFAULT).
var _ = declare(audited{
	name: "urllib3 of Debian", options: operations, subject: overURLLib3,
	expected: `
P8/fin/*/*        SURFACED-MASKED  a status line that ends early is called a bad one
P8.status/fin/*/* SURFACED-MASKED  the same
P8.name/fin/*/*   TRUNCATED-OK     Python's http.client takes half a head for a whole one: see half_head.go
`,
})

//go:embed perform.py
var urllib3Program string

func overURLLib3(ctx SpecContext) audit.Subject {
	p := startPython(ctx)
	origin := started(origins.StartHTTP())
	return audit.Subject{
		Protocol: protocols.HTTP1(), Origin: origin, Pooled: true,
		Open: func(_ context.Context, to audit.Target) (audit.Client, error) {
			return &pythonClient{p, origin, to.Address}, nil
		},
	}
}

// A python performs calls in one process, since starting one takes as long as a
// hundred calls.
type python struct {
	input   io.WriteCloser
	mu      sync.Mutex
	last    int
	waiting map[int]chan pythonAnswer
}

type pythonCall struct {
	N      int    `json:"n"`
	Client string `json:"client"`
	Method string `json:"method"`
	URL    string `json:"url"`
	Key    string `json:"key"`
	Body   string `json:"body"`
}

type pythonAnswer struct {
	N      int    `json:"n"`
	Status int    `json:"status"`
	Body   string `json:"body"`
	Error  string `json:"error"`
	Ending string `json:"ending"`
}

// debianPython is the one that has Debian's urllib3.
const debianPython = "/usr/bin/python3"

func requireURLLib3(ctx SpecContext) {
	if err := exec.CommandContext(ctx, debianPython, "-c", "import urllib3").Run(); err != nil {
		present(daemon.Missing{Program: "urllib3", Package: "python3-urllib3"})
	}
}

// startPython starts Debian's Python, which ends with its standard input.
func startPython(ctx SpecContext) *python {
	requireURLLib3(ctx)
	command := exec.Command(debianPython, "-c", urllib3Program)
	input, err := command.StdinPipe()
	Expect(err).NotTo(HaveOccurred())
	output, err := command.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	command.Stderr = GinkgoWriter
	Expect(command.Start()).To(Succeed())
	DeferCleanup(func() {
		input.Close()
		Expect(command.Wait()).To(Succeed())
	})
	p := &python{input: input, waiting: map[int]chan pythonAnswer{}}
	go p.receive(output)
	return p
}

// receive hands the answers over until the process ends.
func (p *python) receive(output io.Reader) {
	for lines := bufio.NewReader(output); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var a pythonAnswer
		if err := json.Unmarshal(line, &a); err != nil {
			continue
		}
		p.mu.Lock()
		if done := p.waiting[a.N]; done != nil {
			done <- a
		}
		p.mu.Unlock()
	}
}

// send sends a call and returns where its answer comes.
func (p *python) send(c pythonCall) (int, <-chan pythonAnswer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	c.N = p.last
	line, err := json.Marshal(c)
	if err != nil {
		return 0, nil, err
	}
	done := make(chan pythonAnswer, 1)
	p.waiting[c.N] = done
	_, err = p.input.Write(append(line, '\n'))
	return c.N, done, err
}

func (p *python) forget(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, n)
}

type pythonClient struct {
	*python
	origin *origins.HTTP
	name   string
}

func (c *pythonClient) Do(ctx context.Context, call audit.Call) audit.Answer {
	if call.Shape == "pipelined" {
		return audit.Answer{Unimplemented: true}
	}
	r := requestFor(c.origin, call)
	n, done, err := c.send(pythonCall{Client: c.name, Method: r.method, URL: r.url, Key: r.key, Body: r.body})
	if err != nil {
		return audit.Answer{Err: err}
	}
	defer c.forget(n)
	select {
	case a := <-done:
		return a.answer()
	case <-ctx.Done():
		return audit.Answer{Err: ctx.Err()}
	}
}

func (a pythonAnswer) answer() audit.Answer {
	switch {
	case a.Error != "":
		return audit.Answer{Err: errors.New(a.Error), Ending: a.Ending}
	case a.Status/100 != 2:
		return audit.Answer{Err: fmt.Errorf("status %d", a.Status)}
	}
	return audit.Answer{Body: []byte(a.Body)}
}

// Close empties the pool of this client.
func (c *pythonClient) Close() error {
	n, _, err := c.send(pythonCall{Client: c.name, Method: "close"})
	c.forget(n)
	return err
}
