package subjects_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// A plain client of RESP keeps one connection, and repeats nothing.
type plain struct {
	conn    net.Conn
	replies *bufio.Reader
}

func (p *plain) Do(ctx context.Context, c audit.Call) audit.Answer {
	body, err := p.call(ctx, c)
	if err != nil {
		p.Close()
		return audit.Answer{Err: fmt.Errorf("%s: %w", c.Operation, err)}
	}
	return audit.Answer{Body: body}
}

func (p *plain) call(ctx context.Context, c audit.Call) (body []byte, err error) {
	if p.conn == nil {
		if p.conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", c.Address); err != nil {
			return nil, err
		}
		p.replies = bufio.NewReader(p.conn)
		if _, err := p.ask("HELLO 3", 1); err != nil {
			return nil, err
		}
	}
	defer context.AfterFunc(ctx, func() { p.conn.SetDeadline(time.Unix(1, 0)) })()
	command := map[point.Operation]string{point.Read: "GET ", point.Idempotent: "SET ", point.Write: "INCR "}[c.Operation] + c.ID
	switch c.Shape {
	case "array":
		command = "LRANGE " + c.ID
	case "pipeline":
		return p.ask("PING\n"+command, 2)
	case "transaction":
		return p.ask("MULTI\n"+command+"\nEXEC", 3)
	}
	return p.ask(command, 1)
}

// ask sends commands, one a line, and returns the data of the last of n replies.
func (p *plain) ask(commands string, n int) (data []byte, err error) {
	var all strings.Builder
	for command := range strings.Lines(commands) {
		words := strings.Fields(command)
		fmt.Fprintf(&all, "*%d\r\n", len(words))
		for _, word := range words {
			fmt.Fprintf(&all, "$%d\r\n%s\r\n", len(word), word)
		}
	}
	if _, err := io.WriteString(p.conn, all.String()); err != nil {
		return nil, err
	}
	for range n {
		if data, err = p.reply(); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// reply reads a value. Of INCR, whose reply is not known, nothing is told.
func (p *plain) reply() (data []byte, err error) {
	line, err := p.replies.ReadString('\n')
	if err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
	switch line[0] {
	case '$':
		data = make([]byte, n+2)
		_, err = io.ReadFull(p.replies, data)
		return data[:n], err
	case '%':
		n *= 2
		fallthrough
	case '*':
		for range n {
			element, err := p.reply()
			if err != nil {
				return nil, err
			}
			data = append(data, element...)
		}
		return data, nil
	case '+':
		return []byte(strings.TrimSpace(line[1:])), nil
	}
	return nil, nil
}

func (p *plain) Close() (err error) {
	if p.conn != nil {
		err = p.conn.Close()
		p.conn = nil
	}
	return err
}

func TestRESP(t *testing.T) {
	origin, err := origins.StartRESP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := origin.Close(); err != nil {
			t.Error(err)
		}
	})
	report, err := audit.Run(t.Context(), audit.Subject{
		Name: "plain", Protocol: protocols.RESP(), Origin: origin, Pooled: true,
		Open: func(context.Context, audit.Target) (audit.Client, error) { return &plain{}, nil },
	}, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Cells {
		want := "SURFACED"
		if c.Place == "P11" {
			want = "UNHARMED POOL-POISONED" // it keeps the dead connection, and does not look
		}
		if got := c.Verdict.String(); got != want {
			t.Errorf("%s: %s, want %s: %s", c.ID, got, want, c.Verdict.Reason)
		}
	}
	t.Log(report, report.Duration)
}
