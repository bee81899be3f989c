package agent_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// upstream is the origin as a server of somebody else, which does not say what
// it sends.
func upstream(o *origins.Lines) audit.Origin {
	return audit.Upstream(o.Addr(), func(ctx context.Context, id string) (int, error) {
		account, err := o.Account(ctx, audit.Call{ID: id})
		return account.Executed, err
	})
}

// TestDataOfAnUpstream are compared with those of reads without a fault, if these
// are the same each time but for the id.
func TestDataOfAnUpstream(t *testing.T) {
	for _, c := range []struct {
		program, cell, want string
		known               bool
	}{
		{"short", "P10/fin/once/read", "TRUNCATED-OK", true},
		{"short", "P11/fin/once/read", "UNHARMED", true},
		{"right", "P10/fin/once/read", "RETRIED-READ", true},
		{"dated", "P10/fin/once/read", "UNCHECKED", false},
		{"dated", "P11/fin/once/read", "UNCHECKED", false},
		{"moody", "P10/fin/once/read", "UNCHECKED", true}, // it may be the server's doing
	} {
		t.Run(c.program+"/"+c.cell, func(t *testing.T) {
			o := origin(t)
			s := audit.Subject{Name: c.program, Protocol: protocols.Lines(), Origin: upstream(o)}
			command := agent.Command{Args: program(c.program, fmt.Sprint(t.TempDir(), "/calls"))}
			survey, err := command.Survey(t.Context(), s, audit.Limits{}, point.Read)
			if err != nil {
				t.Fatal(err)
			}
			call := audit.Call{ID: "abcdef-000001", Operation: point.Read}
			if got := survey.Subject.Origin.Reply(call); (got != nil) != c.known {
				t.Errorf("the reply is taken to be %q", got)
			}
			report, err := audit.Run(t.Context(), survey.Subject, audit.Options{Only: []string{c.cell}})
			if err != nil {
				t.Fatal(err)
			}
			if got := report.Cells[0].Verdict; got.String() != c.want {
				t.Errorf("%s: %s, want %s", got, got.Reason, c.want)
			}
		})
	}
}
