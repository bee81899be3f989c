package claims_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/scenarios/claims"
)

// ids are the statements of the three documents, by name.
var ids = []claims.ID{
	"go-read", "go-write", "go-difference", "go-unread-data", "go-handle", "errno-104", "rst-not-handshake",
	"incorrect-segment", "data-returned", "both-from-peer", "free-resources", "socket-closed",
	"unknown-connection", "crash-and-back", "close-in-transit", "unread-close", "buffers-lost",
	"refuse-is-reset", "peer-lost-state", "peer-restart-timeout", "locally-generated", "not-from-peer",
	"datagram", "browser-leaves", "firewall-block", "ip-banned", "hosts-deny", "stale-settings",
	"crash-sends-rst", "idle-timeout", "keepalive-prevents", "keepalive-dead-peer",
	"keepalive-must-be-enabled", "keepalive-no-data", "server-busy", "max-startups", "max-startups-period",
	"fd-limit", "client-alive", "tls-mismatch", "bad-certificate", "missing-helper", "zombies",
	"script-bug", "quit-command", "allow-before-deny", "busy-cpu", "heartbeat-rabbitmq", "port-check",
	"nio-abrupt-client", "probe-success", "probe-timeout", "probe-half-open", "probe-unavoidable",
	"probe-ignorable",
}

func TestAll(t *testing.T) {
	var got []claims.ID
	for _, claim := range claims.All() {
		got = append(got, claim.ID)
		if claim.Says == "" || len(claim.Seen) == 0 || slices.Contains(claim.Seen, "") {
			t.Errorf("%s: says %q, is seen as %q: want both", claim.ID, claim.Says, claim.Seen)
		}
		if !slices.Contains([]string{"elb", "guide", "jby"}, claim.Document) {
			t.Errorf("%s: is of document %q, want elb, guide or jby", claim.ID, claim.Document)
		}
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(ids))
	if len(got) != 55 || !slices.Equal(got, want) {
		t.Errorf("%d claims, want 55\n got %v\nwant %v", len(got), got, want)
	}
}

// A row is what was observed about a claim, and the verdict. Its observations
// are such that each decides: TestFlipping turns every one of them over.
type row struct {
	name     string
	claim    claims.Claim
	observed []claims.Observation
	want     string
}

// about makes observations of the claim "c", each written "saw" or
// "saw, if condition".
func about(observations ...string) []claims.Observation {
	var all []claims.Observation
	for _, text := range observations {
		saw, condition, _ := strings.Cut(text, ", if ")
		all = append(all, claims.Observation{Claim: "c", Saw: saw, If: condition})
	}
	return all
}

func rows() []row {
	plain := claims.Claim{ID: "c", Seen: []string{"reset", "refused"}}
	known := claims.Claim{ID: "c", Seen: []string{"reset"}, KnownOn: "Windows"}
	waits := claims.Claim{ID: "c", Seen: []string{"reset"}, WaitsFor: "a network"}
	differs := "differs on " + runtime.GOOS + ": "
	return []row{
		{"as stated", plain,
			about("reset"), "holds · 1 spec"},
		{"as stated, every way", plain,
			about("reset", "refused"), "holds · 2 specs"},
		{"as stated, and it need not wait any more", waits,
			about("reset"), "holds · 1 spec"},
		{"otherwise", plain,
			about("finished"), differs + "finished · 1 spec"},
		{"otherwise, in two ways", plain,
			about("silence", "finished"), differs + "finished, or silence · 2 specs"},
		{"otherwise, but known elsewhere", known,
			about("finished"), differs + "finished; holds on Windows · 1 spec"},
		{"once as stated, once otherwise", plain,
			about("reset", "finished"), differs + "finished · 2 specs"},
		{"under a condition", plain,
			about("reset, if unread"), "holds if unread · 1 spec"},
		{"under a condition, and not without", plain,
			about("reset, if unread", "finished, if read"), "holds if unread · 2 specs"},
		{"under two conditions", plain,
			about("reset, if unread", "reset, if aborted"), "holds if aborted, or unread · 2 specs"},
		{"as stated, except under a condition", plain,
			about("reset", "finished, if read"), "holds unless read · 2 specs"},
		{"never under a condition", plain,
			about("finished, if read"), differs + "finished · 1 spec"},
		{"torn under one condition", plain,
			about("reset, if unread", "finished, if unread"), differs + "finished · 2 specs"},
		{"otherwise as stated, right under a condition", plain,
			about("finished", "reset, if unread"), differs + "finished · 2 specs"},
	}
}

func TestJudge(t *testing.T) {
	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			other := claims.Observation{Claim: "other", Saw: "anything"}
			verdict := claims.Judge(r.claim, append([]claims.Observation{other}, r.observed...))
			if got, want := verdict.String(), "claim c · "+r.want; got != want || !verdict.Ran() {
				t.Errorf("%q, ran %v, want %q", got, verdict.Ran(), want)
			}
		})
	}
}

func TestJudgeNothing(t *testing.T) {
	for _, test := range []struct {
		claim claims.Claim
		want  string
	}{
		{claims.Claim{ID: "c", Seen: []string{"reset"}}, "claim c · not run"},
		{claims.Claim{ID: "c", Seen: []string{"reset"}, WaitsFor: "a network"}, "claim c · waiting"},
	} {
		verdict := claims.Judge(test.claim, []claims.Observation{{Claim: "other", Saw: "reset"}})
		if verdict.String() != test.want || verdict.Ran() {
			t.Errorf("%q, ran %v, want %q, not run", verdict, verdict.Ran(), test.want)
		}
	}
}

// TestFlipping lets one observation after the other be the opposite of what it
// was: no verdict survives that.
func TestFlipping(t *testing.T) {
	for _, r := range rows() {
		before := claims.Judge(r.claim, r.observed)
		for i, observation := range r.observed {
			t.Run(fmt.Sprintf("%s, number %d", r.name, i+1), func(t *testing.T) {
				flipped := slices.Clone(r.observed)
				flipped[i].Saw = "something else"
				if !slices.Contains(r.claim.Seen, observation.Saw) {
					flipped[i].Saw = r.claim.Seen[0]
				}
				if after := claims.Judge(r.claim, flipped); after == before {
					t.Errorf("%q whether it saw %q or %q", after, observation.Saw, flipped[i].Saw)
				}
			})
		}
	}
}

// TestTable judges the real claims: every one has a line, whatever was seen.
func TestTable(t *testing.T) {
	verdicts := claims.Table([]claims.Observation{{Claim: claims.GoRead, Saw: "read: reset"}})
	if len(verdicts) != 55 {
		t.Errorf("%d verdicts, want 55", len(verdicts))
	}
	for _, verdict := range verdicts {
		if verdict.Ran() != (verdict.Claim == claims.GoRead) {
			t.Errorf("%v: there was an observation of go-read alone", verdict)
		}
	}
}
