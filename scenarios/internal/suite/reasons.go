package suite

import (
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/scenarios/reasons"
)

// ReasonEntry names the report entries that hold a reasons.Sighting.
const ReasonEntry = "reason"

// Sightings collects what the specs that passed attached.
func Sightings(report Report) []reasons.Sighting {
	var all []reasons.Sighting
	for _, spec := range report.SpecReports {
		if spec.State != types.SpecStatePassed {
			continue
		}
		for _, entry := range spec.ReportEntries {
			if entry.Name != ReasonEntry {
				continue
			}
			s, here := entry.GetRawValue().(reasons.Sighting)
			if here || json.Unmarshal([]byte(entry.Value.AsJSON), &s) == nil {
				s.Scenario, _ = SpecOf(spec)
				all = append(all, s)
			}
		}
	}
	return all
}
