// Of the kernel's structures only what is read here; where it lies on the
// machine that runs, the loader finds out (CO-RE).
#define KERNEL __attribute__((preserve_access_index))
struct ns_common { __u32 inum; } KERNEL;
struct net { struct ns_common ns; } KERNEL;
typedef struct { struct net *net; } possible_net_t;
struct in6_addr { __u8 bytes[16]; };
typedef struct { __s64 counter; } atomic64_t;
struct sock_common {
	__u16 skc_family, skc_num, skc_dport;
	volatile __u8 skc_state;
	__u32 skc_daddr, skc_rcv_saddr;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	possible_net_t skc_net;
	unsigned long skc_flags;
	atomic64_t skc_cookie;
} KERNEL;
struct kernfs_node { __u64 id; } KERNEL;
struct cgroup;
struct cgroup_subsys_state { struct cgroup *cgroup; struct cgroup_subsys_state *parent; } KERNEL;
struct cgroup { struct cgroup_subsys_state self; struct kernfs_node *kn; } KERNEL;
struct sock_cgroup_data { struct cgroup *cgroup; } KERNEL;
typedef struct { __u32 val; } kuid_t;
struct sock {
	struct sock_common __sk_common;
	int sk_err;
	struct socket *sk_socket;
	__u16 sk_protocol;
	__u8 sk_shutdown;
	unsigned long sk_lingertime;
	__u32 sk_ack_backlog, sk_max_ack_backlog;
	kuid_t sk_uid;
	struct sock_cgroup_data sk_cgrp_data;
} KERNEL;
struct socket { struct sock *sk; } KERNEL;
struct mptcp_sock { struct sock *first; } KERNEL;
struct inet_sock { __u16 inet_sport; } KERNEL;
struct inet_connection_sock { struct inet_sock icsk_inet; } KERNEL;
struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 rcv_nxt, copied_seq, snd_nxt, snd_una, write_seq, srtt_us, total_retrans, lsndtime;
	__u64 bytes_sent, bytes_received;
} KERNEL;
struct net_device { possible_net_t nd_net; } KERNEL;
struct sk_buff {
	struct net_device *dev;
	unsigned char *head;
	__u16 transport_header, network_header;
} KERNEL;
struct signal_struct { int group_exit_code; void *oom_mm; } KERNEL;
struct task_struct {
	unsigned int flags;
	int tgid, exit_code;
	char comm[16];
	struct task_struct *group_leader;
	struct signal_struct *signal;
} KERNEL;
struct pt_regs___x86 { unsigned long orig_ax; __u16 cs; } KERNEL;
struct pt_regs___arm64 { int syscallno; } KERNEL;
enum sock_flags { SOCK_DEAD, SOCK_LINGER = 4 };
struct file;
struct bpf_iter__task_file { void *meta; struct task_struct *task; __u32 fd, pad; struct file *file; };

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262
#define PF_EXITING 0x4
#define PF_KTHREAD 0x00200000

// States of a connection (include/net/tcp_states.h).
enum { ESTABLISHED = 1, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN };
