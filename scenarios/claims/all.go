package claims

// networkLab is what claims about firewalls, devices in the middle and dead
// hosts wait for.
const networkLab = "private networks"

// All returns every claim, in the order of the documents.
func All() []Claim {
	var all []Claim
	for _, group := range [][]Claim{goPrograms(), resets(), causes(), daemons(), healthChecks()} {
		all = append(all, group...)
	}
	return all
}
