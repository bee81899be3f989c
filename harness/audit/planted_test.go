package audit_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A planted client of the line protocol has one known fault, or none.
type planted struct {
	attempts  int // how many it makes at most; 0 means as careful as can be
	exchange  func(net.Conn, string) (string, error)
	keep      bool          // keep the connection for later calls, whatever became of it
	forget    *hoard        // never close a connection
	leave     chan struct{} // leave a goroutine behind that holds on to the call
	translate func(context.Context, error) error
	conn      net.Conn
}

func (p *planted) Do(ctx context.Context, c audit.Call) (a audit.Answer) {
	if p.leave != nil {
		go func() { <-p.leave }()
	}
	attempts := p.attempts
	if attempts == 0 && c.Operation != point.Write {
		attempts = 3 // which does no harm
	}
	for range max(1, attempts) {
		a = p.once(ctx, c)
		if a.Err == nil || ctx.Err() != nil {
			return a
		}
	}
	if p.translate != nil {
		a.Err = p.translate(ctx, a.Err)
	}
	return a
}

func (p *planted) once(ctx context.Context, c audit.Call) audit.Answer {
	conn := p.conn
	if conn == nil {
		var err error
		if conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", c.Address); err != nil {
			return audit.Answer{Err: err}
		}
		if p.keep { // otherwise a call that was given up may be under way beside this one
			p.conn = conn
		}
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	request := strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Operation, c.ID, c.Shape)) + "\n"
	line, err := p.exchange(conn, request)
	if !p.keep {
		if p.forget == nil {
			conn.Close()
		} else {
			p.forget.add(conn)
		}
	}
	if err != nil {
		return audit.Answer{Err: fmt.Errorf("ask: %w", err)}
	}
	return audit.Answer{Body: []byte(strings.TrimSuffix(line, "\n"))}
}

func (p *planted) Close() error {
	if p.conn != nil {
		return p.conn.Close()
	}
	return nil
}

// A hoard keeps what nobody closes: what is not referred to is closed when the
// garbage is collected.
type hoard struct {
	mu    sync.Mutex
	conns []net.Conn
}

func (h *hoard) add(c net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns = append(h.conns, c)
}

func (h *hoard) Close() {
	for _, c := range h.conns {
		c.Close()
	}
}

func ask(conn net.Conn, request string) (string, error) {
	if _, err := conn.Write([]byte(request)); err != nil {
		return "", err
	}
	return bufio.NewReader(conn).ReadString('\n')
}

// askCarelessly takes whatever has come for the reply.
func askCarelessly(conn net.Conn, request string) (string, error) {
	line, err := ask(conn, request)
	if line != "" {
		return line, nil
	}
	return "", err
}

func mask(_ context.Context, err error) error {
	return errors.New("service unavailable: " + err.Error())
}

// dawdle thinks before it says what it knew.
func dawdle(ctx context.Context, err error) error {
	select {
	case <-time.After(150 * time.Millisecond):
	case <-ctx.Done():
	}
	return err
}

// hang waits for better times, which do not come.
func hang(ctx context.Context, err error) error {
	<-ctx.Done()
	return err
}

func subject(t testing.TB, open func() audit.Client) audit.Subject {
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
	return audit.Subject{
		Name: t.Name(), Protocol: protocols.Lines(), Origin: origin,
		Open: func(context.Context, audit.Target) (audit.Client, error) { return open(), nil },
	}
}

// TestPlantedClients proves the judge: each client gets the verdicts that its
// one fault deserves somewhere in the matrix, and no other bad or weak one.
func TestPlantedClients(t *testing.T) {
	forever := make(chan struct{})
	defer close(forever)
	var left hoard
	defer left.Close()
	for _, c := range []struct {
		name   string
		client planted
		limits audit.Limits
		want   []string // what its verdicts must contain, all of them
		may    []string // what else follows from the same fault
	}{
		{name: "right", client: planted{exchange: ask}},
		{name: "retries everything", client: planted{exchange: ask, attempts: 3},
			want: []string{"DUPLICATED"}, may: []string{"DUPLICATED+ERROR"}},
		{name: "ignores a short reply", client: planted{exchange: askCarelessly}, want: []string{"TRUNCATED-OK"}},
		{name: "masks the errno", client: planted{exchange: ask, translate: mask}, want: []string{"SURFACED-MASKED"}},
		{name: "hangs", client: planted{exchange: ask, translate: hang},
			limits: audit.Limits{Time: time.Second, Late: time.Hour}, want: []string{"HUNG"}},
		{name: "is late", client: planted{exchange: ask, translate: dawdle},
			limits: audit.Limits{Time: time.Hour, Late: 100 * time.Millisecond}, want: []string{"LATE"}},
		{name: "storms", client: planted{exchange: ask, attempts: 1 << 30}, want: []string{"STORM"},
			may: []string{"DUPLICATED"}},
		{name: "poisons its pool", client: planted{exchange: ask, keep: true}, want: []string{"POOL-POISONED"}},
		{name: "leaks a goroutine", client: planted{exchange: ask, leave: forever}, want: []string{"LEAK-GOROUTINE"}},
		{name: "leaks a descriptor", client: planted{exchange: ask, forget: &left}, want: []string{"LEAK-FD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.limits == (audit.Limits{}) {
				c.limits = audit.Limits{Time: 20 * time.Second, Late: time.Hour}
			}
			s := subject(t, func() audit.Client { client := c.client; return &client })
			report, err := audit.Run(t.Context(), s, audit.Options{
				Limits: c.limits, Log: func(text string) { t.Log(text) },
			})
			if err != nil {
				t.Fatal(err)
			}
			expectVerdicts(t, report, c.want, c.may)
		})
	}
}

func expectVerdicts(t *testing.T, report *verdict.Report, want, may []string) {
	t.Helper()
	missing := map[string]bool{}
	for _, word := range want {
		missing[word] = true
	}
	for _, cell := range report.Cells {
		if !cell.Verdict.Bad() && !cell.Verdict.Weak() {
			continue
		}
		words := wordsOf(cell.Verdict)
		for _, word := range words {
			delete(missing, word)
			if !contains(want, word) && !contains(may, word) {
				t.Errorf("%s: %s: %s", cell.ID, cell.Verdict, cell.Verdict.Reason)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("no cell has %v: %v", missing, report)
	}
}

// wordsOf returns the bad and weak words of a verdict.
func wordsOf(v verdict.Verdict) (words []string) {
	clean := v
	clean.Hygiene = []verdict.Hygiene{verdict.Clean}
	if clean.Bad() || clean.Weak() {
		for _, o := range v.Outcomes {
			words = append(words, string(o))
		}
	}
	for _, h := range v.Hygiene {
		if h != verdict.Clean {
			words = append(words, string(h))
		}
	}
	return words
}

func contains(list []string, word string) bool {
	for _, x := range list {
		if x == word {
			return true
		}
	}
	return false
}
