package capture_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// Lines are handed to those who asked for one of their ends, in whatever words
// the kernel names it.
func TestLinesOfAddresses(t *testing.T) {
	for _, test := range []struct {
		line string
		of   []string
		want int
	}{
		{stateLine, []string{"127.3.4.5"}, 1},
		{stateLine, []string{"127.0.0.1"}, 1},
		{stateLine, []string{"127.3.4.6", "127.3.4.5"}, 1},
		{stateLine, []string{"::ffff:127.3.4.5"}, 1},
		{stateLine, []string{"127.3.4.50"}, 0},
		{stateLine, []string{"127.3.4.5", "127.3.4.5"}, 1},
		{stateLine, []string{"27.3.4.5"}, 0}, // is in it, as text
		{stateLine, nil, 0},
		{state6Line, []string{"::1"}, 1},
		{state6Line, []string{"::2"}, 0},
		{receivedLine, []string{"127.3.4.5"}, 1},
		{ownResetLine, []string{"127.3.4.5"}, 1},
		{ownResetLine, []string{"::1"}, 0},
		{answerLine, []string{"0:0:0:0:0:0:0:1"}, 1},
		{answerLine, []string{"127.0.0.1"}, 0},
		{oldLine, []string{"127.0.0.1"}, 1}, // it does not say to whom
	} {
		var of capture.Addresses
		for _, ip := range test.of {
			of.Add(netip.MustParseAddr(ip))
		}
		if got := capture.Hand(&of, []byte(test.line)); got != test.want {
			t.Errorf("of %q: %d events, want %d of\n%s", test.of, got, test.want, test.line)
		}
		if got := capture.Hand(nil, []byte(test.line)); got != 1 {
			t.Errorf("of all: %d events, want 1 of\n%s", got, test.line)
		}
	}
}

// Who asked for an address gets what happens there, and nothing of others.
func TestKernelEventsOfAnAddress(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	ip, other := lanes.Address(), lanes.Address()
	var of capture.Addresses
	of.Add(ip)
	events, err := lanes.KernelEvents(&of)
	check(t, err)

	resetOnce(t, other)
	server := resetOnce(t, ip)
	resetOnce(t, other)

	awaitFact(t, events, func(e capture.KernelEvent) bool {
		if e.Local.Addr() == other || e.Remote.Addr() == other {
			t.Errorf("got %+v, which is not of %v", e, ip)
		}
		return e.Name == evidence.ResetSent && e.Local == server
	})
	of.Add(other) // from now on
	server = resetOnce(t, other)
	awaitFact(t, events, func(e capture.KernelEvent) bool {
		return e.Name == evidence.ResetSent && e.Local == server
	})
	if status := closed(t, events); status.Lost > 0 || len(status.Gaps) > 0 {
		t.Errorf("the status is %+v, want it to be whole", status)
	}
}

// The kernel lets through what was asked for, and little else: one RST that was
// sent is all that a foreign connection leaves.
func TestTheKernelNarrows(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	ip, other := lanes.Address(), lanes.Address()
	var of capture.Addresses
	of.Add(ip)
	events, err := lanes.KernelEvents(&of)
	check(t, err)
	defer events.Close()
	const times = 100
	passed := func(at netip.Addr) map[string]int {
		lines := map[string]int{}
		lanes.Lines(at.String(), func() {
			for range times {
				resetOnce(t, at)
			}
		}, lines)
		return lines
	}

	got := passed(other)
	if got[evidence.StateChanged] > 0 || got[evidence.ResetReceived] > 0 || got[evidence.ResetSent] != times {
		t.Errorf("of %d foreign connections %v passed", times, got)
	}
	of.Add(other)
	got = passed(other)
	if got[evidence.StateChanged] < 4*times || got[evidence.ResetReceived] != times || got[evidence.ResetSent] != times {
		t.Errorf("of %d connections that were asked for %v passed", times, got)
	}
}

// BenchmarkForeignLines says how much of the time that a line takes is left where
// nobody asked for it. On a busy machine nearly all lines are such ones.
func BenchmarkForeignLines(b *testing.B) {
	const lines, bar = 10_000, 0.25
	var of capture.Addresses
	of.Add(netip.MustParseAddr("127.7.8.9"))
	batch := slices.Repeat([][]byte{[]byte(stateLine)}, 1000)
	take := func(of *capture.Addresses) time.Duration {
		start := time.Now()
		for range lines / 1000 {
			capture.Hand(of, batch...)
		}
		return time.Since(start)
	}
	for range b.N {
		var ratios []float64
		for range 9 {
			all := take(nil)
			ratios = append(ratios, float64(take(&of))/float64(all))
		}
		slices.Sort(ratios)
		ratio := ratios[len(ratios)/2]
		fmt.Printf("ratio recording_foreign_line %.3f bar <=%.2f\n", ratio, bar)
		if ratio > bar {
			b.Errorf("a foreign line takes %.3f times as long as one that is asked for, want at most %.2f", ratio, bar)
		}
	}
}
