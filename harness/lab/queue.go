package lab

// A Queue is what the kernel says of a listener's accept queue: connections
// that are established and that nobody has accepted yet.
type Queue struct {
	Length  int // connections in it
	Backlog int // it is full when it holds more than so many
	Dropped int // segments that the listener has dropped, SYNs at a full queue among them
}

// Queue asks the kernel about the accept queue. Linux only;
// errors.ErrUnsupported elsewhere.
func (l *Listener) Queue() (Queue, error) { return acceptQueue(l.tcp) }

// SetBacklog changes the size of the accept queue, which then has room for one
// connection more than backlog (listen(2); include/net/sock.h,
// sk_acceptq_is_full). Linux only; errors.ErrUnsupported elsewhere.
func (l *Listener) SetBacklog(backlog int) error { return listenAgain(l.tcp, backlog) }
