package agent_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
)

// TestAProgramThatWaitsForAProcessor: two shells that are never idle share one, and
// each is the child of a shell that waits for it.
func TestAProgramThatWaitsForAProcessor(t *testing.T) {
	if _, err := exec.LookPath("taskset"); err != nil {
		t.Skip("taskset, which binds programs to a processor, is not there: apt-get install util-linux")
	}
	const loop = "taskset -c $(taskset -pc $$ | sed 's/.*[^0-9]//') sh -c 'while :; do :; done'; true"
	command := agent.Command{Args: []string{"sh", "-c", loop}}
	type scheduled interface{ RunDelay() time.Duration }
	var both []scheduled
	for range 2 {
		client, err := command.Open(t.Context(), audit.Target{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		both = append(both, client.(scheduled))
		go client.Do(t.Context(), audit.Call{Address: "127.0.0.1:1"})
	}
	for _, client := range both {
		for client.RunDelay() < 100*time.Millisecond {
			select { // there is no event for what the scheduler does
			case <-time.After(5 * time.Millisecond):
			case <-t.Context().Done():
				t.Fatal("a program that shares a processor has not waited for it")
			}
		}
	}
}
