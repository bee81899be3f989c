package agent

import (
	"slices"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// learnTurns has a protocol that learns it know what the calls are like, and returns
// the operations of which two calls were not the same. What else is wrong with them
// is found out by whoever performs them next.
func (c Command) learnTurns(
	s *audit.Subject, operations []point.Operation, rehearse func(audit.Subject, point.Operation) (audit.Rehearsal, error),
) (varying []point.Operation) {
	learner, ok := s.Protocol.(point.Learner)
	if !ok || s.Remote != nil {
		return nil
	}
	with := *s
	c.Output = Data
	with.Open = c.Open
	for _, operation := range writesFirst(operations) {
		var both [2][]point.Turn
		for i := range both {
			if r, err := rehearse(with, operation); err == nil && c.wrong(r) == nil {
				both[i] = answeredTurns(r.Turns)
			}
		}
		if len(both[0]) == 0 || !slices.Equal(both[0], both[1]) {
			varying = append(varying, operation)
			continue
		}
		s.Protocol = learner.Learn(operation, both[0])
		learner = s.Protocol.(point.Learner)
	}
	return varying
}

// answeredTurns leaves out a farewell, which may come too late to be seen.
func answeredTurns(list []point.Turn) []point.Turn {
	for len(list) > 0 && list[len(list)-1].ToClient == 0 {
		list = list[:len(list)-1]
	}
	return list
}
