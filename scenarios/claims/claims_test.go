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

// saw makes observations of the claim "c", each written "saw" or
// "saw, if condition".
func saw(observations ...string) []claims.Observation {
	var all []claims.Observation
	for _, text := range observations {
		saw, condition, _ := strings.Cut(text, ", if ")
		all = append(all, claims.Observation{Claim: "c", Saw: saw, If: condition})
	}
	return all
}

// passed makes a spec about the claim "c" of each observation, and one about
// another claim.
func passed(observations []claims.Observation) []claims.Run {
	runs := []claims.Run{{About: []claims.ID{"other"}, State: claims.Failed}}
	for _, o := range observations {
		runs = append(runs, claims.Run{
			About: []claims.ID{"other", "c"}, State: claims.Passed,
			Saw: []claims.Observation{{Claim: "other", Saw: "anything"}, o},
		})
	}
	return runs
}

func rows() []row {
	plain := claims.Claim{ID: "c", Seen: []string{"reset", "refused"}}
	known := claims.Claim{ID: "c", Seen: []string{"reset"}, KnownOn: "Windows"}
	differs := "differs on " + runtime.GOOS + ": "
	return []row{
		{"as stated", plain,
			saw("reset"), "holds · 1 spec"},
		{"as stated, every way", plain,
			saw("reset", "refused"), "holds · 2 specs"},
		{"otherwise", plain,
			saw("finished"), differs + "finished · 1 spec"},
		{"otherwise, in two ways", plain,
			saw("silence", "finished"), differs + "finished, or silence · 2 specs"},
		{"otherwise, but known elsewhere", known,
			saw("finished"), differs + "finished; holds on Windows · 1 spec"},
		{"once as stated, once otherwise", plain,
			saw("reset", "finished"), differs + "finished · 2 specs"},
		{"under a condition", plain,
			saw("reset, if unread"), "holds if unread · 1 spec"},
		{"under a condition, and not without", plain,
			saw("reset, if unread", "finished, if read"), "holds if unread · 2 specs"},
		{"under two conditions", plain,
			saw("reset, if unread", "reset, if aborted"), "holds if aborted, or unread · 2 specs"},
		{"as stated, except under a condition", plain,
			saw("reset", "finished, if read"), "holds unless read · 2 specs"},
		{"never under a condition", plain,
			saw("finished, if read"), differs + "finished · 1 spec"},
		{"torn under one condition", plain,
			saw("reset, if unread", "finished, if unread"), differs + "finished · 2 specs"},
		{"otherwise as stated, right under a condition", plain,
			saw("finished", "reset, if unread"), differs + "finished · 2 specs"},
	}
}

func TestJudge(t *testing.T) {
	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			verdict := claims.Judge(r.claim, passed(r.observed))
			if got, want := verdict.String(), "claim c · "+r.want; got != want || !verdict.Judged() {
				t.Errorf("%q, judged %v, want %q", got, verdict.Judged(), want)
			}
		})
	}
}

// TestJudgePartly: by the specs that passed alone this claim differs on this
// system, or holds under a condition. Neither is said.
func TestJudgePartly(t *testing.T) {
	claim := claims.Claim{ID: "c", Seen: []string{"reset"}}
	about := []claims.ID{"c"}
	run := func(state claims.State, observations ...string) claims.Run {
		return claims.Run{About: about, State: state, Saw: saw(observations...)}
	}
	for _, test := range []struct {
		name string
		runs []claims.Run
		want string
	}{
		{"one of two failed", []claims.Run{run(claims.Passed, "reset, if unread"), run(claims.Failed)},
			"claim c · failed · 1 of 2 specs failed"},
		{"one failed behind its observation", []claims.Run{run(claims.Failed, "reset")},
			"claim c · failed · 1 of 1 spec failed"},
		{"one failed, one skipped itself", []claims.Run{run(claims.Skipped), run(claims.Failed)},
			"claim c · failed · 1 of 2 specs failed"},
		{"one was left out", []claims.Run{run(claims.Passed, "finished"), run(claims.LeftOut)},
			"claim c · incomplete · 1 of 2 specs ran"},
		{"one skipped itself", []claims.Run{run(claims.Passed, "finished"), run(claims.Skipped)},
			"claim c · incomplete · 1 of 2 specs ran"},
		{"one passed and saw nothing", []claims.Run{run(claims.Passed, "finished"), run(claims.Passed)},
			"claim c · incomplete · 1 of 2 specs ran"},
		{"all skipped themselves", []claims.Run{run(claims.Skipped), run(claims.Skipped)}, "claim c · not run"},
		{"there are none", nil, "claim c · not run"},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict := claims.Judge(claim, test.runs)
			if verdict.String() != test.want || verdict.Judged() {
				t.Errorf("%q, judged %v, want %q, not judged", verdict, verdict.Judged(), test.want)
			}
		})
	}
}

