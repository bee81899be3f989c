package claims

// All returns every claim, in the order of the documents.
func All() []Claim {
	var all []Claim
	for _, group := range [][]Claim{goPrograms(), resets(), causes(), daemons(), healthChecks()} {
		all = append(all, group...)
	}
	why := unshown()
	for i := range all {
		all[i].Unshown = why[all[i].ID]
	}
	return all
}
