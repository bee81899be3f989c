package quiz_test

import (
	"os"
	"testing"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/quiz"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

func TestMain(m *testing.M) {
	suite.Be() // a round re-executes this binary
	os.Exit(m.Run())
}

// TestAnswers runs the spec of every question afresh: exactly one choice says
// what was observed, and that one says why.
func TestAnswers(t *testing.T) {
	questions, err := quiz.Bank()
	if err != nil {
		t.Fatal(err)
	}
	var specs []string
	for _, q := range questions {
		specs = append(specs, q.Spec)
		if spec, ok := catalogue.FindSpec(q.Spec); !ok || !spec.Lasting {
			t.Errorf("%s: there is no spec %s, or its name is made of its text", q.ID, q.Spec)
		}
	}
	results := map[string]suite.Result{}
	err = suite.Run(t.Context(), suite.Order{Specs: specs, Record: true}, func(r suite.Result) {
		results[r.Spec] = r
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		t.Run(q.ID, func(t *testing.T) {
			result, ran := results[q.Spec]
			if !ran {
				t.Fatalf("there is no spec %q", q.Spec)
			}
			if result.State == suite.Skipped {
				t.Skip(result.Why)
			}
			_, seen := q.Observed(result.Recordings)
			if seen == "" && q.Observe == quiz.Reason {
				t.Skip("no reasons are to be had: resetlab doctor says why")
			}
			right := q.Right(seen)
			if right < 0 {
				t.Fatalf("observed %q, which is no choice", seen)
			}
			for i, choice := range q.Choices {
				if i == right && choice.Because == "" {
					t.Errorf("%q is right and does not say why", choice.Text)
				}
				if i != right && choice.Says == "" {
					t.Errorf("%q is not right and does not say who leads to it", choice.Text)
				}
			}
		})
	}
}
