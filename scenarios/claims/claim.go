package claims

import "fmt"

// An ID names a claim.
type ID string

// A Claim is a statement of a document.
type Claim struct {
	ID       ID
	Document string   // "elb", "guide" or "jby"
	Says     string   // the statement, in our words
	Seen     []string // what is seen if it is true: one of these observations
	KnownOn  string   // systems other than Linux where it is known to hold; may be empty
	// Real says in a sentence why real programs show something else than the toy
	// programs, by the name of the program: "haproxy".
	Real map[string]string
	// Words says in a sentence by which words a real program tells of what it
	// saw, by its name, where a document's are those of another version.
	Words map[string]string
	// Unshown says in a sentence why no real program shows the claim. Empty: one
	// does.
	Unshown string
}

// An Observation is what a spec saw that bears on a claim.
type Observation struct {
	Claim ID     `json:"claim"`
	Saw   string `json:"saw"`
	// If is the condition, which the document leaves out, under which the spec
	// looked. Empty: under the circumstances that the document states.
	If string `json:"if,omitempty"`
}

// String says what was seen, and under which condition.
func (o Observation) String() string {
	if o.If == "" {
		return fmt.Sprintf("%s: saw %s", o.Claim, o.Saw)
	}
	return fmt.Sprintf("%s: saw %s, if %s", o.Claim, o.Saw, o.If)
}
