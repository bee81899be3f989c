package audit_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// A planted client has one known fault, or none.
type planted struct {
	attempts func(c audit.Call) int // how many it makes at most
	conn     net.Conn               // kept for later calls if pooled
	pooled   bool
}

func (p *planted) Do(ctx context.Context, c audit.Call) (a audit.Answer) {
	for range p.attempts(c) {
		a = p.once(ctx, c)
		if a.Err == nil || ctx.Err() != nil {
			return a
		}
	}
	return a
}

func (p *planted) once(ctx context.Context, c audit.Call) audit.Answer {
	if p.conn == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Address)
		if err != nil {
			return audit.Answer{Err: err}
		}
		p.conn = conn
	}
	stop := context.AfterFunc(ctx, func() { p.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	line, err := ask(p.conn, fmt.Sprintf("%s %s\n", c.Operation, c.ID))
	if err != nil || !p.pooled {
		p.conn.Close()
		p.conn = nil
	}
	if err != nil {
		return audit.Answer{Err: fmt.Errorf("ask: %w", err)}
	}
	return audit.Answer{Body: []byte(strings.TrimSuffix(line, "\n"))}
}

func ask(conn net.Conn, request string) (string, error) {
	if _, err := conn.Write([]byte(request)); err != nil {
		return "", err
	}
	return bufio.NewReader(conn).ReadString('\n')
}

func (p *planted) Close() error {
	if p.conn != nil {
		return p.conn.Close()
	}
	return nil
}

// careful repeats only what does no harm.
func careful(c audit.Call) int {
	if c.Operation == audit.Write {
		return 1
	}
	return 3
}

func subject(t testing.TB, open func(context.Context, audit.Target) (audit.Client, error)) audit.Subject {
	t.Helper()
	origin, err := origins.StartLines()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := origin.Close(); err != nil {
			t.Error(err)
		}
	})
	return audit.Subject{Name: t.Name(), Protocol: protocols.Lines(), Origin: origin, Open: open}
}

func TestARightClient(t *testing.T) {
	s := subject(t, func(context.Context, audit.Target) (audit.Client, error) {
		return &planted{attempts: careful}, nil
	})
	report, err := audit.Run(t.Context(), s, audit.Options{Log: func(text string) { t.Log(text) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Cells {
		t.Logf("%-28s %-12s %s", c.ID, c.Verdict, c.Verdict.Reason)
	}
	t.Log(report, report.Duration)
	if len(report.Bad()) > 0 {
		t.Error("a right client got bad verdicts")
	}
}
