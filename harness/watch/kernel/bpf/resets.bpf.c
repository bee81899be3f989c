// What the kernel tells of the ends of TCP connections, by its tracepoints.
// program_linux.go loads it, record.go says what the fields mean; `make bpf` compiles it.
#include <linux/bpf.h>
#include <stddef.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel.h"
#include "records.h"

volatile const __u32 has_reason; // tcp_send_reset tells the reason
volatile const __u32 without_owners;
__u64 seen, lost; // events that pass the filters, and those that found no room
__u64 clock_ns, clock_jiffies; // of the first event, by CLOCK_MONOTONIC
__u32 pass;       // of the iterator, counted by who reads it

#include "owners.h"
#include "filter.h"
#include "fill.h"
#include "submit.h"

static __always_inline void owner_name(struct event *e, const struct process *p)
{
	if (e->kind == RECEIVED)
		__builtin_memcpy(e->hand, p->comm, sizeof e->hand);
	else if (!acts(e))
		__builtin_memcpy(e->owner, p->comm, sizeof e->owner);
}

// inherited takes whoever listens where the connection came in for its owner: it is
// older than this program, and no process held it then.
static __always_inline void inherited(struct event *e, const struct sock *sk)
{
	struct listener at = local_end(sk);
	struct process *p;

	at.port = e->local_port;
	if (!(p = listener_of(&at)))
		return;
	e->owner_tgid = p->tgid;
	e->how = LISTENER;
	e->role = SERVER;
	owner_name(e, p);
}

static __always_inline void owned(struct event *e, const struct sock *sk)
{
	struct owner *o = keep(sk, is_open(sk));

	if (!o)
		return;
	if (e->was == CLOSE && o->was) // its own end came first
		e->was = o->was;
	o->told = 1;
	e->since = o->since;
	e->role = o->role ?: e->was == SYN_RECV ? SERVER : 0;
	if (o->how) {
		e->owner_tgid = o->by.tgid;
		e->how = o->how;
		owner_name(e, &o->by);
	} else if (e->was != SYN_SENT)
		inherited(e, sk);
}

static __always_inline struct event begin(__u32 kind)
{
	struct event e = { .kind = kind, .ns = bpf_ktime_get_ns() };

	if (!clock_ns) {
		clock_jiffies = bpf_jiffies64();
		clock_ns = e.ns;
	}
	return e;
}

static __always_inline void socket(struct event *e, const struct sock *sk)
{
	e->was = sk->__sk_common.skc_state;
	addresses(e, sk);
	figures(e, sk);
	if (e->was != CLOSE)
		e->flags |= OPEN;
	if (e->flags & FULL && without_owners)
		e->was = told_in(sk, e->was);
	else if (e->flags & FULL)
		owned(e, sk);
}

// Up to Linux 6.12 the verifier believes that no argument is NULL, and drops
// what asks for it; so it is asked of a copy that it knows nothing about.
struct copy { __u64 socket, segment; };

SEC("tp_btf/tcp_send_reset")
int tcp_send_reset(__u64 *ctx)
{
	const struct sock *sk = (void *)ctx[0];
	const struct sk_buff *skb = (void *)ctx[1];
	struct copy copy = { 1, 1 };

	bpf_probe_read_kernel(&copy, sizeof copy, ctx);
	_Bool unknown = !copy.socket, passive = copy.segment;
	struct event e = begin(SENT);

	e.reason = has_reason ? (__u32)ctx[2] : -1;
	e.flags = passive ? PASSIVE : 0;
	at_hand(&e);
	if (sk && !unknown)
		socket(&e, sk);
	if (skb && passive)
		segment(&e, skb, unknown || e.was == LISTEN); // a listener has no other end
	return submit(&e);
}

SEC("tp_btf/tcp_receive_reset")
int tcp_receive_reset(__u64 *ctx)
{
	struct event e = begin(RECEIVED);

	e.reason = e.syscall = -1;
	socket(&e, (void *)ctx[0]);
	return submit(&e);
}

// A RST makes errors, too: they are no events of their own.
SEC("tp_btf/inet_sk_error_report")
int inet_sk_error_report(__u64 *ctx)
{
	const struct sock *sk = (void *)ctx[0];
	int error = sk->sk_err;

	if (sk->sk_protocol != IPPROTO_TCP || !error || error == 32 || error == 104)
		return 0;
	if (is_told(sk))
		return 0;
	struct event e = begin(FAILED);
	e.reason = -1;
	at_hand(&e);
	e.error = error;
	socket(&e, sk);
	return submit(&e);
}

// Changes of state after which the process at hand is the owner for sure.
#define OWN (1 << SYN_SENT | 1 << LISTEN | 1 << FIN_WAIT1 | 1 << LAST_ACK)

SEC("tp_btf/inet_sock_set_state")
int inet_sock_set_state(__u64 *ctx)
{
	const struct sock *sk = (void *)ctx[0];
	int from = ctx[1], to = ctx[2];
	__u32 wanted = (without_owners ? 0 : OWN | 1 << ESTABLISHED) | 1 << CLOSE;
	struct owner *o;

	if (!(wanted >> (to & 31) & 1) || from == CLOSE && to == CLOSE || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (without_owners) {
		ends_in(sk, from);
		return 0;
	}
	if (!(o = keep(sk, 1))) // it is open, or was until now
		return 0;
	if (from == SYN_RECV && !o->role)
		o->role = SERVER;
	if (to == CLOSE) {
		o->was = from;
		leave(o, sk);
		if (from == LISTEN)
			listens_no_more(sk, o);
		return 0;
	}
	o->was = o->told = 0;
	if (to == ESTABLISHED) {
		o->since = bpf_ktime_get_ns();
		if (from == SYN_RECV && !o->how)
			begin_as_listeners(o, sk);
	} else
		own(o, sk, to);
	return 0;
}

// holders says of each TCP socket that a process holds whose it is.
SEC("iter/task_file")
int holders(struct bpf_iter__task_file *ctx)
{
	struct bpf_iter_meta { struct seq_file *seq; } KERNEL *meta = ctx->meta;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *socket;
	struct owner *o;
	struct holder h = {};

	if (!task || !file || !(socket = (void *)bpf_sock_from_file(file)))
		return 0;
	struct sock *sk = socket->sk;
	if (!sk)
		return 0;
	if (sk->sk_protocol == IPPROTO_TCP)
		h.cookie = bpf_get_socket_cookie(sk);
	else if (sk->sk_protocol == IPPROTO_MPTCP && bpf_core_type_exists(struct mptcp_sock))
		h.cookie = BPF_CORE_READ((struct mptcp_sock *)sk, first, __sk_common.skc_cookie.counter); // its first subflow's
	process(&h.by, task);
	if (sk->__sk_common.skc_state == LISTEN && (sk->sk_protocol == IPPROTO_TCP || sk->sk_protocol == IPPROTO_MPTCP))
		listens(sk, &h.by);
	if (!h.cookie)
		return 0;
	bpf_seq_write(meta->seq, &h, sizeof h);
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (!(o = keep(sk, is_open(sk))))
		return 0;
	if (!is_open(sk)) // it may be since a moment ago
		leave(o, sk);
	if (o->how == CONNECT || o->how == CLOSED)
		return 0;
	if (sk->__sk_common.skc_state == LISTEN) {
		o->how = LISTENER;
		o->role = SERVER;
	} else
		o->how = o->pass == pass && o->by.tgid != h.by.tgid ? SHARED : FOUND;
	o->pass = pass;
	o->by = h.by;
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
