package offline_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence/offline"
)

func netAddress(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }

// kinds are the patterns of many connections.
func kinds(t *testing.T, films ...*film) (all []offline.PatternKind, says []string) {
	t.Helper()
	var packets []filmed
	for _, f := range films {
		packets = append(packets, f.packets...)
	}
	slices.SortStableFunc(packets, func(a, b filmed) int { return a.at.Compare(b.at) })
	for _, p := range captured(t, packets...).Patterns {
		all, says = append(all, p.Kind), append(says, p.Says)
	}
	return all, says
}

func TestPatterns(t *testing.T) {
	many := func(count int, make func(i int) *film) (films []*film) {
		for i := range count {
			films = append(films, make(i))
		}
		return films
	}
	jitter := func(i int) time.Duration { return time.Duration(i) * 7 * time.Millisecond }
	idle := func(i int) *film { // the end that idles resets by itself
		f := newFilm(i).open().wait(time.Duration(i) * time.Second).ask()
		return f.wait(time.Minute+jitter(i)).send(theServer, "RST ACK", "")
	}
	late := func(i int) *film { // what comes behind a long silence is answered with a RST
		f := newFilm(i).open().ask().wait(time.Duration(350+17*i) * time.Second)
		f.send(theClient, "PSH ACK", "more")
		return f.raw(theServer, "RST", f.next[theServer], 0, "")
	}
	bore := func(i int) *film { return newFilm(i + 500).open().ask().wait(5 * time.Minute).ask().finish() }
	elsewhere := func(i int) *film {
		f := aReset(i)
		f.packets[len(f.packets)-1].data[8] = 255
		return f
	}
	mixed := func(i int) *film { // nothing in common but that they are reset
		f := newFilm(i).open()
		for range i % 5 {
			f.ask()
		}
		f.wait(time.Duration(i*i) * 311 * time.Millisecond)
		return f.send(theClient, "PSH ACK", string(make([]byte, 3*i+1))).send(theServer, "RST ACK", "")
	}
	for _, test := range []struct {
		name  string
		films []*film
		want  offline.PatternKind
		says  string
	}{
		{"an idle timeout", append(many(41, idle), many(3, func(i int) *film { return aReset(i + 100) })...),
			offline.SameSilence, "41 of 44 resets follow 60 s of silence, and nothing but the silence brought them about"},
		{"silences that are too long", append(many(9, late), many(5, bore)...),
			offline.LongSilence, "9 of 9 resets answer the first segment behind a silence of 350 s or more; silences of up to 300 s were survived"},
		{"another TTL", many(6, elsewhere), offline.OtherTTL,
			"6 of 6 RSTs have TTL 255, while the other segments in their sender's name have 64"},
		{"the same bytes", many(5, aReset), offline.SameBytes,
			"5 of 5 connections were reset after 22 bytes of the client and 19 of the server"},
	} {
		got, says := kinds(t, test.films...)
		if !slices.Contains(got, test.want) || !slices.Contains(says, test.says) {
			t.Errorf("%s: got %q, want %s: %s", test.name, says, test.want, test.says)
		}
	}
	for _, test := range []struct {
		name  string
		films []*film
		never offline.PatternKind
	}{
		{"three are few", many(3, idle), offline.SameSilence},
		{"longer silences were survived", append(many(9, late), many(1, func(i int) *film {
			return newFilm(700).open().ask().wait(time.Hour).ask().finish()
		})...), offline.LongSilence},
		{"nothing in common", many(12, mixed), offline.SameBytes},
		{"nothing in common", many(12, mixed), offline.SameSilence},
		{"nothing in common", many(12, mixed), offline.SameAge},
		{"one server only", many(5, aReset), offline.SameServer},
	} {
		if got, says := kinds(t, test.films...); slices.Contains(got, test.never) {
			t.Errorf("%s: %q", test.name, says)
		}
	}
}
