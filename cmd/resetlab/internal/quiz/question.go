package quiz

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Question asks what one end of a spec's connection observes.
type Question struct {
	ID      string   `yaml:"id"`
	Spec    string   `yaml:"spec"`    // the name of the spec that answers it
	Concept string   `yaml:"concept"` // what it is about, for the score
	Setup   string   `yaml:"setup"`   // what is done, without what comes of it
	Drawing string   `yaml:"drawing"`
	Ask     string   `yaml:"ask"`
	At      string   `yaml:"at"`      // the host that is asked about
	Observe Kind     `yaml:"observe"` // what of it
	Choices []Choice `yaml:"choices"`
	Twin    Twin     `yaml:"twin"`
}

// A Choice is one possible answer.
type Choice struct {
	Seen    string `yaml:"seen"`    // the observation that makes it right
	Text    string `yaml:"text"`    // what it is called
	Says    string `yaml:"says"`    // who or what leads to it
	Because string `yaml:"because"` // why it is so where it is right
}

// A Twin is the question that differs in one line.
type Twin struct {
	ID      string `yaml:"id"`
	Differs string `yaml:"differs"` // in which line
}

//go:embed questions.yaml
var bank string

// Bank returns all questions, in the order of asking.
func Bank() ([]Question, error) {
	var questions []Question
	decoder := yaml.NewDecoder(strings.NewReader(bank))
	decoder.KnownFields(true)
	if err := decoder.Decode(&questions); err != nil {
		return nil, fmt.Errorf("read the questions: %w", err)
	}
	for _, q := range questions {
		if err := q.check(questions); err != nil {
			return nil, fmt.Errorf("question %s: %w", q.ID, err)
		}
	}
	return questions, nil
}

// check says what a question lacks.
func (q Question) check(all []Question) error {
	for _, field := range []struct{ name, value string }{
		{"id", q.ID}, {"spec", q.Spec}, {"concept", q.Concept}, {"setup", q.Setup},
		{"drawing", q.Drawing}, {"ask", q.Ask}, {"at", q.At},
	} {
		if field.value == "" {
			return fmt.Errorf("%s is missing", field.name)
		}
	}
	if !slices.Contains(kinds, q.Observe) {
		return fmt.Errorf("observe is %q: allowed are %v", q.Observe, kinds)
	}
	if len(q.Choices) < 2 || len(q.Choices) > 9 {
		return fmt.Errorf("it has %d choices: want 2 to 9", len(q.Choices))
	}
	for i, c := range q.Choices {
		if c.Seen == "" || c.Text == "" || c.Says == "" && c.Because == "" {
			return fmt.Errorf("choice %d: seen or text is missing, or both says and because", i+1)
		}
		if slices.ContainsFunc(q.Choices[:i], func(d Choice) bool { return d.Seen == c.Seen }) {
			return fmt.Errorf("%q is a choice twice", c.Seen)
		}
	}
	if q.Twin.ID != "" && !slices.ContainsFunc(all, func(r Question) bool { return r.ID == q.Twin.ID }) {
		return fmt.Errorf("there is no twin %q", q.Twin.ID)
	}
	return nil
}

// Right returns the index of the choice that says what was seen, -1 if none
// does.
func (q Question) Right(seen string) int {
	return slices.IndexFunc(q.Choices, func(c Choice) bool { return c.Seen == seen })
}
