package offline

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// A Pattern is what many connections with a RST have in common. It is a count,
// and no more follows from it than Means says.
type Pattern struct {
	Kind  PatternKind `json:"kind"`
	Count int         `json:"count"` // the connections that have it
	Of    int         `json:"of"`    // of so many that may have it
	Says  string      `json:"says"`  // in a sentence
	Means string      `json:"means"` // what speaks for what, and how it is settled; empty if it tells no more
}

// A PatternKind is what connections have in common.
type PatternKind string

// The kinds of patterns.
const (
	SameServer  PatternKind = "server"  // one server has most of the RSTs, and other servers fewer
	SameSilence PatternKind = "silence" // the RSTs come after equal silences
	LongSilence PatternKind = "idle"    // they come after long silences, and shorter ones are survived
	SameAge     PatternKind = "age"     // the connections were equally old
	SameBytes   PatternKind = "bytes"   // the same number of bytes had been sent
	OtherTTL    PatternKind = "ttl"     // the RSTs have a TTL that their sender has not
	SameAnswer  PatternKind = "answer"  // they answer the same thing
)

// What bounds the patterns.
const (
	fewest      = 4       // connections with the same make a pattern
	mostTraits  = 100_000 // connections of which the features are kept
	mostServers = 4096    // servers that are told apart
)

// A trait is what patterns ask of a connection with a RST.
type trait struct {
	server       netip.AddrPort
	silence      time.Duration
	alone        bool
	age          time.Duration
	client, back uint64 // bytes that the client and the server had sent
	ttl, usual   int
	answers      string
	segments     int
}

// A servedBy is what a server's connections have in common.
type servedBy struct {
	all, reset int
	bore       time.Duration // the longest silence that any survived
}

// serve counts a connection of a server, and the longest silence that it survived.
func (g *gathering) serve(server netip.AddrPort, bore time.Duration, reset bool) {
	s := g.servers[server]
	if s == nil {
		if len(g.servers) >= mostServers {
			return
		}
		s = &servedBy{}
		g.servers[server] = s
	}
	s.all++
	if reset {
		s.reset++
	}
	s.bore = max(s.bore, bore)
}

// trait keeps the features of a connection with a RST.
func (g *gathering) trait(h *history, d *diagnose.Diagnosis) {
	if len(g.traits) >= mostTraits {
		return
	}
	g.traits = append(g.traits, trait{
		server: h.server, silence: h.silence, alone: h.alone, age: h.reset.Sub(h.begun),
		client: h.sent.ClientBytes, back: h.sent.ServerBytes, ttl: d.Marks.TTL, usual: d.Marks.UsualTTL,
		answers: d.Marks.Answers, segments: d.Marks.Segments,
	})
}

// patterns finds what traits have in common. A pattern is most of what can have
// it; what little supports is none.
func patterns(traits []trait, servers map[netip.AddrPort]*servedBy, all Counts) []Pattern {
	var found []Pattern
	for _, find := range []func([]trait) (Pattern, bool){otherTTL, sameSilence, sameAge, sameAnswer, sameBytes} {
		if p, ok := find(traits); ok {
			found = append(found, p)
		}
	}
	if p, ok := longSilence(traits, servers, found); ok {
		found = append(found, p)
	}
	if p, ok := sameServer(servers, all); ok {
		found = append([]Pattern{p}, found...)
	}
	return found
}

// most says whether a count is most of what it is of, and enough.
func most(count, of int) bool { return count >= fewest && count*5 >= of*4 }

// cluster returns the value in whose neighbourhood most of the values are that
// are at least a second, how many those are, and how far they are apart.
func cluster(values []time.Duration) (middle time.Duration, count int, spread time.Duration) {
	slices.Sort(values)
	begin := 0
	for end, value := range values {
		for value-values[begin] > max(value/50, 250*time.Millisecond) { // 2 %
			begin++
		}
		if n := end - begin + 1; n > count && values[begin] >= time.Second {
			count, middle, spread = n, values[begin+n/2], value-values[begin]
		}
	}
	return middle, count, spread
}

// sameSilence finds RSTs behind equal silences.
func sameSilence(traits []trait) (p Pattern, ok bool) {
	var alone []time.Duration
	for _, m := range traits {
		if m.alone && m.silence > 0 {
			alone = append(alone, m.silence)
		}
	}
	silence, count, _ := cluster(alone)
	if !most(count, len(traits)) {
		return p, false
	}
	return Pattern{Kind: SameSilence, Count: count, Of: len(traits),
		Says: fmt.Sprintf("%d of %d resets follow %s of silence, and nothing but the silence brought them about", count, len(traits), about(silence)),
		Means: fmt.Sprintf("So does an idle timeout of %s, at the end that sends the RST or at a device on the way. "+
			"Keepalive or a heartbeat more often than that would settle it: the resets end.", about(silence))}, true
}

