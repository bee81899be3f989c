// Whose the sockets are, and what else is kept of them. Most have a place in an
// array, by where they are in memory: that allocates nothing, and the kernel gives
// the memory of a socket that is gone to the next one, so that the place is in a
// cache. Whose place belongs to another socket that is open has it in storage of its
// own, which the kernel frees with the socket.

volatile const __u32 places = 1 << 16; // a power of two
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << 16);
	__type(key, __u32);
	__type(value, struct owner);
} sockets SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct owner);
} more_sockets SEC(".maps");

// Without owners a word is enough: whose it is, whether an event has been told of
// it, whether it has ended, and the state before that. It is asked for while the
// socket ends: in the same call.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << 16);
	__type(key, __u32);
	__type(value, __u64);
} ends SEC(".maps");
#define TOLD 0x100
#define ENDED 0x200
#define WORD(id, low) ((id) << 16 | (low))

// Who listens: a connection begins as its listener's.
struct listener { __u32 netns, port; __u8 address[16]; };
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct listener);
	__type(value, struct process);
} listeners SEC(".maps");

// The key of an owner is which socket it is, and whether that is open: else its
// place may be taken.
#define CLOSED_KEY(id) ((id) << 1)
#define OPEN_KEY(id) ((id) << 1 | 1)

// id_of tells sockets apart that there are at the same time. A later one may have the
// same: what is kept of one that is closed is nothing to one that is open. The
// verifier lets nobody reckon with a pointer, but with how far two are apart.
static __always_inline __u64 id_of(const struct sock *sk) { return (__u64)sk - (__u64)&seen; }

static __always_inline _Bool is_open(const struct sock *sk) { return sk->__sk_common.skc_state != CLOSE; }

// place_at spreads the sockets over the places: they are some kilobytes apart.
static __always_inline __u32 place_at(__u64 id) { return (id * 0x9e3779b97f4a7c15) >> 40 & (places - 1); }

static __always_inline __u64 cookie_of(const struct sock *sk)
{
	return sk->__sk_common.skc_cookie.counter ?: bpf_get_socket_cookie((void *)sk);
}

static __always_inline struct owner *place_of(__u64 id)
{
	__u32 place = place_at(id);

	return bpf_map_lookup_elem(&sockets, &place);
}

// known returns what is kept of a socket, if something is.
static __always_inline struct owner *known(const struct sock *sk)
{
	__u64 id = id_of(sk);
	struct owner *o = place_of(id);

	if (o && (o->key == OPEN_KEY(id) || (o->key == CLOSED_KEY(id) && !is_open(sk))))
		return o;
	return bpf_sk_storage_get(&more_sockets, (void *)sk, 0, 0);
}

static __always_inline __u64 *end_of(__u64 id)
{
	__u32 place = place_at(id);

	return bpf_map_lookup_elem(&ends, &place);
}

// word_of is what a word says of a socket; 0: nothing.
static __always_inline __u64 word_of(const __u64 *end, __u64 id, _Bool open)
{
	__u64 word = *end;

	return word >> 16 == id << 16 >> 16 && !(open && word & ENDED) ? word : 0;
}

// is_told says whether an event has been told of a socket since it was opened.
static __always_inline _Bool is_told(const struct sock *sk)
{
	__u64 id = id_of(sk), *end;
	struct owner *o;

	if (without_owners)
		return (end = end_of(id)) && word_of(end, id, is_open(sk)) & TOLD;
	return (o = known(sk)) && o->told;
}

// told_in notes that an event is, and returns the state in which the socket was: its
// own end came first where it is closed.
static __always_inline __u8 told_in(const struct sock *sk, __u8 state)
{
	__u64 id = id_of(sk), *end = end_of(id), word;

	if (!end)
		return state;
	word = word_of(end, id, state != CLOSE);
	if (state == CLOSE && (__u8)word)
		state = word;
	*end = WORD(id, word & ENDED | TOLD | state);
	return state;
}

// ends_in notes what a socket was when it ends.
static __always_inline void ends_in(const struct sock *sk, __u8 state)
{
	__u64 id = id_of(sk), *end = end_of(id);

	if (end)
		*end = WORD(id, word_of(end, id, 1) & TOLD | ENDED | state);
}

static __always_inline struct owner *cleared(struct owner *o)
{
	o->since = 0;
	o->pass = o->by.tgid = 0;
	o->how = o->was = o->told = o->role = 0;
	return o;
}

