// What resets.bpf.c hands over. Package kernel reads it, field by field.

enum kind { SENT = 1, RECEIVED, FAILED };
enum role { CLIENT = 1, SERVER };
enum how { UNKNOWN, CONNECT, LISTENER, CLOSED, FOUND, SHARED };
enum {
	LINGER_ZERO = 1, ORPHAN = 2, UNACCEPTED = 4, DYING = 8, KTHREAD = 16, PASSIVE = 32, FULL = 64, ANSWERED = 128,
	OPEN = 256, INSIDE = 512, TAKEN = 1024,
	OOM = 2048,
};

struct process { __u32 tgid; char comm[16]; };

// What is kept of a socket, as long as that lives.
struct owner {
	__u64 key;   // whose this is: owners.h
	__u64 since; // when its handshake was over, by CLOCK_MONOTONIC; 0: not known
	__u32 pass;
	struct process by;
	__u8 how, was, told, role, pad[4];
};

// An event is as short as it can be, for the ring's memory is rarely in a cache:
// an event ends before its second name and its longer addresses where it has none.
struct event {
	__u64 ns, cookie, cgroup, since, sent, received;
	__u32 netns, uid, srtt, retrans;
	__u32 idle;                    // jiffies since data was last sent
	__u32 unread, unacked, unsent; // of a listener: connections to accept, and how many may be
	__u32 hand_tgid, owner_tgid, local4, remote4;
	__u16 reason, hand_exit, slot, family, local_port, remote_port, answered_len, flags, answered_window, answered_id;
	__s16 error, syscall;
	__u8 kind, was, how, shutdown, answered_flags, answered_ttl, role, pad;
	char hand[16];  // of RECEIVED: the owner's name
	char owner[16]; // where it is not at hand
	__u8 local[16], remote[16];
};

struct holder { __u64 cookie; struct process by; __u32 pad; };
