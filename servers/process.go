package servers

import "github.com/resetlab/resetlab/harness/lab"

// The servers that [lab.Host.Start] can run in a process of their own, by the
// name to start them with.
const (
	AnswerOneByteProcess        = "answer-one-byte"         // AnswerOneByte
	EchoOnBusyProcessorsProcess = "echo-on-busy-processors" // EchoOnBusyProcessors

	// WithinDescriptors, for two connections: the first makes no room for more,
	// the second does.
	WithinDescriptorsProcess = "within-descriptors"
	RoomInDescriptorsProcess = "room-in-descriptors"

	// ForkPerConnection: the first closes its own end and forgets the child, the
	// second closes it and reaps the child, the third aborts it and forgets.
	ForkAndForgetProcess = "fork-and-forget"
	ForkAndReapProcess   = "fork-and-reap"
	ForkAndAbortProcess  = "fork-and-abort"
)

func init() {
	lab.BeProcess(map[string]lab.ProcessFunc{
		AnswerOneByteProcess:        lab.HandlerProcess(AnswerOneByte),
		EchoOnBusyProcessorsProcess: EchoOnBusyProcessors,
		WithinDescriptorsProcess:    WithinDescriptors(2, false),
		RoomInDescriptorsProcess:    WithinDescriptors(2, true),
		ForkAndForgetProcess:        ForkPerConnection(Forking{Leave: (*lab.Conn).Close}),
		ForkAndReapProcess:          ForkPerConnection(Forking{Leave: (*lab.Conn).Close, Reap: true}),
		ForkAndAbortProcess:         ForkPerConnection(Forking{Leave: (*lab.Conn).Abort}),
	})
}
