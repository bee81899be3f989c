package protocols_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// A turn is what one end says before the other does.
type turn struct {
	toward harness.End
	text   string
}

// conversation is turns, toward the server first.
func conversation(texts ...string) (turns []turn) {
	for i, text := range texts {
		toward := harness.Server
		if i%2 == 1 {
			toward = harness.Client
		}
		turns = append(turns, turn{toward, text})
	}
	return turns
}

// met shows a conversation to a new watcher in pieces of at most n bytes, and
// returns the moments with their offsets in their directions: "P7 client 0 #1".
// What is wrong with a moment is an error.
func met(p point.Protocol, turns []turn, n int) (moments []string, err error) {
	watcher := p.Watch()
	passed := map[harness.End]int{}
	for _, turn := range turns {
		rest := []byte(turn.text)
		for len(rest) > 0 {
			piece := slices.Clone(rest[:min(n, len(rest))])
			rest = rest[len(piece):]
			last := 0
			for _, m := range watcher.See(turn.toward, piece) {
				if m.At < last || m.At > len(piece) || m.Exchange < 0 {
					return nil, fmt.Errorf("%+v in %q behind one at %d", m, piece, last)
				}
				if last = m.At; m.Place != "" {
					moments = append(moments, fmt.Sprintf("%s %s %d #%d",
						m.Place, turn.toward, passed[turn.toward]+m.At, m.Exchange))
				}
			}
			clear(piece) // a watcher must not keep it
			passed[turn.toward] += len(piece)
		}
	}
	return moments, nil
}

// inAnyPieces returns the moments of a conversation, which must be the same
// whatever pieces it comes in.
func inAnyPieces(t testing.TB, p point.Protocol, turns []turn) []string {
	t.Helper()
	longest := 1
	for _, turn := range turns {
		longest = max(longest, len(turn.text))
	}
	whole, err := met(p, turns, longest)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < longest; n++ {
		split, err := met(p, turns, n)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(split, whole) {
			t.Fatalf("in pieces of %d bytes the moments are\n%s\nand not\n%s", n, lines(split), lines(whole))
		}
	}
	return whole
}

func lines(moments []string) string { return strings.Join(moments, "\n") }

// known fails if a moment is at a place that the protocol does not list.
func known(t *testing.T, p point.Protocol, moments []string) {
	t.Helper()
	for _, m := range moments {
		id, _, _ := strings.Cut(m, " ")
		if !slices.ContainsFunc(p.Places(), func(p point.Place) bool { return p.ID == id && !p.Idle }) {
			t.Errorf("%s is no place of %s", id, p.Name())
		}
	}
}

// samePieces fails if the moments of a conversation are others where it comes
// in pieces of n bytes, but for those at these places.
func samePieces(t *testing.T, p point.Protocol, turns []turn, n int, but ...string) {
	t.Helper()
	var seen [2][]string
	for i, size := range []int{1 << 20, n} {
		moments, err := met(p, turns, size)
		if err != nil {
			t.Fatal(err)
		}
		seen[i] = slices.DeleteFunc(moments, func(m string) bool {
			place, _, _ := strings.Cut(m, " ")
			return slices.Contains(but, place)
		})
	}
	if !slices.Equal(seen[0], seen[1]) {
		t.Fatalf("in pieces of %d bytes\n%s\nand not\n%s", n, lines(seen[1]), lines(seen[0]))
	}
}
