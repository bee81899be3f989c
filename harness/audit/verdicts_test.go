package audit_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/subjects"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A mistake is a client with one, a cell in which it shows, and the verdict there.
type mistake struct {
	says   string // what the client does
	client func() audit.Client
	cell   string
	limits audit.Limits
	want   string
	reason string                                // part of the verdict's
	in     func(*testing.T, *audit.Subject) bool // makes a subject of it; false: not on this system
}

// plantedClient makes fresh copies of a planted client.
func plantedClient(p planted) func() audit.Client {
	return func() audit.Client { client := p; return &client }
}

// answering is a planted client whose answers are changed.
func answering(p planted, change func(*audit.Answer)) func() audit.Client {
	return func() audit.Client {
		client := p
		return audit.Func(func(ctx context.Context, c audit.Call) audit.Answer {
			answer := client.Do(ctx, c)
			change(&answer)
			return answer
		})
	}
}

// always answers without a connection.
func always(a audit.Answer) func() audit.Client {
	return func() audit.Client { return audit.Func(func(context.Context, audit.Call) audit.Answer { return a }) }
}

// onFailure changes the answers that are errors.
func onFailure(change func(*audit.Answer)) func(*audit.Answer) {
	return func(a *audit.Answer) {
		if a.Err != nil {
			change(a)
		}
	}
}

// withoutData is of a client that returns no data.
func withoutData(a *audit.Answer) { a.Body = nil }

// askOnce has the server discard what it has executed already.
func askOnce(conn net.Conn, request string) (string, error) {
	_, rest, _ := strings.Cut(request, " ")
	return ask(conn, "once "+rest)
}

// askNamelessly leaves the id out.
func askNamelessly(conn net.Conn, request string) (string, error) {
	operation, _, _ := strings.Cut(request, " ")
	return ask(conn, operation+" any\n")
}

// askAndPart says goodbye behind the reply.
func askAndPart(conn net.Conn, request string) (string, error) {
	line, err := ask(conn, request)
	conn.Write([]byte("QUIT\n")) // nobody is there any more who would care
	return line, err
}

// askInVain says nothing of how the connection ended that carried the request, once
// another one, which opens the session, has been answered.
func askInVain(conn net.Conn, request string) (string, error) {
	opening, err := net.Dial("tcp", conn.RemoteAddr().String())
	if err != nil {
		return "", err
	}
	defer opening.Close()
	if _, err := ask(opening, "read session\n"); err != nil {
		return "", err
	}
	ask(conn, request)
	return "", nil
}

// rest waits a little before every attempt but the first.
func rest() func(net.Conn, string) (string, error) {
	attempts := 0
	return func(conn net.Conn, request string) (string, error) {
		if attempts++; attempts > 1 {
			<-time.After(50 * time.Millisecond)
		}
		return ask(conn, request)
	}
}

// overHTTP makes net/http the client, which goes by the rules.
func overHTTP(t *testing.T, s *audit.Subject) bool {
	origin, err := origins.StartHTTP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { origin.Close() })
	*s = subjects.HTTP(t.Name(), origin, func() *http.Client { return &http.Client{Transport: &http.Transport{}} })
	return true
}

// uncounted has a server that counts nothing, and whose data nobody knows.
func uncounted(_ *testing.T, s *audit.Subject) bool {
	s.Origin = audit.Upstream(s.Origin.Addr(), func(context.Context, string) (int, error) { return -1, nil })
	return true
}

// sampling is an origin whose reply is what another call got.
type sampling struct{ audit.Origin }

func (sampling) Reply(audit.Call) []byte { return []byte("done and dusted") }
func (sampling) Sampled(audit.Call) bool { return true }

func sampled(_ *testing.T, s *audit.Subject) bool {
	s.Origin = sampling{s.Origin}
	return true
}

