package evidence

import "github.com/resetlab/resetlab/harness/tcp"

// Explain says in words what a reason of the kernel's means: see
// [tcp.Reason.Explain].
func Explain(reason string) (words string, ok bool) { return tcp.Reason(reason).Explain() }

// Reasons returns the names that [Explain] knows: see [tcp.Reasons].
func Reasons() []string {
	var names []string
	for _, reason := range tcp.Reasons() {
		names = append(names, string(reason))
	}
	return names
}
