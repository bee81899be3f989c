// Functions that fill an event with what the kernel knows.

static __always_inline void at_hand(struct event *e)
{
	struct task_struct *task = bpf_get_current_task_btf();

	e->hand_tgid = task->tgid;
	name(e->hand, task);
	e->flags |= (task->flags & PF_EXITING ? DYING : 0) | (task->flags & PF_KTHREAD ? KTHREAD : 0);
	e->hand_exit = task->flags & PF_EXITING ? BPF_CORE_READ(task, signal, group_exit_code) ?: task->exit_code : 0;
	if (e->flags & DYING && bpf_core_field_exists(task->signal->oom_mm) && BPF_CORE_READ(task, signal, oom_mm))
		e->flags |= OOM;
	e->syscall = -1;
	if (task->flags & PF_KTHREAD || !bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return;
	void *regs = (void *)bpf_task_pt_regs(task);
	struct pt_regs___x86 *x86 = regs;
	struct pt_regs___arm64 *arm64 = regs;
	long call = -1;
	if (bpf_core_field_exists(x86->orig_ax) && x86->cs != 0x23) // a program of 32 bits has other numbers
		call = x86->orig_ax;
	else if (bpf_core_field_exists(arm64->syscallno))
		call = arm64->syscallno;
	if (call >= 0 && call < 1 << 15)
		e->syscall = call;
}

static __always_inline void addresses(struct event *e, const struct sock *sk)
{
	const struct sock_common *c = &sk->__sk_common;

	e->family = c->skc_family;
	e->local_port = c->skc_num;
	e->remote_port = bpf_ntohs(c->skc_dport);
	e->netns = netns_of(sk);
	if (e->family == AF_INET6) {
		bpf_probe_read_kernel(e->local, 16, &c->skc_v6_rcv_saddr);
		bpf_probe_read_kernel(e->remote, 16, &c->skc_v6_daddr);
	} else {
		*(__u32 *)e->local = c->skc_rcv_saddr;
		*(__u32 *)e->remote = c->skc_daddr;
	}
}

static __always_inline void figures(struct event *e, const struct sock *sk)
{
	const struct tcp_sock *tp = (const void *)bpf_skc_to_tcp_sock((void *)sk);
	struct cgroup *group = 0;

	if (!tp) // of a TIME-WAIT or a handshake there is no more than the address
		return;
	e->flags |= FULL;
	if (!e->local_port) // it has been given back
		e->local_port = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
	e->cookie = cookie_of(sk);
	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup) && (group = sk->sk_cgrp_data.cgroup)) {
		struct kernfs_node *kn = group->kn;

		e->cgroup = kn ? kn->id : 0;
	}
	if (any_group && inside(group))
		e->flags |= INSIDE;
	e->uid = sk->sk_uid.val;
	e->shutdown = sk->sk_shutdown;
	unsigned long flags = sk->__sk_common.skc_flags;
	_Bool dead = flags >> bpf_core_enum_value(enum sock_flags, SOCK_DEAD) & 1;
	if (flags >> bpf_core_enum_value(enum sock_flags, SOCK_LINGER) & 1 && !sk->sk_lingertime)
		e->flags |= LINGER_ZERO;
	if (dead)
		e->flags |= ORPHAN;
	else if (!sk->sk_socket)
		e->flags |= UNACCEPTED;
	if (sk->__sk_common.skc_state == LISTEN) {
		e->unread = sk->sk_ack_backlog;
		e->unacked = sk->sk_max_ack_backlog;
		return;
	}
	e->unread = tp->rcv_nxt - tp->copied_seq;
	e->unacked = tp->snd_nxt - tp->snd_una;
	e->unsent = tp->write_seq - tp->snd_nxt;
	e->srtt = tp->srtt_us >> 3;
	e->retrans = tp->total_retrans;
	e->sent = tp->bytes_sent;
	e->idle = e->sent ? (__u32)bpf_jiffies64() - tp->lsndtime : 0;
	e->received = tp->bytes_received;
}

// segment notes the segment that was answered and, where no socket tells it, whose it was.
static __always_inline void segment(struct event *e, const struct sk_buff *skb, _Bool address)
{
	unsigned char *head = skb->head, tcp[20] = {}, ip[40] = {};
	__u32 header;

	bpf_probe_read_kernel(tcp, sizeof tcp, head + skb->transport_header);
	bpf_probe_read_kernel(ip, 20, head + skb->network_header);
	e->flags |= ANSWERED;
	e->answered_flags = tcp[13];
	e->answered_window = tcp[14] << 8 | tcp[15];
	if (ip[0] >> 4 == 4) {
		header = (ip[0] & 15) * 4 + (tcp[12] >> 4) * 4;
		e->answered_len = (ip[2] << 8 | ip[3]) - header;
		e->answered_ttl = ip[8];
		e->answered_id = ip[4] << 8 | ip[5];
	} else {
		bpf_probe_read_kernel(ip, sizeof ip, head + skb->network_header);
		header = skb->transport_header - skb->network_header - 40 + (tcp[12] >> 4) * 4;
		e->answered_len = (ip[4] << 8 | ip[5]) - header;
		e->answered_ttl = ip[7];
	}
	if (!address)
		return;
	if (!e->netns)
		e->netns = BPF_CORE_READ(skb, dev, nd_net.net, ns.inum);
	e->remote_port = tcp[0] << 8 | tcp[1];
	e->local_port = tcp[2] << 8 | tcp[3];
	if (ip[0] >> 4 == 4) {
		e->family = AF_INET;
		__builtin_memcpy(e->remote, ip + 12, 4);
		__builtin_memcpy(e->local, ip + 16, 4);
	} else {
		e->family = AF_INET6;
		__builtin_memcpy(e->remote, ip + 8, 16);
		__builtin_memcpy(e->local, ip + 24, 16);
	}
}
