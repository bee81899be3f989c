package audit_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// TestASweepFindsTheBoundaries of a client that retries everything and takes a
// short reply for a whole one: from the byte on with which the request is
// executed it duplicates, from the first byte of the reply on it truncates.
func TestASweepFindsTheBoundaries(t *testing.T) {
	for _, stride := range []int64{0, 7} {
		t.Run(fmt.Sprint("stride ", stride), func(t *testing.T) {
			client := planted{exchange: askCarelessly, attempts: 3}
			s := subject(t, func() audit.Client { c := client; return &c })
			report, err := audit.Sweep(t.Context(), s, audit.SweepOptions{Operation: point.Write, Stride: stride})
			if err != nil {
				t.Fatal(err)
			}
			request, reply := report.ToServer, report.ToClient
			for _, fault := range []point.Fault{point.RST, point.FIN} {
				expectRanges(t, report, harness.Server, fault,
					span{0, request - 1, "RETRIED"}, span{request, request, "DUPLICATED"})
				expectRanges(t, report, harness.Client, fault,
					span{0, 0, "DUPLICATED"}, span{1, reply - 2, "TRUNCATED-OK"}, span{reply - 1, reply, "UNHARMED"})
			}
			// each of the two faults has three changes, whose two sides are struck three times more
			full, again := int(2*(request+reply+2)), 2*3*2*3
			if stride == 0 && report.Cells != full+again || stride > 0 && report.Cells > full/2+again {
				t.Errorf("it took %d cells, all are %d and %d again", report.Cells, full, again)
			}
		})
	}
}

// TestASweepOfAShape strikes at every byte of replies of that shape.
func TestASweepOfAShape(t *testing.T) {
	s := subject(t, func() audit.Client { return &planted{exchange: ask} })
	report, err := audit.Sweep(t.Context(), s, audit.SweepOptions{Shape: "200", Stride: 60})
	if err != nil {
		t.Fatal(err)
	}
	if report.ToClient != 200 {
		t.Errorf("the reply has %d bytes, want 200", report.ToClient)
	}
	for _, r := range report.Ranges {
		if r.Verdict.Has(verdict.NotStruck) {
			t.Errorf("bytes %d to %d toward %s: %s", r.First, r.Last, r.Toward, r.Verdict)
		}
	}
}

// TestASweepFindsWhatIsLeft by a client that forgets something where a reply
// ends early.
func TestASweepFindsWhatIsLeft(t *testing.T) {
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	var left hoard
	t.Cleanup(left.Close)
	for leak, forget := range map[string]func(net.Conn){
		"LEAK-FD": left.add,
		"LEAK-GOROUTINE": func(conn net.Conn) {
			conn.Close()
			go func() { <-forever }()
		},
	} {
		t.Run(leak, func(t *testing.T) {
			if leak == "LEAK-FD" && runtime.GOOS != "linux" {
				t.Skip("whose a socket is can be seen on Linux only")
			}
			t.Parallel() // both wait for what does not end
			s := subject(t, func() audit.Client { return forgetful(forget) })
			report, err := audit.Sweep(t.Context(), s, audit.SweepOptions{
				Operation: point.Write, Stride: 4, Faults: []point.Fault{point.FIN},
			})
			if err != nil {
				t.Fatal(err)
			}
			request, reply := report.ToServer, report.ToClient
			expectRanges(t, report, harness.Server, point.FIN, span{0, request, "SURFACED"})
			expectRanges(t, report, harness.Client, point.FIN,
				span{0, 0, "SURFACED"}, span{1, reply - 1, "SURFACED " + leak}, span{reply, reply, "UNHARMED"})
		})
	}
}

// forgetful is a client that does something else than close a connection on
// which part of a reply came.
func forgetful(forget func(net.Conn)) audit.Client {
	return audit.Func(func(ctx context.Context, c audit.Call) audit.Answer {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Address)
		if err != nil {
			return audit.Answer{Err: err}
		}
		line, err := ask(conn, fmt.Sprintf("%s %s\n", c.Operation, c.ID))
		if err != nil && line != "" {
			forget(conn)
		} else {
			conn.Close()
		}
		if err != nil {
			return audit.Answer{Err: err}
		}
		return audit.Answer{Body: []byte(strings.TrimSuffix(line, "\n"))}
	})
}

type span struct {
	first, last int64
	verdict     string
}

func expectRanges(t *testing.T, report *verdict.SweepReport, toward harness.End, fault point.Fault, want ...span) {
	t.Helper()
	var got []span
	for _, r := range report.Ranges {
		if r.Toward == toward && r.Fault == fault {
			got = append(got, span{r.First, r.Last, r.Verdict.String()})
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("toward the %s, %s: got %v, want %v", toward, fault, got, want)
	}
}
