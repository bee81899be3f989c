package jsonerror_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/internal/jsonerror"
)

func TestExplain(t *testing.T) {
	type inner struct{ N int }
	var to struct {
		A    inner
		At   time.Time
		From netip.AddrPort
	}
	var nothing *json.SyntaxError
	if err := json.Unmarshal(nil, &to); !errors.As(err, &nothing) || jsonerror.Explain(err).Error() != "it is empty" {
		t.Errorf("nothing: %v", err)
	}
	for text, want := range map[string]string{
		"":                     "it is empty",
		" ":                    "it is empty",
		"{":                    "it is cut off",
		`{"A":`:                "it is cut off",
		"\x7fELF":              "it is no JSON from byte 1 on",
		`{"A":{"N":1}x`:        "it is no JSON from byte 13 on",
		"[]":                   "it is a JSON array: want an object",
		`"x"`:                  "it is a JSON string: want an object",
		`{"A":{"N":"x"}}`:      "its A.N is a string, which has no place there",
		`{"A":{"N":1.5}}`:      "its A.N is a number 1.5, which has no place there",
		`{"At":"yesterday"}`:   "a time, an address or a name in it is none",
		`{"From":"localhost"}`: "a time, an address or a name in it is none",
		`{"B":1}`:              `it has a field "B", which is not known`,
	} {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&to)
		if err == nil {
			t.Errorf("%q is read", text)
		} else if got := jsonerror.Explain(err).Error(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestExplainKeepsTheSystemsErrors(t *testing.T) {
	directory, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer directory.Close()
	err = json.NewDecoder(directory).Decode(new(int))
	if got := jsonerror.Explain(err); got != err {
		t.Errorf("%v, want %v", got, err)
	}
}

// FuzzExplain: whatever a document is, what is wrong with it is one line, and
// not in the words of Go.
func FuzzExplain(f *testing.F) {
	for _, text := range []string{"", "{", "[]", `{"A":{"N":"x"}}`, `{"At":"yesterday"}`, "\x7fELF", `{"A":{"N":1e99}}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var to struct {
			A    struct{ N int }
			B    map[string][]uint8
			At   time.Time
			From netip.AddrPort
		}
		for _, err := range []error{json.Unmarshal([]byte(text), &to), json.NewDecoder(strings.NewReader(text)).Decode(&to)} {
			if err == nil {
				continue
			}
			said := jsonerror.Explain(err).Error()
			if said == "" || strings.ContainsAny(said, "\n") || strings.Contains(said, "json") || strings.Contains(said, "Go") {
				t.Errorf("%q: %q", text, said)
			}
		}
	})
}
