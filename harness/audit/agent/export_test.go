package agent

// ParseAnswer returns the id that a line of a session answers.
func ParseAnswer(line []byte) (id string, err error) {
	a, err := parseAnswer(line)
	return a.ID, err
}
