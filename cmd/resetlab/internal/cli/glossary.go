package cli

import (
	_ "embed"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
)

// A headword is what explain knows about one error or one of the kernel's reasons.
type headword struct {
	Names  []string       `yaml:"names"`  // the first is the one shown
	Ending harness.Ending `yaml:"ending"` // what the error is; empty for a reason
	Means  string         `yaml:"means"`
	Next   []string       `yaml:"next"`
}

//go:embed errors.yaml
var errorsText string

// glossary returns the errors and behind them the reasons.
func glossary() ([]headword, error) {
	var terms []headword
	decoder := yaml.NewDecoder(strings.NewReader(errorsText))
	decoder.KnownFields(true)
	if err := decoder.Decode(&terms); err != nil {
		return nil, fmt.Errorf("read the glossary: %w", err)
	}
	for _, reason := range evidence.Reasons() {
		words, _ := evidence.Explain(reason)
		terms = append(terms, headword{Names: []string{reason}, Means: words, Next: []string{
			"See it on a machine of yours: perf trace -e tcp:tcp_send_reset, as root.",
		}})
	}
	return terms, nil
}

// findTerm looks a name up, whatever its case and with _ or - for spaces.
func findTerm(terms []headword, name string) (headword, bool) {
	for _, t := range terms {
		for _, known := range t.Names {
			if plainName(known) == plainName(name) {
				return t, true
			}
		}
	}
	return headword{}, false
}

func plainName(name string) string {
	return strings.NewReplacer("-", " ", "_", " ").Replace(strings.ToLower(strings.TrimSpace(name)))
}

func termNames(terms []headword) []string {
	var names []string
	for _, t := range terms {
		for _, name := range t.Names {
			names = append(names, strings.ReplaceAll(name, " ", "-"))
		}
	}
	return names
}

func (h headword) isReason() bool { return h.Ending == "" }

func (h headword) title() string {
	if h.isReason() {
		return h.Names[0] + " · a reason for which the kernel sends a RST"
	}
	return h.Names[0] + " · " + h.Names[1]
}

// sightings tells where a spec saw it: in which calls, or who sent the RST.
func (h headword) sightings(r suite.Result) []string {
	var seen []string
	if r.State != suite.Passed {
		return nil
	}
	for _, o := range r.Outcomes {
		for _, call := range o.Calls {
			if call.Ending == h.Ending {
				seen = append(seen, fmt.Sprintf("%s at the %s", call.Op, o.Host))
			}
		}
	}
	for _, recording := range r.Recordings {
		for _, reset := range recording.Resets {
			if reset.Reason == h.Names[0] {
				seen = append(seen, "sent by the "+reset.Host)
			}
		}
	}
	return seen
}
