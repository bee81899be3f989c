// Package kernel reads what the kernel's tracepoints tell of the ends of TCP
// connections, by an eBPF program:
//
//	tcp_send_reset, tcp_receive_reset ──▶ ring ──▶ Tracer.Read
//	inet_sk_error_report                              a Record each
//	inet_sock_set_state ──▶ whose socket, since when, in which state
//
// It is there on Linux 5.12 and later, with BTF, and takes CAP_BPF and
// CAP_PERFMON. The program needs neither kprobes nor fentry, is compiled at
// development time (make bpf) and embedded. It pins nothing, and ends with the
// Tracer.
package kernel
