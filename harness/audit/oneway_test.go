package audit_test

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// tell sends a request and asks for no reply, like a memcached client with
// noreply: success says only that the kernel has taken it.
func tell(conn net.Conn, request string) (string, error) {
	_, err := conn.Write([]byte(request))
	return "", err
}

// oneWay is a subject of a client that gets no replies, by a protocol that does
// not say so.
func oneWay(t *testing.T, open func() audit.Client) audit.Subject {
	s := subject(t, open)
	origin, err := origins.StartMessages()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := origin.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Protocol, s.Origin = protocols.Bytes(), origin
	return s
}

// TestAOneWayWriteIsJudgedByTheStrike, which comes after the client has said
// that all went well, and is gone.
func TestAOneWayWriteIsJudgedByTheStrike(t *testing.T) {
	s := oneWay(t, func() audit.Client { return &planted{exchange: tell} })
	report, err := audit.Sweep(t.Context(), s, audit.SweepOptions{Operation: point.Write})
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range []point.Fault{point.RST, point.FIN} {
		expectRanges(t, report, harness.Server, fault,
			span{0, report.ToServer - 1, "LOST-OK"}, span{report.ToServer, report.ToServer, "UNHARMED"})
	}
}

// A parting client says goodbye when it is closed.
type parting struct{ planted }

func (p *parting) Close() error {
	if p.conn != nil {
		p.conn.Write([]byte("QUIT\n"))
	}
	return p.planted.Close()
}

// TestAGoodbyeIsNoPlace: it is sent when no call is left that could be harmed.
func TestAGoodbyeIsNoPlace(t *testing.T) {
	for name, exchange := range map[string]func(net.Conn, string) (string, error){"with replies": ask, "without": tell} {
		t.Run(name, func(t *testing.T) {
			open := func() audit.Client { return &parting{planted{exchange: exchange, keep: true}} }
			s := subject(t, open)
			if name == "without" {
				s = oneWay(t, open)
			}
			report, err := audit.Sweep(t.Context(), s, audit.SweepOptions{
				Operation: point.Write, Faults: []point.Fault{point.RST}, Stride: 8,
			})
			if err != nil {
				t.Fatal(err)
			}
			if report.Goodbye != int64(len("QUIT\n")) {
				t.Errorf("a goodbye of %d bytes", report.Goodbye)
			}
			for _, r := range report.Ranges {
				if r.Verdict.Has(verdict.NotStruck) {
					t.Errorf("%s %d to %d: %s", r.Toward, r.First, r.Last, r.Verdict)
				}
			}
		})
	}
}

// moody takes part of a reply for all of it every other time, which depends on
// nothing but how often it got just as much.
func moody() func(net.Conn, string) (string, error) {
	var mu sync.Mutex
	times := map[int]int{}
	return func(conn net.Conn, request string) (string, error) {
		line, err := ask(conn, request)
		mu.Lock()
		defer mu.Unlock()
		times[len(line)]++
		if line != "" && times[len(line)]%2 == 0 {
			return line, nil
		}
		return line, err
	}
}

// TestWhatIsNotTheSameEachTimeIsTold and is no range with a sharp edge.
func TestWhatIsNotTheSameEachTimeIsTold(t *testing.T) {
	exchange := moody()
	s := subject(t, func() audit.Client { return &planted{exchange: exchange, attempts: 3} })
	report, err := audit.Sweep(t.Context(), s, audit.SweepOptions{
		Operation: point.Read, Faults: []point.Fault{point.RST}, Stride: 7, Parallel: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	last := report.ToClient - 1 // without the line's end the data are all there
	// What comes of the last bytes of the request is a race that the machine decides.
	i := slices.IndexFunc(report.Ranges, func(r verdict.Range) bool { return r.Toward == harness.Client && len(r.Racy) > 0 })
	if i < 0 {
		t.Fatalf("nothing is racy: %+v", report.Ranges)
	}
	r := report.Ranges[i]
	if r.First != 1 || r.Last != last || strings.Join(r.Racy, "|") != "RETRIED-READ|TRUNCATED-OK|UNHARMED" {
		t.Errorf("racy is %s %d to %d: %q, want client 1 to %d", r.Toward, r.First, r.Last, r.Racy, last)
	}
	if !r.Verdict.Has(verdict.TruncatedOK) || len(report.Bad()) != 1 {
		t.Errorf("the worst is %s, %d bad", r.Verdict, len(report.Bad()))
	}
}

// TestALostFollowUpIsFound though the client is told nothing: its next message
// goes into a connection that is dead.
func TestALostFollowUpIsFound(t *testing.T) {
	s := oneWay(t, func() audit.Client { return &planted{exchange: tell, keep: true} })
	cell, err := point.ParseCell(point.AtByte(harness.Server, 3) + "/fin/once/write")
	if err != nil {
		t.Fatal(err)
	}
	report, err := audit.Run(t.Context(), s, audit.Options{Cells: []point.Cell{cell}})
	if err != nil {
		t.Fatal(err)
	}
	if got := report.Cells[0].Verdict.String(); got != "LOST-OK POOL-POISONED" {
		t.Errorf("%s: %s", got, report.Cells[0].FollowUp)
	}
}
