package record_test

import (
	"testing"

	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/tcp"
)

// Calls stream as they return.
func TestCalls(t *testing.T) {
	l := lab.New()
	defer l.Close()
	calls := record.Calls(l, 16)
	few := record.Calls(l, 1)
	listener, err := l.Host("server").Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := l.Host("client").Dial(t.Context(), listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	first, err := calls.Next(t.Context())
	if err != nil || len(first) != 1 || first[0].Call.Op != tcp.Connect || first[0].Host != "client" {
		t.Errorf("got %+v, %v, want the client's connect", first, err)
	}
	client.Close()
	rest, status, err := calls.Close()
	if err != nil || len(rest) != 1 || rest[0].Call.Op != tcp.Close || status.Lost > 0 {
		t.Errorf("got %+v, %+v, %v, want its close and nothing lost", rest, status, err)
	}
	if rest, status, _ := few.Close(); len(rest) != 1 || status.Lost != 1 || len(status.Gaps) != 1 {
		t.Errorf("one that holds one call has %d and %+v, want the other to be lost", len(rest), status)
	}
}
