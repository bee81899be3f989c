package cli

import (
	"log"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/servers"
)

// systemToys are those that only Linux can run.
func systemToys() []toy {
	return []toy{
		{"defer-accept", "sends back what it reads; a client that says nothing is never accepted (TCP_DEFER_ACCEPT)",
			func(h *lab.Host, _ *log.Logger) (lab.Server, error) { return servers.StartDeferAccept(h, servers.Echo) }},
		{"nio", "one thread and a selector, as Java's NIO: reads, never answers, logs every failed read",
			func(h *lab.Host, l *log.Logger) (lab.Server, error) { return servers.StartNIO(h, l) }},
	}
}