// mistakes has a client for each verdict, and for what is easily judged wrongly.
func mistakes(forever chan struct{}, left *hoard) []mistake {
	patient := audit.Limits{Time: 20 * time.Second, Late: time.Hour}
	brief := audit.Limits{Time: 500 * time.Millisecond, Late: time.Hour, Attempts: 1 << 20}
	careful := planted{exchange: ask, attempts: 1}
	tries := planted{exchange: ask, attempts: 3}
	return []mistake{
		{says: "knows no such call", client: always(audit.Answer{Unimplemented: true}), cell: "P7/rst/once/write", want: "UNIMPLEMENTED"},
		{says: "makes none", client: always(audit.Answer{}), cell: "P7/rst/once/write", want: "NOT-STRUCK", reason: "never struck"},
		{says: "names nothing", client: plantedClient(planted{exchange: askNamelessly}), cell: "P7/rst/once/write", want: "NOT-STRUCK",
			reason: "none of its requests contained the call's id"},
		{says: "is right", client: plantedClient(careful), cell: "P11/fin/once/write", want: "UNHARMED"},
		{says: "tries again", client: plantedClient(tries), cell: "P1/rst/once/write", want: "RETRIED"},
		{says: "reads again", client: plantedClient(tries), cell: "P7/rst/once/read", want: "RETRIED-READ"},
		{says: "is recognised", client: plantedClient(planted{exchange: askOnce, attempts: 3}), cell: "P7/rst/once/write", want: "DEDUPED"},
		{says: "says so", client: plantedClient(careful), cell: "P7/rst/once/write", want: "SURFACED"},
		{says: "says it does not know", client: answering(careful, onFailure(func(a *audit.Answer) { a.Unknown = true })),
			cell: "P7/rst/once/write", want: "INDETERMINATE"},
		{says: "says something else", client: plantedClient(planted{exchange: ask, translate: mask}), cell: "P7/rst/once/write",
			want: "SURFACED-MASKED"},
		{says: "says that nothing was done", client: answering(careful, onFailure(func(a *audit.Answer) { a.Unexecuted = true })),
			cell: "P7/rst/once/write", want: "SURFACED-MISLABELLED"},
		{says: "repeats the work", client: plantedClient(tries), cell: "P7/rst/once/write", want: "DUPLICATED"},
		{says: "repeats it in vain", client: plantedClient(tries), cell: "P7/rst/always/write", want: "DUPLICATED+ERROR"},
		{says: "takes part for all", client: plantedClient(planted{exchange: askCarelessly}), cell: "P10/rst/once/read", want: "TRUNCATED-OK"},
		{says: "cannot know", in: overHTTP, cell: "P10.close/fin/once/read", want: "TRUNCATED-UNDETECTABLE"},
		{says: "keeps the halves", client: func() audit.Client { return &planted{exchange: gather(), attempts: 3} },
			cell: "P10/rst/2x/read", want: "CORRUPTED"},
		{says: "does not listen", client: answering(planted{exchange: tell}, withoutData), cell: "P6/rst/once/write", want: "LOST-OK"},
		{says: "thinks it over", client: plantedClient(planted{exchange: ask, translate: dawdle}), cell: "P7/rst/once/write",
			limits: audit.Limits{Time: time.Hour, Late: 100 * time.Millisecond}, want: "LATE"},
		{says: "hangs", client: plantedClient(planted{exchange: ask, translate: hang}), cell: "P7/rst/once/write", limits: brief, want: "HUNG"},
		{says: "never ceases", client: plantedClient(planted{exchange: ask, attempts: 1 << 30}), cell: "P1/rst/always/write", want: "STORM"},
		{says: "takes one read for a message", client: plantedClient(planted{exchange: oneRead, attempts: 1}),
			cell: "P10/split/always/read", want: "UNPROVOKED"},
		{says: "goes on, slowly", client: func() audit.Client { return &planted{exchange: rest(), attempts: 1 << 30} },
			cell: "P1/rst/always/write", limits: brief, want: "INFORMATIONAL", reason: "still retrying"},
		{says: "finds no room", client: always(audit.Answer{Unable: errors.New("no descriptor left")}), cell: "P7/rst/once/write",
			want: "BROKEN", reason: "no descriptor left"},

		{says: "leaves a goroutine", client: plantedClient(planted{exchange: ask, leave: forever}), cell: "P11/fin/once/write",
			want: "UNHARMED LEAK-GOROUTINE"},
		{says: "leaves a connection", client: plantedClient(planted{exchange: ask, forget: left}), cell: "P11/fin/once/write",
			want: "UNHARMED LEAK-FD"},
		{says: "leaves a process", in: leavingAProcess, cell: "P11/fin/once/write", want: "UNHARMED LEAK-PROCESS"},
		{says: "keeps a dead connection", client: plantedClient(planted{exchange: ask, keep: true}), cell: "P7/rst/once/write",
			want: "SURFACED POOL-POISONED"},
		{says: "keeps a connection whose server has half-closed it", client: plantedClient(planted{exchange: ask, keep: true}),
			cell: "P11/half-close/once/write", want: "UNHARMED POOL-POISONED"},
		{says: "closes one whose server half-closes it first", client: plantedClient(careful), cell: "P11/half-close/always/write",
			want: "UNHARMED"},
		{says: "panics", client: answering(careful, onFailure(func(a *audit.Answer) { panic(a.Err) })), cell: "P7/rst/once/write",
			want: "SURFACED-MASKED PANIC"},

		{says: "returns no data", client: answering(careful, withoutData), cell: "P11/fin/once/read",
			want: "UNCHECKED", reason: "data not checked: the client returns none"},
		{says: "returns data that nobody knows", client: plantedClient(careful), in: uncounted, cell: "P11/fin/once/read",
			want: "UNCHECKED", reason: "data not checked: what the server sends is not known"},
		{says: "returns other data each time", client: plantedClient(careful), in: sampled, cell: "P11/fin/once/read",
			want: "UNCHECKED", reason: "may be the server's doing"},
		{says: "writes what nobody counts", client: plantedClient(careful), in: uncounted, cell: "P11/fin/once/write",
			want: "UNCHECKED", reason: "executions not checked"},
		{says: "says goodbye", client: plantedClient(planted{exchange: askAndPart}), cell: "P11/fin/once/write", want: "UNHARMED"},
		{says: "has two connections and trusts one", client: answering(planted{exchange: askInVain}, withoutData), cell: "P6/rst/once/write",
			want: "LOST-OK"},
		{says: "the same, with nothing in the way of the work", client: answering(planted{exchange: askInVain}, withoutData),
			cell: "P7/rst/once/write", want: "UNHARMED", limits: patient},
	}
}

