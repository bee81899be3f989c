package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A batch is a client that makes several requests a call on one connection.
type batch struct {
	planted
	requests []string // what stands before the operation in each
}

func (b *batch) Do(ctx context.Context, c audit.Call) (a audit.Answer) {
	for _, prefix := range b.requests {
		c := c
		c.Operation = point.Operation(prefix) + c.Operation
		if a = b.once(ctx, c); a.Err != nil {
			return a
		}
	}
	return a
}

// TestTheFaultStrikesTheRequestThatIsMeant although one connection carries all
// of them: the n-th, or one by its content. The origin counts those before it.
func TestTheFaultStrikesTheRequestThatIsMeant(t *testing.T) {
	for _, c := range []struct {
		name     string
		choose   func(*audit.Subject)
		executed int
	}{
		{"the first", func(*audit.Subject) {}, 0},
		{"the second", func(s *audit.Subject) { s.Nth = 2 }, 1},
		{"the third", func(s *audit.Subject) { s.Nth = 3 }, 2},
		{"by content", func(s *audit.Subject) {
			s.Match = func(request []byte, _ audit.Call) bool { return bytes.HasPrefix(request, []byte("last-")) }
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := subject(t, func() audit.Client {
				return &batch{planted{exchange: ask, keep: true}, []string{"first-", "then-", "last-"}}
			})
			c.choose(&s)
			report, err := audit.Run(t.Context(), s, audit.Options{
				Only: []string{"P6/rst/once/write"}, Operations: []point.Operation{point.Write},
			})
			if err != nil {
				t.Fatal(err)
			}
			got := report.Cells[0]
			if got.Executed != c.executed || got.Strikes != 1 || len(got.Chain) == 0 {
				t.Errorf("executed %d times, struck %d times: %s: %s, want executed %d times and one strike",
					got.Executed, got.Strikes, got.Verdict, got.Verdict.Reason, c.executed)
			}
		})
	}
}

// A spare client turns to the healthy address when the other fails.
type spare struct{ planted }

func (s *spare) Do(ctx context.Context, c audit.Call) audit.Answer {
	a := s.once(ctx, c)
	if a.Err != nil && c.Healthy != "" {
		c.Address = c.Healthy
		a = s.once(ctx, c)
	}
	return a
}

// TestAnotherBackend strikes every attempt at one address.
func TestAnotherBackend(t *testing.T) {
	for _, c := range []struct {
		cell   string
		client func() audit.Client
		want   verdict.Outcome
	}{
		{"P5/rst/backend/write", func() audit.Client { return &spare{planted{exchange: ask}} }, verdict.Retried},
		{"P7/rst/backend/write", func() audit.Client { return &spare{planted{exchange: ask}} }, verdict.Duplicated},
		{"P7/rst/backend/read", func() audit.Client { return &spare{planted{exchange: ask}} }, verdict.RetriedRead},
		{"P5/rst/backend/write", func() audit.Client { return &planted{exchange: ask} }, verdict.Surfaced},
		{"P0/refuse/backend/write", func() audit.Client { return &spare{planted{exchange: ask}} }, verdict.Unharmed},
		{"P0/refuse/backend/write", func() audit.Client { return &planted{exchange: ask} }, verdict.Surfaced},
	} {
		s := subject(t, c.client)
		s.Backends = true
		report, err := audit.Run(t.Context(), s, audit.Options{Only: []string{c.cell}})
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Cells[0]; !got.Verdict.Has(c.want) {
			t.Errorf("%s: %s: %s, want %s", c.cell, got.Verdict, got.Verdict.Reason, c.want)
		}
	}
}

// TestAttemptsAreATimeLine of which a test can ask what it wants.
func TestAttemptsAreATimeLine(t *testing.T) {
	s := subject(t, func() audit.Client { return &planted{exchange: ask, attempts: 3} })
	report, err := audit.Run(t.Context(), s, audit.Options{Only: []string{"P7/fin/2x/write"}, Repeats: []point.Repeat{"2x"}})
	if err != nil {
		t.Fatal(err)
	}
	got := report.Cells[0]
	var story []string
	for i, a := range got.Attempts {
		story = append(story, fmt.Sprintf("%d:%v:%v", a.Connection, a.Struck, a.ToClient > 0))
		if a.At <= 0 || i > 0 && a.At <= got.Attempts[i-1].At || a.ToServer == 0 {
			t.Errorf("attempt %d is %+v", i, a)
		}
	}
	if want := "[1:true:false 2:true:false 3:false:true]"; fmt.Sprint(story) != want {
		t.Errorf("got %v, want %s", story, want)
	}
	if got.Cut == nil || len(got.Cut.Before) > 0 || !bytes.HasPrefix(got.Cut.After, []byte("done ")) {
		t.Errorf("the bytes at the cut are %+v", got.Cut)
	}
	if !got.Verdict.Has(verdict.Duplicated) || got.Executed != 3 {
		t.Errorf("%s, executed %d times", got.Verdict, got.Executed)
	}
}
