// Which events are wanted. What is given is constant from before the program is
// loaded, so that the kernel leaves out what is never asked.

#define MOST 16 // of each

volatile const __u32 any_port, any_netns, any_group, any_process, any_kind;
volatile const __u64 ports[1024];       // a bit for each
volatile const __u32 netns[MOST];       // inodes
volatile const __u64 groups[MOST];      // of cgroup v2: inodes; what is below them, too
volatile const __u32 group_netns[MOST]; // their network namespaces, for what has no socket
volatile const __u32 processes[MOST];
volatile const __u32 kinds; // a bit for each

static __always_inline _Bool inside(struct cgroup *group)
{
	for (int depth = 0; depth < 16 && group; depth++) {
		__u64 id = BPF_CORE_READ(group, kn, id);

		for (int i = 0; i < MOST; i++)
			if (groups[i] && groups[i] == id)
				return 1;
		group = BPF_CORE_READ(group, self.parent, cgroup);
	}
	return 0;
}

static __always_inline _Bool listed(volatile const __u32 *list, __u32 number)
{
	for (int i = 0; i < MOST; i++)
		if (list[i] && list[i] == number)
			return 1;
	return 0;
}

static __always_inline _Bool port_wanted(__u16 port) { return ports[port >> 6] >> (port & 63) & 1; }

// acts says whether the process at hand ends its own connection.
static __always_inline _Bool acts(const struct event *e)
{
	return e->kind == SENT && e->hand_tgid && !(e->flags & (PASSIVE | OPEN | KTHREAD));
}

// wanted says whether this end is. Whose it is may be known later only: then it is.
static __always_inline _Bool wanted(const struct event *e)
{
	if (any_kind && !(kinds >> e->kind & 1))
		return 0;
	if (any_netns && !listed(netns, e->netns))
		return 0;
	if (any_group && !(e->flags & INSIDE) && (e->flags & FULL || !listed(group_netns, e->netns)))
		return 0;
	if (!any_process)
		return 1;
	if (acts(e))
		return listed(processes, e->hand_tgid);
	return (e->how != CLOSED && e->how != FOUND) || listed(processes, e->owner_tgid);
}