// TestEachVerdictHasAPlantedClient that gets it, and it alone.
func TestEachVerdictHasAPlantedClient(t *testing.T) {
	forever := make(chan struct{})
	defer close(forever)
	var left hoard
	defer left.Close()
	missing := map[string]bool{}
	for _, o := range verdict.Outcomes() {
		missing[string(o)] = true
	}
	for _, h := range verdict.Hygienes() {
		missing[string(h)] = true
	}
	for _, m := range mistakes(forever, &left) {
		for _, word := range strings.Fields(m.want) {
			delete(missing, word)
		}
		if !strings.Contains(m.want, " ") {
			delete(missing, string(verdict.Clean))
		}
		t.Run(m.says, func(t *testing.T) { m.expect(t) })
	}
	for word := range missing {
		t.Errorf("no planted client gets %s", word)
	}
}

// expect runs the cell of a mistake.
func (m mistake) expect(t *testing.T) {
	s := subject(t, m.client)
	if m.in != nil && !m.in(t, &s) {
		t.Skip("this system has no such client")
	}
	cell, err := point.ParseCell(m.cell)
	if err != nil {
		t.Fatal(err)
	}
	if m.limits == (audit.Limits{}) {
		m.limits = audit.Limits{Time: 20 * time.Second, Late: time.Hour}
	}
	report, err := audit.Run(t.Context(), s, audit.Options{Cells: []point.Cell{cell}, Limits: m.limits})
	if err != nil {
		t.Fatal(err)
	}
	got := report.Cells[0].Verdict
	if got.String() != m.want || !strings.Contains(got.Reason, m.reason) {
		t.Errorf("%s: %s, want %s, with %q", got, got.Reason, m.want, m.reason)
	}
	bad := slices.ContainsFunc(got.Outcomes, verdict.Outcome.Bad) || len(strings.Fields(m.want)) > 1
	if got.Bad() != bad {
		t.Errorf("%s: bad is %t", got, got.Bad())
	}
}
