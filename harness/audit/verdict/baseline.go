package verdict

import (
	"fmt"
	"slices"
)

// Tolerate enters into the bad results that they were as bad in an earlier report
// of the client, so that [Report.Bad] has those alone that are new, or worse than
// there. A cell in which nothing was proved then excuses nothing now. The error
// says that the reports are of different protocols.
func (r *Report) Tolerate(earlier *Report) error {
	if r.Protocol != earlier.Protocol {
		return fmt.Errorf("the baseline is of %s, and this audit of %s", earlier.Protocol, r.Protocol)
	}
	for i := range r.Cells {
		is := &r.Cells[i]
		was, ok := earlier.Cell(is.ID)
		if ok && is.Expected == "" && is.Verdict.Bad() && was.Verdict.Bad() && !is.Verdict.beyond(was.Verdict) {
			is.Expected = fmt.Sprintf("%s in the baseline", was.Verdict)
		}
	}
	return nil
}

// beyond says whether v is worse than w, or has left something behind that w has not.
func (v Verdict) beyond(w Verdict) bool {
	return v.Worse(w) || slices.ContainsFunc(v.Hygiene, func(h Hygiene) bool { return h != Clean && !slices.Contains(w.Hygiene, h) })
}
