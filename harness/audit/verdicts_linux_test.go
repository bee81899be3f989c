package audit_test

import (
	"context"
	"os/exec"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
)

// leavingAProcess makes a program the client that leaves another one running.
func leavingAProcess(t *testing.T, s *audit.Subject) bool {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skipf("skipping, no bash: %v", err)
	}
	const asks = `exec 3<>/dev/tcp/{host}/{port} && echo "{operation} {id}" >&3 && read -r line <&3 || exit 1
		exec 3<&-
		sleep 1000 >/dev/null 2>&1 &
		printf %s "$line"`
	command := agent.Command{Args: []string{"bash", "-c", asks}}
	s.Open = func(ctx context.Context, to audit.Target) (audit.Client, error) { return command.Open(ctx, to) }
	return true
}
