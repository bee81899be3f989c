package cli_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/run"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

var rounds = flag.Int("rounds", 1, "how often each script of a scenario is run")

// scenarioScripts are the scripts of all scenarios, by the spec that each is of.
func scenarioScripts(t *testing.T) map[string]script.Script {
	t.Helper()
	all := map[string]script.Script{}
	for _, s := range catalogue.All() {
		real := strings.HasPrefix(s.File, "scenarios/real/")
		if count(s.Script != "", s.Unscripted != "", real) != 1 {
			t.Errorf("%s: has it a script? %v; is it said why not? %v; is it of real programs? %v",
				s.Name, s.Script != "", s.Unscripted != "", real)
		}
		if s.Script == "" {
			continue
		}
		scripts, err := script.Parse(s.Script)
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		for _, one := range scripts {
			name := s.Name + "/" + one.Name()
			if _, ok := catalogue.FindSpec(name); !ok {
				t.Errorf("a script of %s is called %q, as no spec of it is", s.Name, one.Name())
			}
			if _, twice := all[name]; twice {
				t.Errorf("%s has two scripts", name)
			}
			all[name] = one
		}
	}
	return all
}

func count(all ...bool) (n int) {
	for _, yes := range all {
		if yes {
			n++
		}
	}
	return n
}

// TestScenarioScripts: the script of a spec comes out as it says, as the model
// says, and as the spec does: both ends see the same of the connection, and the
// same RSTs are sent, by the same host and for the same reason.
func TestScenarioScripts(t *testing.T) {
	scripts := scenarioScripts(t)
	specs := map[string]suite.Result{}
	order := suite.Order{Specs: slices.Sorted(maps.Keys(scripts)), Record: true}
	if err := suite.Run(t.Context(), order, func(r suite.Result) { specs[r.Spec] = r }); err != nil {
		t.Fatal(err)
	}
	runner, err := run.New(run.Options{Evidence: true})
	if errors.Is(err, netlab.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := runner.Close(); err != nil {
			t.Error(err)
		}
	}()
	modelled := 0
	for _, name := range order.Specs {
		result, whole := runScript(t, runner, name, scripts[name])
		if whole {
			modelled++
		}
		spec := specs[name]
		if spec.State == suite.Skipped {
			t.Logf("%s: skipped: %s", name, spec.Why)
			continue
		}
		got, want := sightings(result.Recording), sightings(spec.Recordings...)
		for what := range want.ends {
			if !got.ends[what] {
				t.Errorf("%s, %s: in the spec %s, in the script %v", name, spec.State, what, slices.Sorted(maps.Keys(got.ends)))
			}
		}
		if !want.forged && !want.matches(got) {
			t.Errorf("%s, %s: in the spec %v, in the script %v", name, spec.State, want.resets, got.resets)
		}
	}
	t.Logf("%d scripts of %d specs; the model goes to the end of %d", len(scripts), len(specs), modelled)
}

// runScript runs a script, as often as -rounds says: each time it comes out as it
// says, and as the model says, which goes to the end of it or not.
func runScript(t *testing.T, runner *run.Runner, name string, s script.Script) (result run.Result, whole bool) {
	t.Helper()
	outcomes := model.Outcomes(s)
	for range *rounds {
		var err error
		if result, err = runner.Run(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if verdict := result.Answer.Verdict(); verdict != script.Held && verdict != script.Free {
			t.Errorf("%s: %s\n%s", name, verdict, result.Answer.Text())
		}
		if !slices.ContainsFunc(outcomes, func(o script.Answer) bool { return model.Agrees(o, result.Answer) }) {
			t.Errorf("%s: kernel\n%smodel\n%s", name, result.Answer.Text(), outcomes[0].Text())
		}
	}
	return result, outcomes[0].Stopped == ""
}

// A sighting is what can be compared of two recordings of the same situation.
type sighting struct {
	ends   map[string]bool // what an end saw
	resets map[reset]bool
	forged bool // one comes from no socket: the spec's peer is none
}

// A reset is who sent a RST, and why.
type reset struct {
	host   string
	sender evidence.Sender
	reason string
}

func (r reset) String() string { return fmt.Sprintf("RST from %s, %s: %s", r.host, r.sender, r.reason) }

// matches says whether a script has the RSTs of its spec. A spec's ends do not wait
// for each other: what is under way when a program aborts its connection may draw
// one more RST from its kernel, if the machine is busy, as in a script it cannot.
func (s sighting) matches(script sighting) bool {
	want := maps.Clone(s.resets)
	maps.DeleteFunc(want, func(r reset, _ bool) bool {
		aborted := func(other reset) bool { return other.host == r.host && other.sender == evidence.Application }
		return r.sender == evidence.KernelReply && !script.resets[r] &&
			slices.ContainsFunc(slices.Collect(maps.Keys(script.resets)), aborted)
	})
	return maps.Equal(want, script.resets)
}

// sightings says what recordings show. That a program leaves, or has waited for
// long enough, is its own affair.
func sightings(recordings ...*evidence.Recording) sighting {
	s := sighting{ends: map[string]bool{}, resets: map[reset]bool{}}
	for _, r := range recordings {
		for _, host := range []string{"client", "server"} {
			ending := r.Saw(host)
			for _, outcome := range r.Outcomes { // of a script's second client, too
				if role(outcome.Host) == host && (ending == "" || ending == tcp.Open || ending == tcp.Closed) {
					ending = outcome.Ending
				}
			}
			switch ending {
			case "", tcp.Open, tcp.Closed, tcp.GaveUp:
			default:
				s.ends[fmt.Sprintf("%s saw %s", host, ending)] = true
			}
		}
		for _, rst := range r.Resets {
			s.forged = s.forged || rst.Sender == evidence.Between
			// What is left of a closed connection whose FIN was acknowledged is a
			// timewait socket, and is the connection itself until then.
			reason := strings.Replace(rst.Reason, "TCP_TIMEWAIT_SOCKET", "TCP_ABORT_ON_DATA", 1)
			s.resets[reset{role(rst.Host), rst.Sender, reason}] = true
		}
	}
	return s
}

// role is the host of a spec that a name of a script stands for.
func role(name string) string {
	switch name = strings.TrimRight(name, "0123456789"); name {
	case "listener":
		return "server"
	}
	return name
}
