package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// mostAnnotations is how many of a kind GitHub shows of a step.
const mostAnnotations = 10

// Annotations writes what GitHub Actions shows beside a run of them, as workflow
// commands: an error for each bad cell that was not expected and for each
// expectation that is met no more, the worst first, and a warning for those in
// which nothing was proved. Of more than ten of a kind the last one counts the
// rest. They are shown at a file of the client's, by its path in the repository,
// which may be empty. The error is that of writing to w.
func Annotations(w io.Writer, clientFile string, reports ...*verdict.Report) error {
	var errors, warnings []string
	for _, r := range reports {
		found := r.Bad()
		slices.SortStableFunc(found, func(a, b verdict.Result) int {
			switch {
			case a.Verdict.Worse(b.Verdict):
				return -1
			case b.Verdict.Worse(a.Verdict):
				return 1
			}
			return 0
		})
		for _, c := range found {
			errors = append(errors, annotation("error", clientFile, r.Subject+": "+c.ID, fmt.Sprintf("%s: %s", c.Verdict, c.Verdict.Reason)))
		}
		for _, unmet := range r.Unmet {
			errors = append(errors, annotation("error", clientFile, r.Subject, "expected, and not so any more: "+unmet))
		}
		for _, c := range r.Unproven() {
			warnings = append(warnings, annotation("warning", clientFile, r.Subject+": "+c.ID, fmt.Sprintf("%s: %s", c.Verdict, c.Verdict.Reason)))
		}
	}
	_, err := io.WriteString(w, strings.Join(append(atMost("error", clientFile, errors), atMost("warning", clientFile, warnings)...), ""))
	return err
}

func atMost(kind, clientFile string, all []string) []string {
	if len(all) <= mostAnnotations {
		return all
	}
	rest := len(all) - mostAnnotations + 1
	return append(all[:mostAnnotations-1:mostAnnotations-1], annotation(kind, clientFile, "resetlab audit", fmt.Sprintf("and %d more", rest)))
}

// annotation is a workflow command. What would end one of its parts is escaped
// as GitHub's own toolkit does.
func annotation(kind, clientFile, title, message string) string {
	of := strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C")
	if clientFile != "" {
		clientFile = "file=" + of.Replace(plain(clientFile)) + ","
	}
	return fmt.Sprintf("::%s %stitle=%s::%s\n", kind, clientFile, of.Replace(plain(title)), strings.ReplaceAll(plain(message), "%", "%25"))
}
