package cli

import (
	"context"
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
		process(servers.EchoOnBusyProcessorsProcess, "sends back what it reads while every processor is busy"),
		process(servers.ForkAndForgetProcess, "hands each connection to a child that echoes; leaves zombies"),
		process(servers.ForkAndReapProcess, "the same, and reaps its children"),
		process(servers.ForkAndAbortProcess, "the same, but aborts its own end, which the child's keeps alive"),
		process(servers.WithinDescriptorsProcess, "has descriptors for two connections; the third waits"),
		process(servers.RoomInDescriptorsProcess, "has descriptors for two connections; aborts the idle one for a third: RST"),
	}
}

// process is a server in a process of its own.
func process(name, does string) toy {
	return toy{name, does, func(h *lab.Host, _ *log.Logger) (lab.Server, error) {
		return h.Start(context.Background(), name, lab.Limits{})
	}}
}