// longSilence finds answers to the first segment behind long silences, where
// shorter ones were survived.
func longSilence(traits []trait, servers map[netip.AddrPort]*servedBy, already []Pattern) (p Pattern, ok bool) {
	if slices.ContainsFunc(already, func(p Pattern) bool { return p.Kind == SameSilence }) {
		return p, false
	}
	var shortest time.Duration
	var bore time.Duration
	count := 0
	for _, m := range traits {
		if m.silence == 0 || m.alone {
			continue
		}
		if count++; count == 1 || m.silence < shortest {
			shortest = m.silence
		}
		if s := servers[m.server]; s != nil {
			bore = max(bore, s.bore)
		}
	}
	const least = 10 * time.Second // shorter ones are no idling
	if !most(count, len(traits)) || shortest < least || bore >= shortest {
		return p, false
	}
	says := fmt.Sprintf("%d of %d resets answer the first segment behind a silence of %s or more", count, len(traits), about(shortest))
	means := fmt.Sprintf("So does what forgets idle connections after %s at most: a firewall, a NAT, a load balancer, or the "+
		"other end itself. A keepalive more often than that would settle it: the resets end.", about(shortest))
	if bore > 0 {
		says += fmt.Sprintf("; silences of up to %s were survived", about(bore))
	}
	return Pattern{Kind: LongSilence, Count: count, Of: len(traits), Says: says, Means: means}, true
}

// sameAge finds connections that were equally old.
func sameAge(traits []trait) (p Pattern, ok bool) {
	var ages []time.Duration
	for _, m := range traits {
		if !m.alone { // that is a silence
			ages = append(ages, m.age)
		}
	}
	age, count, _ := cluster(ages)
	if age < 5*time.Second || !most(count, len(traits)) {
		return p, false
	}
	return Pattern{Kind: SameAge, Count: count, Of: len(traits),
		Says: fmt.Sprintf("%d of %d connections were %s old when they were reset", count, len(traits), about(age)),
		Means: "So does a limit on how long a connection, a request or a session may take. " +
			"The settings of the end that sends the RST, and of what is on the way, would settle it."}, true
}

// otherTTL finds RSTs whose TTL their sender does not have.
func otherTTL(traits []trait) (p Pattern, ok bool) {
	type ttls struct{ ttl, usual int }
	counts, of := map[ttls]int{}, 0
	for _, m := range traits {
		if m.ttl == 0 || m.usual == 0 {
			continue
		}
		of++
		if m.ttl != m.usual {
			counts[ttls{m.ttl, m.usual}]++
		}
	}
	best, count := ttls{}, 0
	for t, n := range counts {
		if n > count || n == count && (t.ttl < best.ttl || t.ttl == best.ttl && t.usual < best.usual) {
			best, count = t, n
		}
	}
	if !most(count, of) {
		return p, false
	}
	p = Pattern{Kind: OtherTTL, Count: count, Of: of,
		Says: fmt.Sprintf("%d of %d RSTs have TTL %d, while the other segments in their sender's name have %d", count, of, best.ttl, best.usual),
		Means: "So does what a device on the way sends in the name of an end; a few systems also answer " +
			"with another TTL than they talk with. A capture at that end would settle it."}
	if best.ttl == 255 || best.ttl == 64 || best.ttl == 128 {
		p.Means = fmt.Sprintf("%d is a TTL with which packets begin: so does a device right next to where the capture was taken. "+
			"A capture at the named end would settle it: there is no such RST in it.", best.ttl)
	}
	return p, true
}

// sameAnswer finds RSTs that answer the same thing.
func sameAnswer(traits []trait) (p Pattern, ok bool) {
	counts := map[string]int{}
	for _, m := range traits {
		if m.answers != "" {
			counts[fmt.Sprintf("%s, behind %d segments with data", m.answers, m.segments)]++
		}
	}
	return commonest(SameAnswer, counts, len(traits), "%d of %d resets answer the same: %s", "")
}

// sameBytes finds connections in which the same number of bytes had been sent.
func sameBytes(traits []trait) (p Pattern, ok bool) {
	counts := map[string]int{}
	for _, m := range traits {
		if m.client+m.back > 0 {
			counts[fmt.Sprintf("%d bytes of the client and %d of the server", m.client, m.back)]++
		}
	}
	return commonest(SameBytes, counts, len(traits), "%d of %d connections were reset after %s",
		"So does one that ends them for what it has read, or at a limit. What stands there in the stream would settle it.")
}

// commonest makes a pattern of what most have.
func commonest(kind PatternKind, counts map[string]int, of int, says, means string) (p Pattern, ok bool) {
	best, count := "", 0
	for what, n := range counts {
		if n > count || n == count && what < best {
			best, count = what, n
		}
	}
	if !most(count, of) {
		return p, false
	}
	return Pattern{Kind: kind, Count: count, Of: of, Says: fmt.Sprintf(says, count, of, best), Means: means}, true
}

// sameServer finds a server that has most of the RSTs, although others have most
// of what has none.
func sameServer(servers map[netip.AddrPort]*servedBy, all Counts) (p Pattern, ok bool) {
	of := 0
	var best netip.AddrPort
	for address, s := range servers {
		of += s.reset
		b := servers[best]
		if b == nil || cmp.Or(cmp.Compare(s.reset, b.reset), best.Compare(address)) > 0 {
			best = address
		}
	}
	if of == 0 || len(servers) == 1 || all.All == 0 {
		return p, false
	}
	s := servers[best]
	share := float64(s.all) / float64(all.All)
	if !most(s.reset, of) || share > 0.5 { // no more than its share
		return p, false
	}
	return Pattern{Kind: SameServer, Count: s.reset, Of: of,
		Says:  fmt.Sprintf("%d of %d resets are of connections to %s, which has %d of the %d connections", s.reset, of, endText(best), s.all, all.All),
		Means: "It is that server, or the way to it; another client's capture would settle whether it concerns all."}, true
}

// about writes a duration as people say it.
func about(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%d s", int64(d.Round(time.Second)/time.Second))
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Millisecond).String()
}
