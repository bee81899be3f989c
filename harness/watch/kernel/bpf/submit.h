// How an event gets to the reader: past the filters, and not too often.

volatile const __u32 rate; // how many events of a kind there may be in a second; 0: any number
__u64 folded;              // events that were more, and only counted

// A slot is what is counted of a kind of event.
struct slot { __u64 kind, folded; __u32 second, number; };
#define SLOTS 1024
#define STALE 64 // seconds after which another kind may have it
struct slot slots[SLOTS];

static __always_inline __u64 mixed(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

// kind_of is the same of events that mean the same of the same program at the
// same port.
static __always_inline __u64 kind_of(const struct event *e)
{
	_Bool client = e->role == CLIENT || (!e->role && e->was == SYN_SENT);
	_Bool server = e->role == SERVER || (!e->role && (e->flags & PASSIVE || e->was == SYN_RECV || e->was == LISTEN));
	__u64 hash = mixed(0, e->kind | (__u64)e->reason << 32);

	hash = mixed(hash, e->flags | (__u64)e->netns << 32);
	hash = mixed(hash, e->cgroup);
	hash = mixed(hash, e->owner_tgid | (__u64)(e->kind == SENT && !(e->flags & PASSIVE) ? e->hand_tgid : 0) << 32);
	hash = mixed(hash, e->was | e->how << 8 | e->answered_flags << 16 | e->role << 24 | (__u64)e->error << 32);
	hash = mixed(hash, (client ? e->remote_port : server ? e->local_port : 0) | (__u64)e->uid << 32);
	hash = mixed(hash, (__u32)e->syscall | (__u64)e->hand_exit << 32);
	hash = mixed(hash, !e->unread | !e->unacked << 1 | !e->unsent << 2 | !e->sent << 3 | !e->received << 4 |
		!e->answered_len << 5 | (e->was == LISTEN && e->unread > e->unacked) << 6 | (__u64)(e->idle >> 12) << 32);
	return hash ?: 1;
}

// counted says whether the event is one too many of its kind, and is only counted.
static __always_inline _Bool counted(struct event *e)
{
	__u64 kind = kind_of(e);
	__u32 now = e->ns >> 30;

	for (int i = 0; i < 4; i++) {
		__u32 number = (kind + i) % SLOTS;
		struct slot *s = &slots[number];
		__u64 had = s->kind;

		if (had != kind) {
			if (had && now - s->second < STALE || __sync_val_compare_and_swap(&s->kind, had, kind) != had)
				continue;
			s->second = 0;
		}
		e->slot = number + 1;
		if (s->second != now) {
			s->second = now;
			s->number = 0;
		}
		if (__sync_fetch_and_add(&s->number, 1) < rate)
			return 0;
		__sync_fetch_and_add(&s->folded, 1);
		__sync_fetch_and_add(&folded, 1);
		return 1;
	}
	return 0;
}

static __always_inline __u64 size_of(const struct event *e)
{
	if (e->family == AF_INET6)
		return sizeof *e;
	return e->owner[0] ? offsetof(struct event, local) : offsetof(struct event, owner);
}

// Writing to memory that is in no cache is most of what an event costs. So events go
// to a ring that stays in one; and to a larger ring where that is full, until the
// reader has emptied both: what is in the larger one is younger.
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 256 << 10); } events SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 16 << 20); } more_events SEC(".maps");
volatile const __u32 ring_bytes = 256 << 10; // of the first one
volatile const __u32 two_rings = 1;
_Bool spilt;  // whether the second one was ever used
__u64 woken; // when the reader was, by CLOCK_MONOTONIC

// put wakes the reader only where the first ring fills up, and not again for 10
// milliseconds: it looks often by itself, and a wake-up costs as much as ten events.
static __always_inline void put(struct event *e)
{
	__u64 size, wake = BPF_RB_NO_WAKEUP;

	__sync_fetch_and_add(&seen, 1);
	if (rate && counted(e))
		return;
	e->local4 = *(__u32 *)e->local;
	e->remote4 = *(__u32 *)e->remote;
	size = size_of(e);
	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > ring_bytes / 2 && e->ns - woken > 10000000) {
		woken = e->ns;
		wake = BPF_RB_FORCE_WAKEUP;
	}
	if (!(two_rings && spilt && bpf_ringbuf_query(&more_events, BPF_RB_AVAIL_DATA)) && !bpf_ringbuf_output(&events, e, size, wake))
		return;
	spilt = 1;
	if (!two_rings || bpf_ringbuf_output(&more_events, e, size, BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&lost, 1);
}

// Who sent a RST says why; so where one end is wanted, the other one is, too. The
// first one is kept until that is known. It need not be the one that was sent:
// of that the kernel tells when it is on its way already.
struct ends { __u8 from[16], to[16]; __u16 from_port, to_port; };
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct ends);
	__type(value, struct event);
} other_end SEC(".maps");

static __noinline int submit(struct event *e)
{
	struct ends ends = {};
	struct event *other;
	_Bool sent = e->kind == SENT, want;

	if (any_port && !port_wanted(e->local_port) && !port_wanted(e->remote_port))
		return 0;
	want = wanted(e);
	if (e->kind == FAILED || !(any_netns || any_group || any_process || any_kind)) {
		if (want)
			put(e);
		return 0;
	}
	plain(sent ? ends.from : ends.to, e->local, e->family);
	plain(sent ? ends.to : ends.from, e->remote, e->family);
	ends.from_port = sent ? e->local_port : e->remote_port;
	ends.to_port = sent ? e->remote_port : e->local_port;
	other = bpf_map_lookup_elem(&other_end, &ends);
	if (other && other->kind != e->kind && e->ns - other->ns < 100000000) {
		if (want && !(other->flags & TAKEN))
			put(other);
		if (want || other->flags & TAKEN)
			put(e);
		bpf_map_delete_elem(&other_end, &ends);
		return 0;
	}
	if (want) {
		put(e);
		e->flags |= TAKEN;
	}
	bpf_map_update_elem(&other_end, &ends, e, BPF_ANY);
	return 0;
}
