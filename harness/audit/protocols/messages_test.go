package protocols_test

import (
	"slices"
	"testing"

	"github.com/resetlab/resetlab/harness/audit/protocols"
)

func TestMessages(t *testing.T) {
	got := inAnyPieces(t, protocols.Messages(), conversation("one a\ntwo b\n", "nobody asked\n", "c\n"))
	want := []string{
		"P1 server 0 #1", "P5 server 1 #1", "P6 server 5 #1", "P15 server 6 #1",
		"P4.race server 6 #2", "P5 server 7 #2", "P6 server 11 #2", "P15 server 12 #2",
		"P4.race server 12 #3", "P5 server 13 #3", "P6 server 13 #3", "P15 server 14 #3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", lines(got), lines(want))
	}
	known(t, protocols.Messages(), got)
}
