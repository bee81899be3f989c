package causes

import "github.com/resetlab/resetlab/harness/tcp"

// limits are the causes that something is full or used up.
var limits = []Cause{
	{
		Name: "accept-queue-full", Group: "limit", Scenario: "accept-queue-fills-during-the-handshake",
		Reasons: []tcp.Reason{"INVALID_SYN", "TCP_FLAGS"},
		What:    "the server does not accept as fast as clients connect: its accept queue is full",
		Why: "By default the kernel drops handshakes in silence and clients try again or time out; with " +
			"tcp_abort_on_overflow=1, or when a request has expired, they are reset though connect() had " +
			"succeeded.",
		Cure: "See the queue with ss -ltn (Recv-Q against Send-Q) and nstat -az TcpExtListenOverflows. Let the " +
			"server accept faster, or raise its backlog together with net.core.somaxconn.",
	},
	{
		Name: "max-startups", Group: "limit", Scenario: "too-many-startups",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_DATA"},
		What:    "sshd drops connections because too many others have not authenticated yet",
		Why: "Beyond MaxStartups (10:30:100) sshd closes what it has just accepted. The client sees a reset if " +
			"its banner lay unread, otherwise the end of the stream; which one is a matter of time.",
		Cure: "Look in the server's log for \"MaxStartups\" or \"penalty\". Open fewer connections at once " +
			"(ControlMaster), keep scanners out, or raise MaxStartups; from OpenSSH 9.8 see PerSourcePenalties " +
			"as well.",
	},
	{
		Name: "descriptor-limit", Group: "limit", Scenario: "descriptor-limit",
		Reasons: []tcp.Reason{"TCP_STATE"},
		What:    "the server has no descriptor left for another connection",
		Why: "accept() fails with EMFILE while the kernel goes on completing handshakes: clients are connected " +
			"and wait. A server may make room by resetting whoever has been idle for longest.",
		Cure: "Look for \"too many open files\" in its log and count /proc/PID/fd. Mend the leak if it grows for " +
			"ever, else raise the limit (LimitNOFILE, ulimit -n).",
	},
	{
		Name: "process-limit", Group: "process", Scenario: "process-limit",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_CLOSE"},
		What:    "the server cannot start another process for the connection",
		Why: "fork() fails with EAGAIN, often because children that ended were never waited for, and the " +
			"connection is closed unread.",
		Cure: "Count its processes and zombies (ps -o stat,pid,ppid); let it wait for its children, or raise the " +
			"limit (TasksMax, ulimit -u).",
	},
	{
		Name: "busy", Group: "limit", Scenario: "busy-processors",
		What: "the machine is busy, which makes everything late and by itself resets nothing",
		Why: "TCP bears with whoever is late. What resets is something that fills up or runs out meanwhile: a " +
			"queue, a time-out, a limit.",
		Cure: "Do not stop at the load: look which limit it pushed over, the accept queue (nstat " +
			"TcpExtListenOverflows), a client's time-out, or a health check's.",
	},
	{
		Name: "memory", Group: "limit",
		Unshown: "its limits (tcp_max_orphans, tcp_mem) are of the whole machine, whose settings no scenario " +
			"touches",
		Reasons: []tcp.Reason{"TCP_ABORT_ON_MEMORY"},
		What:    "the kernel holds too many closed connections, or too much memory for TCP",
		Why: "Above net.ipv4.tcp_max_orphans or the last value of net.ipv4.tcp_mem the kernel resets what " +
			"programs have closed and peers have not yet taken. It concerns the whole machine.",
		Cure: "See ss -s and dmesg (\"too many orphaned sockets\", \"out of memory -- consider tuning " +
			"tcp_mem\"). Find who leaves so many connections behind before raising the limits.",
	},
}
