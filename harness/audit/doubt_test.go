package audit_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// TestWhatProvesNothingIsTriedAgainAlone, and is not held against the client if
// that proves nothing either.
func TestWhatProvesNothingIsTriedAgainAlone(t *testing.T) {
	absent := func(context.Context, audit.Call) audit.Answer { return audit.Answer{Err: errors.New("not today")} }
	unable := func(context.Context, audit.Call) audit.Answer {
		return audit.Answer{Unable: errors.New("no descriptor left")}
	}
	right := func(ctx context.Context, c audit.Call) audit.Answer { return (&planted{exchange: ask}).once(ctx, c) }
	for _, c := range []struct {
		name        string
		do          func(context.Context, audit.Call) audit.Answer
		always      bool
		want, first string
	}{
		{"it comes the second time", absent, false, "SURFACED", "NOT-STRUCK"},
		{"it never comes", absent, true, "NOT-STRUCK", "NOT-STRUCK"},
		{"there is room the second time", unable, false, "SURFACED", "BROKEN"},
		{"there is never room", unable, true, "BROKEN", "BROKEN"},
		{"nothing is in doubt", right, true, "SURFACED", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var opened atomic.Int64
			s := subject(t, func() audit.Client {
				if opened.Add(1) == 1 || c.always {
					return audit.Func(c.do)
				}
				return audit.Func(right)
			})
			calls := 0
			report, err := audit.Run(t.Context(), s, audit.Options{
				Only: []string{"P7/rst/once/write"}, Progress: func(int, int, verdict.Result) { calls++ },
			})
			if err != nil {
				t.Fatal(err)
			}
			got, first := report.Cells[0], ""
			if got.First != nil {
				first = got.First.String()
			}
			if got.Verdict.String() != c.want || first != c.first || calls != 1 {
				t.Errorf("%v, first %q, reported %d times: want %s, first %q, once", got.Verdict, first, calls, c.want, c.first)
			}
			if len(report.Bad()) > 0 || (len(report.Unproven()) > 0) != (c.always && c.first != "") {
				t.Errorf("%d bad and %d unproven cells", len(report.Bad()), len(report.Unproven()))
			}
		})
	}
}

// TestALateRefusalIsTriedAgainAlone: a program that is loaded beside others may
// take as long for that as a client that is late. The second time decides.
func TestALateRefusalIsTriedAgainAlone(t *testing.T) {
	const late = time.Second // far more than the ready one takes
	loading := func(ctx context.Context, c audit.Call) audit.Answer {
		<-time.After(late * 3 / 2)
		return (&planted{exchange: ask}).once(ctx, c)
	}
	ready := func(ctx context.Context, c audit.Call) audit.Answer { return (&planted{exchange: ask}).once(ctx, c) }
	for _, c := range []struct {
		name   string
		always bool
		want   string
	}{
		{"it was loading", false, "SURFACED"},
		{"it is late", true, "LATE"},
	} {
		var opened atomic.Int64
		s := subject(t, func() audit.Client {
			if opened.Add(1) == 1 || c.always {
				return audit.Func(loading)
			}
			return audit.Func(ready)
		})
		report, err := audit.Run(t.Context(), s, audit.Options{
			Only: []string{"P0/refuse/always/write"}, Limits: audit.Limits{Late: late},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Cells[0]; got.Verdict.String() != c.want || got.First == nil || got.First.String() != "LATE" {
			t.Errorf("%s: %v, first %v, want %s, first LATE", c.name, got.Verdict, got.First, c.want)
		}
	}
}

// A leaver is a client that tells what it has left behind.
type leaver struct {
	audit.Client
	left []string
}

func (l leaver) Left() []string { return l.left }

// TestWhatIsLeftBehindIsLookedAtAgainAlone: a program that does not end in time beside
// others is given a second chance; one that never does is not run twice in each cell.
func TestWhatIsLeftBehindIsLookedAtAgainAlone(t *testing.T) {
	process := []string{string(verdict.LeakProcess)}
	for _, c := range []struct {
		name   string
		always bool
	}{{"once", false}, {"always", true}} {
		t.Run(c.name, func(t *testing.T) {
			var opened atomic.Int64
			s := subject(t, func() audit.Client {
				client := leaver{Client: &planted{exchange: ask}}
				if opened.Add(1) == 1 || c.always {
					client.left = process
				}
				return client
			})
			report, err := audit.Run(t.Context(), s, audit.Options{Only: []string{"P7/*/*/*"}})
			if err != nil {
				t.Fatal(err)
			}
			cells, leaving := int64(len(report.Cells)), int64(0)
			for _, cell := range report.Cells {
				if slices.Contains(cell.Verdict.Hygiene, verdict.LeakProcess) {
					leaving++
				}
			}
			want, again := int64(0), int64(1)
			if c.always {
				want, again = cells, 3
			}
			if leaving != want || opened.Load() != cells+again {
				t.Errorf("of %d cells %d leave a process behind, and %d clients were opened: want %d and %d",
					cells, leaving, opened.Load(), want, cells+again)
			}
		})
	}
}
