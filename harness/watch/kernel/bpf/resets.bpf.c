// What the kernel tells of the ends of TCP connections, by its tracepoints.
// kernel_linux.go loads it and says what the fields mean; `make bpf` compiles it.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel.h"
#include "records.h"

struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4 << 20); } events SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE); // a connection begins with its listener's
	__type(key, int);
	__type(value, struct owner);
} owners SEC(".maps");

volatile const __u32 ring_bytes = 4 << 20;
volatile const __u32 has_reason; // tcp_send_reset tells the reason
volatile const __u32 without_owners;
__u64 seen, lost; // events, and those that found no room in the ring
__u32 pass;       // of the iterator, counted by who reads it

#include "fill.h"

static __always_inline void owned(struct event *e, const struct sock *sk)
{
	struct owner *o = bpf_sk_storage_get(&owners, (void *)sk, 0, 0);

	if (!o)
		return;
	e->since = o->since;
	e->owner_tgid = o->tgid;
	e->how = o->how;
	e->role = o->role;
	__builtin_memcpy(e->owner, o->comm, sizeof e->owner);
	if (e->was == CLOSE && o->was) // its own end came first
		e->was = o->was;
	o->told = 1;
}

static __always_inline struct event *begin(__u32 kind)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);

	__sync_fetch_and_add(&seen, 1);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	__builtin_memset(e, 0, sizeof *e);
	e->kind = kind;
	e->ns = bpf_ktime_get_ns();
	e->jiffies = bpf_jiffies64();
	return e;
}

// submit wakes the reader only where the ring fills up: it looks often by itself.
static __always_inline int submit(struct event *e)
{
	_Bool full = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > ring_bytes / 4;

	bpf_ringbuf_submit(e, full ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
	return 0;
}

static __always_inline void socket(struct event *e, const struct sock *sk)
{
	e->was = sk->__sk_common.skc_state;
	addresses(e, sk);
	figures(e, sk);
	if (e->was != CLOSE)
		e->flags |= OPEN;
	if (e->flags & FULL)
		owned(e, sk);
}

// Up to Linux 6.12 the verifier believes that no argument is NULL, and drops
// what asks for it; so it is asked of a copy that it knows nothing about.
static __always_inline _Bool is_null(void *argument)
{
	__u64 copy = 1;

	bpf_probe_read_kernel(&copy, sizeof copy, argument);
	return !copy;
}

SEC("tp_btf/tcp_send_reset")
int tcp_send_reset(__u64 *ctx)
{
	const struct sock *sk = (void *)ctx[0];
	const struct sk_buff *skb = (void *)ctx[1];
	_Bool unknown = is_null(&ctx[0]), passive = !is_null(&ctx[1]);
	struct event *e = begin(SENT);

	if (!e)
		return 0;
	e->reason = has_reason ? (__u32)ctx[2] : -1;
	at_hand(e);
	if (sk && !unknown)
		socket(e, sk);
	if (skb && passive) {
		e->flags |= PASSIVE;
		segment(e, skb, unknown);
	}
	return submit(e);
}

SEC("tp_btf/tcp_receive_reset")
int tcp_receive_reset(__u64 *ctx)
{
	struct event *e = begin(RECEIVED);

	if (!e)
		return 0;
	e->reason = e->syscall = -1;
	socket(e, (void *)ctx[0]);
	return submit(e);
}

// A RST makes errors, too: they are no events of their own.
SEC("tp_btf/inet_sk_error_report")
int inet_sk_error_report(__u64 *ctx)
{
	const struct sock *sk = (void *)ctx[0];
	int error = sk->sk_err;
	struct owner *o;
	struct event *e;

	if (sk->sk_protocol != IPPROTO_TCP || !error || error == 32 || error == 104)
		return 0;
	o = bpf_sk_storage_get(&owners, (void *)sk, 0, 0);
	if ((o && o->told) || !(e = begin(FAILED)))
		return 0;
	e->reason = -1;
	at_hand(e);
	e->error = error;
	socket(e, sk);
	return submit(e);
}

SEC("tp_btf/inet_sock_set_state")
int inet_sock_set_state(__u64 *ctx)
{
	const struct sock *sk = (void *)ctx[0];
	int from = ctx[1], to = ctx[2];
	_Bool own = to == SYN_SENT || to == LISTEN || to == FIN_WAIT1 || to == LAST_ACK;
	struct task_struct *task = bpf_get_current_task_btf();
	struct owner *o;

	if (without_owners && to != CLOSE)
		return 0;
	if (!own && to != CLOSE && to != ESTABLISHED || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	o = bpf_sk_storage_get(&owners, (void *)sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!o)
		return 0;
	if (to == CLOSE)
		o->was = from;
	else
		o->was = o->told = 0;
	if (to == ESTABLISHED)
		o->since = bpf_ktime_get_ns();
	if (to == SYN_SENT || to == LISTEN)
		o->role = to == SYN_SENT ? CLIENT : SERVER;
	if (!own || task->flags & PF_KTHREAD)
		return 0;
	o->how = to == SYN_SENT ? CONNECT : to == LISTEN ? LISTENER : CLOSED;
	o->tgid = task->tgid;
	BPF_CORE_READ_INTO(&o->comm, task, group_leader, comm);
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
	if (!h.cookie)
		return 0;
	h.tgid = task->tgid;
	BPF_CORE_READ_INTO(&h.comm, task, group_leader, comm);
	bpf_seq_write(meta->seq, &h, sizeof h);
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	o = bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!o || o->how == CONNECT || o->how == CLOSED)
		return 0;
	if (sk->__sk_common.skc_state == LISTEN) {
		o->how = LISTENER;
		o->role = SERVER;
	} else
		o->how = o->pass == pass && o->tgid != h.tgid ? SHARED : FOUND;
	o->pass = pass;
	o->tgid = h.tgid;
	__builtin_memcpy(o->comm, h.comm, sizeof h.comm);
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
