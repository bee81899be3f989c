package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// control are the characters that a terminal obeys, but for the newline.
var control = regexp.MustCompile(`[\x00-\x09\x0b-\x1f\x7f\x{80}-\x{9f}\x{202a}-\x{202e}\x{2066}-\x{2069}]`)

// attack is text that clears the screen, sets the title, and hides itself.
const attack = "\x1b[2J\x1b]0;title\a\u009b31m\u202ereversed\u2066\r\x7f\b"

// TestForeignTextReachesNoTerminal shows recordings and reports whose every
// string holds control characters, in all forms that are for a terminal or may
// be pasted into one.
func TestForeignTextReachesNoTerminal(t *testing.T) {
	dir := t.TempDir()
	recording := poisoned(t, filepath.Join(recordings, "closing_with_unread_data.json"), dir,
		"level", "sender", "started", "start", "at", "ip", "client", "server", "local", "remote", "src", "dst", "flags", "data", "payload")
	t.Chdir(dir)
	report := poisoned(t, honest(t), dir,
		"version", "id", "place", "fault", "repeat", "operation", "outcome", "outcomes", "hygiene", "started", "before", "after")
	for _, c := range []struct {
		status int
		args   []string
	}{
		{0, []string{"show", recording}}, {0, []string{"show", recording, "--mermaid", "-"}},
		{0, []string{"audit", "show", report}}, {0, []string{"audit", "merge", report}},
		{0, []string{"audit", "show", report, "--markdown", "-"}}, {0, []string{"audit", "show", report, "--junit", "-"}},
		{0, []string{"audit", "diff", report, report}},
		{2, []string{"audit", "diff", report, "honest.json"}}, {2, []string{"audit", "merge", report, "honest.json"}},
	} {
		args := c.args
		status, stdout, stderr := inProcess(t, args)
		if status != c.status {
			t.Errorf("%q: status %d, want %d: %s", args, status, c.status, stderr)
		}
		for _, text := range []string{stdout, stderr} {
			if at := control.FindStringIndex(text); at != nil {
				t.Errorf("%q: %q", args, text[max(0, at[0]-60):min(len(text), at[1]+60)])
			}
		}
	}
}

// honest makes a report of an honest client.
func honest(t *testing.T) string {
	t.Helper()
	stderr, status := commandTo(t, nil, "audit", "lines", "--only", "P7/*/once/*", "--json", "honest.json", "--",
		os.Args[0], asAudited, "{address}", "{operation}", "{id}")
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	return "honest.json"
}

// poisoned copies a JSON document with the attack in every string, but for
// those of these fields, which would not be read then.
func poisoned(t *testing.T, path, dir string, spared ...string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	spare := map[string]bool{}
	for _, field := range spared {
		spare[field] = true
	}
	text, err = json.Marshal(poison(document, spare))
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "poisoned-"+filepath.Base(path))
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

func poison(value any, spare map[string]bool) any {
	switch v := value.(type) {
	case string:
		return attack + v + attack
	case []any:
		for i := range v {
			v[i] = poison(v[i], spare)
		}
	case map[string]any:
		for key := range v {
			if !spare[key] {
				v[key] = poison(v[key], spare)
			}
		}
	}
	return value
}
