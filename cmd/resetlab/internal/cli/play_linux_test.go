package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlayOnATerminal types, completes, takes back and saves; what is saved comes
// out again.
func TestPlayOnATerminal(t *testing.T) {
	if onTerminal(t, "try", "client close").status() != 0 {
		t.Skip("scripts cannot be run")
	}
	saved := filepath.Join(t.TempDir(), "saved.try")
	s := onTerminal(t, "play")
	s.await("Type a line")
	type exchange struct{ keys, shown string }
	for _, e := range []exchange{
		{`client wri` + "\t" + `"ab"` + "\r", "→ 2"},
		{"server read 1\r", `→ "a"`},
		{"server close\r", "RST of server"},
		{"client raed 1\r", "do you mean read?"},
		{"undo 2\r", "taken back: server close"},
		{"server shutdown write\r", "FIN"},
		{"client read 1\r", "→ EOF"},
		{"save " + saved + "\r", "written"},
		{"quit\r", "quit"},
	} {
		s.await("> ")
		s.press(e.keys)
		s.await(e.shown)
	}
	if status := s.status(); status != 0 {
		t.Fatalf("exit status %d", status)
	}
	text, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`client write "ab"`, "server shutdown write", "→ EOF"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "close") || strings.Contains(string(text), "raed") {
		t.Errorf("what was taken back, or was wrong, is saved:\n%s", text)
	}
	if status := onTerminal(t, "try", saved).status(); status != 0 {
		t.Errorf("what was saved does not come out again: exit status %d\n%s", status, text)
	}
}