// TestFlipping lets one observation after the other be the opposite of what it
// was: no verdict survives that.
func TestFlipping(t *testing.T) {
	for _, r := range rows() {
		before := claims.Judge(r.claim, passed(r.observed))
		for i, observation := range r.observed {
			t.Run(fmt.Sprintf("%s, number %d", r.name, i+1), func(t *testing.T) {
				flipped := slices.Clone(r.observed)
				flipped[i].Saw = "something else"
				if !slices.Contains(r.claim.Seen, observation.Saw) {
					flipped[i].Saw = r.claim.Seen[0]
				}
				if after := claims.Judge(r.claim, passed(flipped)); after == before {
					t.Errorf("%q whether it saw %q or %q", after, observation.Saw, flipped[i].Saw)
				}
			})
		}
	}
}

func TestLabels(t *testing.T) {
	labels := append(claims.Labels(claims.GoRead, claims.GoWrite), "cause:unread", "needs:netns")
	if got := claims.Labelled(labels); !slices.Equal(got, []claims.ID{claims.GoRead, claims.GoWrite}) {
		t.Errorf("%v are about %v, want go-read and go-write", labels, got)
	}
	if got := claims.Labels(); got == nil || len(got) > 0 {
		t.Errorf("no claims are %#v, want an empty list, which Ginkgo takes", got)
	}
}

// write is the text of the table.
func write(t *testing.T, table claims.Table) string {
	t.Helper()
	var text strings.Builder
	if n, err := table.WriteTo(&text); err != nil || n != int64(text.Len()) {
		t.Fatalf("wrote %d of %d bytes, %v", n, text.Len(), err)
	}
	return text.String()
}

// TestTable writes the table of a whole run, of one with a failure, and of a
// filtered one.
func TestTable(t *testing.T) {
	read := claims.Run{About: []claims.ID{claims.GoRead}, State: claims.Passed,
		Saw: []claims.Observation{{Claim: claims.GoRead, Saw: "read: reset"}}}
	write1 := claims.Run{About: []claims.ID{claims.GoWrite}, State: claims.Passed,
		Saw: []claims.Observation{{Claim: claims.GoWrite, Saw: "write: broken-pipe", If: "a FIN came before"}}}
	failed := claims.Run{About: []claims.ID{claims.GoWrite}, State: claims.Failed}
	leftOut := claims.Run{About: []claims.ID{claims.GoWrite}, State: claims.LeftOut}

	whole := claims.Tabulate([]claims.Run{read, write1})
	if text := write(t, whole); strings.Count(text, "claim ") != 55 || !strings.HasPrefix(text, "claim go-read · holds · 1 spec\n"+
		"    guide: a server reads one byte of two and closes: the client's next read fails with ECONNRESET\n"+
		"claim go-write · holds if a FIN came before · 1 spec\n") || !strings.Contains(text, "claim datagram · not run\n    jby: ") {
		t.Errorf("a whole run is\n%s", text)
	}
	broken := claims.Tabulate([]claims.Run{read, write1, failed})
	if text := write(t, broken); !strings.HasPrefix(text, "claims · 1 of 3 specs FAILED: ") ||
		!strings.Contains(text, "\nclaim go-read · holds · 1 spec\n") ||
		!strings.Contains(text, "\nclaim go-write · failed · 1 of 2 specs failed\n") {
		t.Errorf("a run with a failure is\n%s", text)
	}
	filtered := claims.Tabulate([]claims.Run{write1, leftOut, {About: []claims.ID{claims.Datagram}, State: claims.LeftOut}})
	if text := write(t, filtered); !strings.HasPrefix(text, "claims · 1 of 3 specs were chosen: ") ||
		strings.Count(text, "claim go-write · incomplete · 1 of 2 specs ran\n    guide: ") != 1 ||
		strings.Contains(text, "datagram") || strings.Contains(text, "not run") ||
		!strings.HasSuffix(text, "--label-filter='claim: containsAny ID' ./scenarios\n") {
		t.Errorf("a filtered run is\n%s", text)
	}
}
