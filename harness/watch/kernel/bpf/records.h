// What resets.bpf.c hands over. Package kernel reads it, field by field.

enum kind { SENT = 1, RECEIVED, FAILED };
enum role { CLIENT = 1, SERVER };
enum how { UNKNOWN, CONNECT, LISTENER, CLOSED, FOUND, SHARED };
enum {
	LINGER_ZERO = 1, ORPHAN = 2, UNACCEPTED = 4, DYING = 8, KTHREAD = 16, PASSIVE = 32, FULL = 64, ANSWERED = 128,
	OPEN = 256,
};

// What is kept of a socket, as long as that lives.
struct owner {
	__u64 since; // when its handshake was over, by CLOCK_MONOTONIC; 0: not known
	__u32 tgid, pass;
	__u8 how, was, told, role, pad[4];
	char comm[16];
};

struct event {
	__u64 ns, cookie, cgroup, since, jiffies, sent, acked, received;
	__u32 kind, reason, netns, uid, unread, unacked, unsent, srtt, retrans, lsndtime, queue, queue_max;
	__s32 error, syscall;
	__u32 hand_tgid, hand_exit, owner_tgid;
	__u16 family, local_port, remote_port, answered_len, flags, answered_window, answered_id;
	__u8 was, how, shutdown, answered_flags, answered_ttl, role;
	__u8 local[16], remote[16];
	char hand[16], owner[16];
};

struct holder { __u64 cookie; __u32 tgid, pad; char comm[16]; };
