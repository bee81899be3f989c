package protocols_test

import (
	"slices"
	"testing"

	"github.com/resetlab/resetlab/harness/audit/protocols"
)

func TestBytes(t *testing.T) {
	for want, turns := range map[string][]turn{
		"P1 server 0 #1": conversation("hello", "you too", "bye"),
		"P1 client 0 #1": conversation("", "220 ready", "EHLO"),
	} {
		got := inAnyPieces(t, protocols.Bytes(), turns)
		if !slices.Equal(got, []string{want}) {
			t.Errorf("the moments are %v, want %s", got, want)
		}
		known(t, protocols.Bytes(), got)
	}
}
