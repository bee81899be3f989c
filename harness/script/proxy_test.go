package script_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/script"
)

// TestByProxy: the proxy comes between the first who connects and whom it connects
// to; what has no such two, or has a proxy, is told.
func TestByProxy(t *testing.T) {
	for _, test := range []struct{ text, want, problem string }{
		{`client abort`, "proxy between client and listener stock\nclient abort\n", ""},
		{`client connect to nobody; origin listen; a connect to origin; client read 1`,
			"client connect to nobody\norigin listen\nproxy between a and origin stock\na connect to origin\nclient read 1\n", ""},
		{`proxy between client and listener cut toward=client,after=1; client abort`, "",
			"line 1 has a proxy already: proxy between client and listener cut toward=client,after=1"},
		{`client socket; client so_error`, "", "nobody connects to a socket of the script"},
		{`client connect to nobody`, "", "nobody connects to a socket of the script"},
		{`client bind; client connect to client`, "", "nobody connects to a socket of the script"},
		{`proxy between client and listener; client abort`, "", "line 1 has a proxy already: proxy between client and listener"},
	} {
		all, err := script.Parse(test.text)
		if err != nil {
			t.Fatal(err)
		}
		before := all[0].String()
		s, err := all[0].ByProxy(true)
		switch {
		case test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)):
			t.Errorf("%s: got %v, want %q", test.text, err, test.problem)
		case test.problem == "" && (err != nil || s.String() != test.want):
			t.Errorf("%s: %v, got\n%s\nwant\n%s", test.text, err, s, test.want)
		case all[0].String() != before:
			t.Errorf("%s: the script itself is changed:\n%s", test.text, all[0])
		}
		if again, err := script.Parse(s.String()); err != nil || again[0].String() != s.String() {
			t.Errorf("%s: what comes of it cannot be read: %v", test.text, err)
		}
	}
}
