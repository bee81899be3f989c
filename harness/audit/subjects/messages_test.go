package subjects_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// TestMessages: where no reply comes, success says that the kernel has the
// message. What was lost shows at the next write if it was a RST, and a write
// later if it was a FIN, unless somebody looks for it.
func TestMessages(t *testing.T) {
	lost := []string{"P1/*/*/*", "P4.race/*/*/*", "P[56]/*/*/*"}
	for name, looks := range map[string]bool{
		"a client that writes": false, "a client that looks before it writes": true,
	} {
		t.Run(name, func(t *testing.T) {
			report, err := audit.Run(t.Context(), sender(t, looks), audit.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range report.Cells {
				want, next := verdict.Unharmed, "" // and what is wrong with the message behind it
				switch {
				case c.Fault == point.Refuse:
					want = verdict.Surfaced
				case !looks && c.ID == "P4.idle/rst/once/write":
					want = verdict.Surfaced
				case matches(c.ID, lost), !looks && c.ID == "P4.idle/fin/once/write":
					want = verdict.LostOK
				}
				switch {
				case looks, want == verdict.Surfaced:
				case c.Fault == point.RST:
					next = "connection reset by peer"
				default:
					next = "success, and nothing was executed"
				}
				if !c.Verdict.Has(want) || !strings.HasSuffix(c.FollowUp, next) || next == "" && c.FollowUp != "" {
					t.Errorf("%s: %s, then %q, want %s, then %q: %s", c.ID, c.Verdict, c.FollowUp, want, next, c.Verdict.Reason)
				}
			}
			if len(report.Cells) != 23 {
				t.Errorf("%d cells, want 23", len(report.Cells))
			}
		})
	}
}

// TestASweepOfMessages: a cut anywhere in the message loses it.
func TestASweepOfMessages(t *testing.T) {
	for name, late := range map[string]time.Duration{
		"a client that closes at once": 0, "a client that a busy machine runs late": 150 * time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			s := sender(t, true)
			s.Open = func(_ context.Context, to audit.Target) (audit.Client, error) {
				return &sending{address: to.Address, looks: true, late: late}, nil
			}
			report, err := audit.Sweep(t.Context(), s, audit.SweepOptions{
				Operation: point.Write, Faults: []point.Fault{point.RST},
			})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range report.Ranges {
				got = append(got, fmt.Sprintf("%s %d-%d %s", r.Toward, r.First-report.ToServer, r.Last-report.ToServer, r.Verdict))
			}
			want := []string{
				fmt.Sprintf("server %d--1 LOST-OK", -report.ToServer), "server 0-0 UNHARMED",
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// sender is a subject that sends messages over one connection as long as it
// does not know better.
func sender(t *testing.T, looks bool) audit.Subject {
	t.Helper()
	origin, err := origins.StartMessages()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { origin.Close() })
	return audit.Subject{
		Name: "sender", Protocol: protocols.Messages(), Origin: origin, Pooled: true,
		Open: func(_ context.Context, to audit.Target) (audit.Client, error) {
			return &sending{address: to.Address, looks: looks}, nil
		},
	}
}

type sending struct {
	address string
	looks   bool          // whether the other end has closed, and closes then
	late    time.Duration // how long it takes to notice
	conn    net.Conn
	over    chan struct{} // closed when a connection that is looked at has ended
}

func (s *sending) Do(ctx context.Context, c audit.Call) (a audit.Answer) {
	select {
	case <-s.over: // never if nothing is looked at
		s.Close()
	default:
	}
	if s.conn == nil {
		if a.Err = s.dial(ctx); a.Err != nil {
			return a
		}
	}
	if _, a.Err = fmt.Fprintf(s.conn, "%s %s\n", c.Operation, c.ID); a.Err != nil {
		s.Close()
	}
	return a
}

func (s *sending) dial(ctx context.Context) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	s.conn = conn
	if s.looks {
		over := make(chan struct{})
		s.over = over
		go func() {
			conn.Read(make([]byte, 1)) // nothing ever comes but the end
			<-time.After(s.late)
			close(over) // before anybody sees that it is closed
			conn.Close()
		}()
	}
	return nil
}

func (s *sending) Close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	if s.over != nil {
		<-s.over
	}
	s.conn, s.over = nil, nil
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func matches(id string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matched, err := path.Match(pattern, id)
		return matched || err != nil
	})
}
