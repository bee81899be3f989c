package lab_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
)

func TestTheLoopbackLeavesPortsToTheKernel(t *testing.T) {
	l := lab.New()
	defer l.Close()

	c, err := l.Host("client").DialFrom(t.Context(), 4711, "127.0.0.1:9")

	if c != nil || err == nil || !strings.Contains(err.Error(), "port 4711") {
		t.Errorf("got %v, %v, want an error that names the port", c, err)
	}
}
