package isolation_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/watch"
)

var rewrite = flag.Bool("signatures", false, "add what is watched to the table of signatures, scenarios/WATCH.md")

const signatureTable = project + "/scenarios/WATCH.md"

// signatures are what resets look like to watch: what it says of them, and the
// situations that have them.
type signatures map[string]*signature

type signature struct {
	says       string
	situations map[string]bool // by name, and whether watch names what the situation is about
}

func (s signatures) add(looks, says, spec string, about bool) {
	if s[looks] == nil {
		s[looks] = &signature{situations: map[string]bool{}}
	}
	situation, _, _ := strings.Cut(spec, "/")
	s[looks].says = says
	s[looks].situations[situation] = s[looks].situations[situation] || about
}

// signatureOf is what the cause depends on, in words. Times, addresses and
// numbers of bytes are no part of it.
func signatureOf(d *watch.Diagnosis) string {
	parts := []string{string(d.Kind)}
	note := func(text string, is bool) {
		if is {
			parts = append(parts, text)
		}
	}
	// A timer fires in the time of any process, whatever that is doing.
	timer := d.Orphan || d.Reason == "TCP_KEEPALIVE_TIMEOUT"
	note(string(d.Reason), d.Reason != "")
	note(d.Error, d.Error != "")
	note(string(d.Was), d.Was != "")
	note(string(d.Role()), d.Role() != "")
	if a := d.Answered; a != nil {
		note("answers "+a.Flags, a.Len <= 0)
		note("answers "+a.Flags+" with data", a.Len > 0)
	}
	note("in nobody's time", d.Kind == watch.Sent && !d.Passive && !timer && d.AtHand.PID == 0)
	note("linger 0", d.LingerZero)
	note("orphan", d.Orphan)
	note("not accepted", d.Unaccepted)
	note("unread", d.Unread > 0)
	note("under way", d.Unacked > 0)
	note("unsent", d.Unacked == 0 && d.Unsent > 0)
	note("silent", d.Whole && d.BytesSent+d.BytesReceived+d.Unsent == 0)
	note("queue full", d.Queue > d.QueueMost)
	// A connection that is dissolved from outside is still open, too.
	dissolved := d.Kind == watch.Sent && d.StillOpen && !d.Passive && !timer
	note(d.Call+"()", (d.Acts() || dissolved) && slices.Contains([]string{"connect", "sendmsg", "sendto"}, d.Call))
	note("exits", d.Acts() && d.Dying && d.Signal == "")
	note("dies of "+d.Signal, d.Acts() && d.Dying && d.Signal != "")
	return strings.Join(parts, ", ")
}

// says is the cause, and how many others look the same.
func says(d *watch.Diagnosis) string {
	switch {
	case d.Cause == "":
		return "–"
	case len(d.Or) > 0:
		return d.Cause + " or " + strings.Join(d.Or, ", ")
	}
	return "**" + d.Cause + "**"
}

const signatureHead = `# What resets look like to resetlab watch

Each line is one signature of what the kernel tells of a reset, or of an error without one: what watch says of it, in bold
where nothing else looks the same, and the situations that had it when all scenarios ran under watch. Several situations
have the same signature: what tells them apart the kernel does not know. Made by ` + "`make signatures`" + `, which adds what
is new; each full run under watch is held against it (scenarios/isolation).

| signature | watch says | situations |
|---|---|---|
`

// String is the table in Markdown.
func (s signatures) String() string {
	var b strings.Builder
	b.WriteString(signatureHead)
	for _, looks := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", looks, s[looks].says, strings.Join(slices.Sorted(maps.Keys(s[looks].situations)), ", "))
	}
	return b.String()
}

// readSignatures reads the table.
func readSignatures(t *testing.T) signatures {
	t.Helper()
	text, err := os.ReadFile(signatureTable)
	if err != nil {
		t.Fatal(err)
	}
	s := signatures{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 3 || strings.HasPrefix(line, "| signature") {
			continue
		}
		for situation := range strings.SplitSeq(strings.TrimSpace(cells[2]), ", ") {
			s.add(strings.TrimSpace(cells[0]), cells[1], situation, false)
		}
	}
	return s
}

// check holds the signatures of a run against the table: what it has means the
// same, and what a situation is about looks like something that it has of it. On a
// busy machine there may be others, too.
func (s signatures) check(t *testing.T) {
	t.Helper()
	if *rewrite {
		all := signatures{}
		if _, err := os.Stat(signatureTable); err == nil {
			all = readSignatures(t)
		}
		for looks, seen := range s {
			for situation := range seen.situations {
				all.add(looks, seen.says, situation, false)
			}
		}
		if err := os.WriteFile(signatureTable, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	table := readSignatures(t)
	old, here := map[string]bool{}, map[string]bool{} // situations
	for looks, seen := range s {
		known := table[looks]
		switch {
		case known == nil:
			t.Logf("new: %s: %s: %v", looks, seen.says, slices.Sorted(maps.Keys(seen.situations)))
		case known.says != seen.says:
			t.Errorf("%s: watch says %s, and said %s: make signatures writes the table", looks, seen.says, known.says)
		}
		for situation, about := range seen.situations {
			here[situation] = here[situation] || about
			if known != nil {
				_, had := known.situations[situation]
				old[situation] = old[situation] || had
			}
		}
	}
	listed := map[string]bool{} // others have a RST on a busy machine alone
	for _, known := range table {
		for situation := range known.situations {
			listed[situation] = true
		}
	}
	for situation, about := range here {
		if about && listed[situation] && !old[situation] {
			t.Errorf("%s has none of its signatures any more: make signatures writes the table", situation)
		}
	}
}
