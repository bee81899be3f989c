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

// FuzzMessages: the moments of a conversation do not depend on its pieces.
func FuzzMessages(f *testing.F) {
	f.Add("one a\ntwo b\n", "nobody asked\n", "c\n", "", uint8(1))
	f.Add("\n\n", "", "no line end", "\n", uint8(2))
	f.Fuzz(func(t *testing.T, a, b, c, d string, n uint8) {
		samePieces(t, protocols.Messages(), conversation(a, b, c, d), int(n)+1)
	})
}

// FuzzLines: the same, but for the half of a reply whose end has not been seen.
func FuzzLines(f *testing.F) {
	f.Add("read 1\n", "a reply\n", "write 2\n", "done\n", uint8(3))
	f.Add("read 1\nread 2\n", "unasked\na\nb\n", "", "\n", uint8(1))
	f.Fuzz(func(t *testing.T, a, b, c, d string, n uint8) {
		samePieces(t, protocols.Lines(), conversation(a, b, c, d), int(n)+1, "P10", "P14")
	})
}
