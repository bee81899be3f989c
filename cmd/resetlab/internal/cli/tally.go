package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
)

// A tally counts over several rounds how connections ended, for each spec and
// each host.
type tally struct {
	specs  []string // in the order of coming up
	counts map[tallied]int
}

type tallied struct{ spec, host, ending string }

func (t *tally) add(result suite.Result) {
	if t.counts == nil {
		t.counts = map[tallied]int{}
	}
	if !slices.Contains(t.specs, result.Spec) {
		t.specs = append(t.specs, result.Spec)
	}
	for _, o := range result.Outcomes {
		t.counts[tallied{result.Spec, o.Host, o.First()}]++
	}
	if result.State != suite.Passed {
		t.counts[tallied{result.Spec, "", string(result.State)}]++
	}
}

// write prints the endings of each spec, the most frequent first.
func (t *tally) write(w io.Writer) {
	for _, spec := range t.specs {
		fmt.Fprintln(w, spec)
		var hosts []string
		for seen := range t.counts {
			if seen.spec == spec && !slices.Contains(hosts, seen.host) {
				hosts = append(hosts, seen.host)
			}
		}
		slices.Sort(hosts)
		for _, host := range hosts {
			fmt.Fprintf(w, "  %-8s %s\n", cmp.Or(host, "spec"), strings.Join(t.endings(spec, host), " · "))
		}
	}
}

func (t *tally) endings(spec, host string) []string {
	var seen []tallied
	for s := range t.counts {
		if s.spec == spec && s.host == host {
			seen = append(seen, s)
		}
	}
	slices.SortFunc(seen, func(a, b tallied) int {
		return cmp.Or(cmp.Compare(t.counts[b], t.counts[a]), cmp.Compare(a.ending, b.ending))
	})
	var endings []string
	for _, s := range seen {
		endings = append(endings, fmt.Sprintf("%s ×%d", s.ending, t.counts[s]))
	}
	return endings
}
