package protocols_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// TestTurns has a place where the ends of a connection take turns, however the bytes
// are cut into pieces.
func TestTurns(t *testing.T) {
	for _, c := range []struct {
		turns []turn
		want  string
	}{
		{conversation("ask", "reply"), "P1 server 0 #1, P5 server 1 #1, P7 client 0 #0, P8 client 1 #0"},
		{conversation("", "220 ready", "EHLO"), "P1 client 0 #0, P3 client 1 #0, P5 server 1 #1"},
		{conversation("ask", "reply", "more"),
			"P1 server 0 #1, P5 server 1 #1, P7 client 0 #0, P8 client 1 #0, P4.race server 3 #1, P5.turn2 server 4 #1"},
		{conversation("a", "b", "c", "d"),
			"P1 server 0 #1, P5 server 1 #1, P7 client 0 #0, P8 client 1 #0, P4.race server 1 #1, P5.turn2 server 2 #1, " +
				"P7.turn2 client 1 #0, P7.pooled client 1 #0, P8.turn2 client 2 #0"},
	} {
		got := inAnyPieces(t, protocols.Turns(), c.turns)
		if !slices.Equal(got, strings.Split(c.want, ", ")) {
			t.Errorf("the moments are %v, want %s", got, c.want)
		}
		known(t, protocols.Turns(), got)
	}
}

// TestTurnsLearn where the last request and reply of an operation end.
func TestTurnsLearn(t *testing.T) {
	hello := []point.Turn{{ToClient: 5}, {ToServer: 6, ToClient: 3}, {ToServer: 4, ToClient: 6}, {ToServer: 3}}
	p := protocols.Turns().(point.Learner).Learn(point.Write, hello)
	p = p.(point.Learner).Learn(point.Read, []point.Turn{{ToServer: 6, ToClient: 3}})
	got := inAnyPieces(t, p, conversation("", "ready", "hello!", "you", "work", "worked", "bye"))
	known(t, p, got)
	for _, want := range []string{
		"P6.read server 5 #1", "P10.read client 6 #0", "P11.read client 8 #0",
		"P6.write server 9 #1", "P10.write client 11 #0", "P11.write client 14 #0",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("the moments are %v, and none is %s", got, want)
		}
	}
	for _, place := range []string{"P6.", "P10.", "P11."} {
		if n := strings.Count(strings.Join(got, " "), place); n != 2 {
			t.Errorf("%s is there %d times, want once for each operation: %v", place, n, got)
		}
	}
	if _, ours := p.(point.Learner); !ours || len(protocols.Turns().Watch().See(harness.Server, nil)) != 1 {
		t.Error("it can learn no more")
	}
}
