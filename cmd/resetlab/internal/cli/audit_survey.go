package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// subject finds out whether the command works at all, and makes a subject of
// it.
func (a *auditing) subject(cmd *cobra.Command) (audit.Subject, error) {
	a.command.Reply = a.server.Reply
	if located, ok := a.server.(interface{ URL(audit.Call) string }); ok {
		a.command.URL = located.URL
	}
	subject := a.plain
	subject.Origin = a.server
	survey, err := a.command.Survey(cmd.Context(), subject, a.options.Limits, a.operations()...)
	if err != nil {
		if cmd.Context().Err() != nil {
			return audit.Subject{}, cmd.Context().Err()
		}
		return audit.Subject{}, badInput(a.advised(cmd, err))
	}
	if a.flags.trace {
		a.options.Tracer = survey.Command.Tracer()
	}
	missing := a.missing(survey)
	if err := a.nameless(survey, missing); err != nil {
		return audit.Subject{}, err
	}
	if len(survey.Varying) > 0 && !a.flags.sweep {
		fmt.Fprintf(cmd.ErrOrStderr(), "resetlab: %s: no two calls without a fault were alike, on one connection:"+
			" where their requests and replies end is not known, and P6, P10 and P11 are left out\n",
			strings.Join(plainWords(survey.Varying), ", "))
	}
	if _, learns := a.plain.Protocol.(point.Learner); len(missing) > 0 && (!learns || len(a.flags.cells)+len(a.flags.only) > 0) {
		fmt.Fprintf(cmd.ErrOrStderr(), "resetlab: left out: %s: this client's conversations do not come by there\n",
			strings.Join(missing, ", "))
	}
	if err := a.sayUnchecked(cmd, survey); err != nil {
		return audit.Subject{}, err
	}
	if a.flags.upstream != "" && a.flags.count == "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "resetlab: without --count nobody knows what the server executed:"+
			" duplicated and lost operations will not be seen")
	}
	return survey.Subject, nil
}

// advised adds to the error of a survey what to do about it.
func (a *auditing) advised(cmd *cobra.Command, err error) error {
	var uncounted *agent.Uncounted
	switch {
	case !errors.As(err, &uncounted):
		return a.unworkable(cmd.Context(), err)
	case len(uncounted.Counted) > 0:
		only := []string{"--operations", strings.Join(plainWords(uncounted.Counted), ",")}
		return fmt.Errorf("%w: have the others counted, too, or leave them out: %s", err,
			again(cmd, a.command.Args, []string{"operations", "cell"}, only...))
	case uncounted.Nameless:
		return fmt.Errorf("%w: %s", err, giveID)
	case a.flags.count != "":
		return fmt.Errorf("%w: does --count find what became of {id}?", err)
	}
	return fmt.Errorf("%w: see '%s' for what it takes for an operation", err, commandLine("audit", a.family.name, "--help"))
}

// sayUnchecked says if nobody will know whether the data of reads are right. It is
// an error if the client returns something else than the user expects.
func (a *auditing) sayUnchecked(cmd *cobra.Command, s *agent.Survey) error {
	if !slices.Contains(a.operations(), point.Read) {
		return nil
	}
	known := s.Subject.Origin.Reply(audit.Call{ID: "x", Operation: point.Read}) != nil
	switch {
	case s.Output == agent.Ignored && a.flags.data != "":
		return badInputf("--expect-data %s: with nothing in its way the client returned something else", a.flags.data)
	case s.Output == agent.Ignored:
		fmt.Fprintln(cmd.ErrOrStderr(), "resetlab: the client's output is not the data that the server sent: whether they are whole is not checked")
	case !known && a.flags.upstream != "":
		fmt.Fprintln(cmd.ErrOrStderr(), "resetlab: two reads without a fault returned different data, or none:"+
			" whether they are whole is not checked; --expect-data FILE says what is right")
	}
	return nil
}

// giveID says how a request gets the id of its call.
const giveID = "put {id} where the command makes its request of it, or have it read RESETLAB_ID"

// nameless says that what was asked for is to strike requests which no fault would
// find.
func (a *auditing) nameless(s *agent.Survey, missing []string) error {
	if len(s.Nameless) == 0 || len(missing) == 0 {
		return nil
	}
	hint := giveID
	if a.flags.upstream != "" && a.family.name != "tcp" && a.family.name != "tls" {
		hint += "; 'resetlab audit tcp' strikes whatever is on a connection"
	}
	return badInputf("%s: the id of the call is in none of the requests that the client sent, so that no fault would strike there: %s",
		strings.Join(plainWords(s.Nameless), ", "), hint)
}

// missing are the places that are left out of what was asked for.
func (a *auditing) missing(s *agent.Survey) []string {
	if a.flags.sweep {
		return nil // which cuts at bytes
	}
	wanted, err := audit.Matrix(a.plain, a.options)
	if err != nil {
		return nil // checked before
	}
	return slices.DeleteFunc(slices.Clone(s.Missing), func(missing string) bool {
		place, _, _ := strings.Cut(missing, " ")
		return !slices.ContainsFunc(wanted, func(c point.Cell) bool { return c.Place == place })
	})
}