// keep returns what is kept of a socket, and begins with that. Of one that is not
// open it is kept until another one takes the place, or the socket itself is opened.
static __always_inline struct owner *keep(const struct sock *sk, _Bool open)
{
	__u64 id = id_of(sk), key = open ? OPEN_KEY(id) : CLOSED_KEY(id), had;
	struct owner *o = place_of(id), *other;

	if (!o)
		return 0;
	had = o->key;
	if (had == OPEN_KEY(id) || had == key)
		return o;
	if (had != CLOSED_KEY(id) && (other = bpf_sk_storage_get(&more_sockets, (void *)sk, 0, 0)))
		return other;
	if (!(had & 1) && __sync_val_compare_and_swap(&o->key, had, key) == had)
		return cleared(o);
	return bpf_sk_storage_get(&more_sockets, (void *)sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
}

// leave lets another socket have the place.
static __always_inline void leave(struct owner *o, const struct sock *sk)
{
	__u64 id = id_of(sk);

	if (o->key == OPEN_KEY(id)) // it is no storage of its own
		o->key = CLOSED_KEY(id);
}

static __always_inline void name(char *to, const struct task_struct *task)
{
	const struct task_struct *leader = task->group_leader;
	__u64 words[2] = {};

	if (leader) {
		words[0] = *(const __u64 *)&leader->comm[0];
		words[1] = *(const __u64 *)&leader->comm[8];
	}
	__builtin_memcpy(to, words, sizeof words);
}

static __always_inline void process(struct process *p, const struct task_struct *task)
{
	p->tgid = task->tgid;
	name(p->comm, task);
}

static __always_inline __u32 netns_of(const struct sock *sk)
{
	const struct net *net = sk->__sk_common.skc_net.net;

	return net ? net->ns.inum : 0;
}

// plain writes an IPv4 address that is mapped into IPv6 as an IPv4 socket has it.
static __always_inline void plain(__u8 *to, const __u8 *from, __u16 family)
{
	const __u64 *words = (void *)from;

	if (family == AF_INET6 && !words[0] && *(__u32 *)(from + 8) == bpf_htonl(0xffff))
		__builtin_memcpy(to, from + 12, 4);
	else
		__builtin_memcpy(to, from, 16);
}

// local_end is where a socket listens, or its listener does.
static __always_inline struct listener local_end(const struct sock *sk)
{
	struct listener at = { netns_of(sk), sk->__sk_common.skc_num };
	__u64 address[2];

	if (sk->__sk_common.skc_family != AF_INET6) {
		*(__u32 *)at.address = sk->__sk_common.skc_rcv_saddr;
		return at;
	}
	bpf_probe_read_kernel(address, sizeof address, &sk->__sk_common.skc_v6_rcv_saddr);
	plain(at.address, (void *)address, AF_INET6);
	return at;
}

// listener_of returns who listens, or did, where a connection came in: at its
// address, or at any.
static __always_inline struct process *listener_of(struct listener *at)
{
	struct process *p = bpf_map_lookup_elem(&listeners, at);

	if (p)
		return p;
	__builtin_memset(at->address, 0, sizeof at->address);
	return bpf_map_lookup_elem(&listeners, at);
}

// listens notes who does.
static __always_inline void listens(const struct sock *sk, const struct process *p)
{
	struct listener at = local_end(sk);

	bpf_map_update_elem(&listeners, &at, p, BPF_ANY);
}

// listens_no_more leaves those alone that listen there, too.
static __always_inline void listens_no_more(const struct sock *sk, const struct owner *o)
{
	struct listener at = local_end(sk);
	struct process *p = bpf_map_lookup_elem(&listeners, &at);

	if (p && p->tgid == o->by.tgid)
		bpf_map_delete_elem(&listeners, &at);
}

// begin_as_listeners lets a connection that came in be its listener's: another one
// may accept it.
static __always_inline void begin_as_listeners(struct owner *o, const struct sock *sk)
{
	struct listener at = local_end(sk);
	struct process *p = listener_of(&at);

	if (p) {
		o->by = *p;
		o->how = LISTENER;
	}
}

// own notes that the socket is that of the process at hand, which has brought it
// to that state itself.
static __always_inline void own(struct owner *o, const struct sock *sk, int state)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (state == SYN_SENT || state == LISTEN)
		o->role = state == SYN_SENT ? CLIENT : SERVER;
	if (state == SYN_SENT)
		o->since = 0;
	if (task->flags & PF_KTHREAD)
		return;
	o->how = state == SYN_SENT ? CONNECT : state == LISTEN ? LISTENER : CLOSED;
	process(&o->by, task);
	if (state == LISTEN)
		listens(sk, &o->by);
}
